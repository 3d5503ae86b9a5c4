/**
 * What the calls of one agent share.
 *
 * @module
 */

import { CredentialStore } from "./credential_store.ts";
import type { HttpCredentials } from "./credentials.ts";
import { RetryBudget } from "./retry_budget.ts";

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
