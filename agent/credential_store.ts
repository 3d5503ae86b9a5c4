// The credentials that were found, by origin or proxy.

import type { Authorization } from "./credentials.ts";

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
