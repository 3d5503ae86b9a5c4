/**
 * State that the calls of one agent share.
 *
 * @module
 */

import { keepNewest } from "../core/newest.ts";
import type { Authorization, HttpCredentials } from "./credentials.ts";

/** The inside of a memory. */
export interface Memory {
  readonly retryBudget: RetryBudget;
  /** The passwords in URLs that were accepted. */
  readonly userinfo: CredentialStore;
  /** The credentials that each function found: no function gets another's. */
  readonly credentials: WeakMap<HttpCredentials, CredentialStore>;
}

/**
 * State that the calls of one agent share: credentials that were found, and retry
 * budgets.
 */
export class HttpCallMemory {
  /** @internal */
  private readonly inside: Memory = {
    retryBudget: new RetryBudget(),
    userinfo: new CredentialStore(),
    credentials: new WeakMap(),
  };
}

/** Opens a memory. */
export function openMemory(memory: HttpCallMemory): Memory {
  return memory["inside"];
}

/** The store of the credentials that a function found. */
export function credentialsFoundBy(
  credentials: HttpCredentials,
  memory: HttpCallMemory,
): CredentialStore {
  const stores = openMemory(memory).credentials;
  let store = stores.get(credentials);
  if (store === undefined) {
    store = new CredentialStore();
    stores.set(credentials, store);
  }
  return store;
}

// A crawler meets any number of origins. Credentials that were forgotten are asked
// for again.
const MAX_ENTRIES = 1024;

/** Keeps credentials, to send them without waiting for the next challenge. */
export class CredentialStore {
  readonly #entries = new Map<string, Authorization>();

  get(key: string): Authorization | null {
    return this.#entries.get(key) ?? null;
  }

  put(key: string, authorization: Authorization): void {
    keepNewest(this.#entries, key, authorization, MAX_ENTRIES);
  }

  /** Forgets credentials that were refused, unless they have been replaced. */
  drop(key: string, authorization: Authorization): void {
    if (this.#entries.get(key) === authorization) this.#entries.delete(key);
  }
}

const MIN_RETRIES = 10;

// A crawler meets any number of origins. The oldest counts are forgotten first,
// which gives those origins their minimum again.
const MAX_ORIGINS = 4096;

interface Counts {
  requests: number;
  retries: number;
}

/**
 * Counts requests and retries for each origin, so that a server that fails under
 * load does not get a multiple of that load.
 */
export class RetryBudget {
  readonly #origins = new Map<string, Counts>();

  /** Counts a request that is not a retry. */
  noteRequest(origin: string): void {
    this.#countsOf(origin).requests++;
  }

  /**
   * Takes one retry out of an origin's budget.
   *
   * @param fraction Retries per request; `null` for any number, and 0 for none.
   * @returns Whether one was left.
   */
  takeRetry(origin: string, fraction: number | null): boolean {
    const counts = this.#countsOf(origin);
    if (fraction !== null) {
      const allowed = fraction === 0
        ? 0
        : Math.max(MIN_RETRIES, counts.requests * fraction);
      if (counts.retries + 1 > allowed) return false;
    }
    counts.retries++;
    return true;
  }

  #countsOf(origin: string): Counts {
    let counts = this.#origins.get(origin);
    if (counts === undefined) {
      counts = { requests: 0, retries: 0 };
      keepNewest(this.#origins, origin, counts, MAX_ORIGINS);
    }
    return counts;
  }
}
