// The idle connections of a pool. Any of them can be removed, since a connection may
// end by itself.

import { ExpiryHeap } from "./_expiry_heap.ts";
import { LinkedList } from "./_linked_list.ts";
import type { Connection, Key } from "./_pool_entries.ts";

// How long an idle connection is trusted if the server did not promise to keep it.
const MAX_UNPROMISED_IDLE = 4000;

/** How a connection becomes idle. */
export interface IdleStart {
  readonly now: number;
  readonly expires: number;
  /** Whether the server promised to keep it. */
  readonly isPromised: boolean;
}

/** The idle connections of all keys. */
export class IdleConnections {
  /** The oldest first. */
  readonly #all = new LinkedList<Connection>();
  readonly #expiries = new ExpiryHeap<Connection>();
  #order = 0;

  /** The one that has been idle for longest. */
  get oldest(): Connection | null {
    return this.#all.first?.value ?? null;
  }

  /** When the next one expires; `Infinity` if none ever does. */
  get nextExpiry(): number {
    return this.#expiries.first?.expires ?? Infinity;
  }

  /** Adds a connection. */
  add(connection: Connection, { now, expires, isPromised }: IdleStart): void {
    const { promised, unpromised } = connection.key;
    connection.idleSince = now;
    connection.idleOrder = this.#order++;
    connection.expires = expires;
    (isPromised ? promised : unpromised).push(connection.inKey);
    // Those from later times were added before the clock went backward.
    let before = this.#all.last;
    while (before !== null && before.value.idleSince > now) {
      before = before.previous;
    }
    this.#all.insert(connection.inPool, before);
    this.#expiries.add(connection);
  }

  /** Removes a connection. */
  remove(connection: Connection): void {
    connection.inKey.remove();
    connection.inPool.remove();
    this.#expiries.remove(connection);
  }

  /** Finds one that has expired, also because the clock went backward. */
  findExpired(now: number): Connection | null {
    const first = this.#expiries.first;
    if (first !== undefined && first.expires <= now) return first;
    const last = this.#all.last?.value;
    return last !== undefined && last.idleSince > now ? last : null;
  }

  /**
   * Finds the most recent one of a key, which may have expired.
   *
   * @param isTrusting Whether it may be one that was idle for long without a promise.
   */
  findRecent(key: Key, now: number, isTrusting: boolean): Connection | null {
    const promised = key.promised.last?.value ?? null;
    const unpromised = key.unpromised.last?.value ?? null;
    if (unpromised === null) return promised;
    const isDoubtful = !isTrusting && now < unpromised.expires &&
      now - unpromised.idleSince > MAX_UNPROMISED_IDLE;
    if (isDoubtful) return promised;
    return promised === null || unpromised.idleOrder > promised.idleOrder
      ? unpromised
      : promised;
  }
}

/** Returns whether an idle connection has expired. */
export function isExpired(
  { idleSince, expires }: Connection,
  now: number,
): boolean {
  return now < idleSince || now >= expires;
}
