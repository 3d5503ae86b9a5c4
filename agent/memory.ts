/**
 * What the calls of one agent share.
 *
 * @module
 */

import type { Authorization, HttpCredentials } from "./credentials.ts";

/** The inside of a memory. */
export interface Memory {
  readonly retryBudget: RetryBudget;
  /** The passwords in URLs that were accepted. */
  readonly userinfo: CredentialStore;
  /** Those that each function found, so that none is used in place of another. */
  readonly credentials: WeakMap<HttpCredentials, CredentialStore>;
}

/**
 * What the calls of one agent share: credentials that were found, and retry
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

/** The store of what a function found. */
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

// A crawler meets any number of origins. Those that are forgotten are asked for
// again.
const MAX_ENTRIES = 1024;

/** Keeps credentials to send them ahead of the next challenge. */
export class CredentialStore {
  readonly #entries = new Map<string, Authorization>();

  get(key: string): Authorization | null {
    return this.#entries.get(key) ?? null;
  }

  put(key: string, authorization: Authorization): void {
    this.#entries.delete(key);
    this.#entries.set(key, authorization);
    if (this.#entries.size > MAX_ENTRIES) {
      this.#entries.delete(this.#entries.keys().next().value!);
    }
  }

  /** Forgets credentials that were refused, unless others have replaced them. */
  drop(key: string, authorization: Authorization): void {
    if (this.#entries.get(key) === authorization) this.#entries.delete(key);
  }
}

const MIN_RETRIES = 10;

// A crawler meets any number of origins. The oldest counts are forgotten first,
// which gives those origins their minimum anew.
const MAX_ORIGINS = 4096;

interface Counts {
  requests: number;
  retries: number;
}

/**
 * Counts requests and retries for each origin: a server that fails under load must
 * not get a multiple of that load.
 */
export class RetryBudget {
  readonly #origins = new Map<string, Counts>();

  /** Notes a request that is no retry. */
  noteRequest(origin: string): void {
    this.#countsOf(origin).requests++;
  }

  /**
   * Takes one retry out of an origin's budget.
   *
   * @param fraction Retries per request; `null` is no limit, and 0 is none.
   * @returns Whether there was one left.
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
      if (this.#origins.size >= MAX_ORIGINS) {
        const [oldest] = this.#origins.keys();
        this.#origins.delete(oldest!);
      }
      counts = { requests: 0, retries: 0 };
      this.#origins.set(origin, counts);
    }
    return counts;
  }
}
