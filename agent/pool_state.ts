/**
 * The state of a pool of connections: which call gets which connection, which
 * connects, which waits, and which connections to close.
 *
 * It knows only numbers: the IDs of calls that ask, of keys (calls with the same key
 * can share a connection), and of connections, and the time.
 *
 * ```text
 *             ┌─ Assign ──────────────> busy ── free ──> idle ── ask ──> busy
 *   ask ──────┼─ Connect ─ connected ──> busy            │ └── tick ──> Close
 *             └─ (waits: no decision)                    └── end
 * ```
 *
 * Three rules keep it free of leaks and starvation:
 *
 * - A connection that is being opened has an owner, the call that it is opened
 *   for. If the owner gets a freed connection instead, the opening one loses its
 *   owner, and later joins the pool. If the owner is canceled, it is closed.
 * - In each key, the calls whose connection is being opened have waited longer than
 *   those without one, because connections are opened in the order of asking.
 * - If a key wants a connection that only the total limit forbids, there is no
 *   idle connection at all: the oldest one would have made room.
 *
 * @module
 */

import { IdleConnections, isExpired } from "./_idle_connections.ts";
import { Link, LinkedList } from "./_linked_list.ts";
import { Connection, Key, Waiter } from "./_pool_entries.ts";
import {
  type HttpPoolLimits,
  type HttpPoolOptions,
  resolvePoolLimits,
} from "./pool_limits.ts";

/** The requirements of a call. */
export interface HttpPoolAskOptions {
  /**
   * Whether the request may be sent again if the connection turns out to be dead.
   * Otherwise, the call does not get a connection that was idle for more than 4 s
   * without the server's promise to keep it.
   *
   * @default {true}
   */
  resendable?: boolean | undefined;
  /**
   * Whether the call needs a connection that has carried no exchange.
   *
   * @default {false}
   */
  fresh?: boolean | undefined;
}

/** The state in which a call left its connection. */
export interface HttpPoolFreeOptions {
  /** Whether it can carry another exchange. */
  reusable: boolean;
  /**
   * The number of seconds in the response's `Keep-Alive: timeout`.
   *
   * @default {null}
   */
  keepAlive?: number | null | undefined;
}

/** A decision: something to do with a connection or a call. */
export type HttpPoolDecision =
  /** Give the connection to the call. */
  | {
    readonly type: "Assign";
    readonly ask: number;
    readonly connection: number;
  }
  /** Open the connection, for the call. Report `connected` or `connectFailed`. */
  | {
    readonly type: "Connect";
    readonly ask: number;
    readonly connection: number;
    readonly key: number;
  }
  /** Reject the call: its connection could not be opened. */
  | { readonly type: "Fail"; readonly ask: number; readonly connection: number }
  /** Close the connection, or stop opening it. The pool has forgotten it. */
  | { readonly type: "Close"; readonly connection: number };

/** The numbers of connections and waiting calls. */
export interface HttpPoolCounts {
  /** Open connections: idle and busy. */
  readonly open: number;
  /** Open connections that carry no exchange. */
  readonly idle: number;
  /** Open connections that carry an exchange. */
  readonly busy: number;
  /** Connections that are being opened. */
  readonly connecting: number;
  /** Calls that wait until there is room to open a connection or one is freed. */
  readonly waiting: number;
}

// A server counts from when it sent its response, so it may close earlier by the time
// that the response took to arrive.
const KEEP_ALIVE_MARGIN = 1000;

// A key without connections and calls.
const NO_KEY = new Key(0);

/**
 * Decides about the connections of a pool, without holding any.
 *
 * Report each event by its method, then carry out the decisions it returns, in
 * their order. An empty list means that there is nothing to do: after `ask`, that
 * the call waits.
 *
 * @example A freed connection goes to the call that waits for it
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpPoolState } from "@pimalaya/io-http/agent";
 *
 * const key = 1, now = 0;
 * const state = new HttpPoolState({ maxConnectionsPerOrigin: 1 });
 *
 * assertEquals(state.ask(7, key, now), [
 *   { type: "Connect", ask: 7, connection: 1, key },
 * ]);
 * assertEquals(state.connected(1, now), [
 *   { type: "Assign", ask: 7, connection: 1 },
 * ]);
 * assertEquals(state.ask(8, key, now), []);
 * assertEquals(state.free(1, now, { reusable: true }), [
 *   { type: "Assign", ask: 8, connection: 1 },
 * ]);
 * ```
 */
export class HttpPoolState {
  readonly #limits: HttpPoolLimits;
  readonly #keys = new Map<number, Key>();
  readonly #waiters = new Map<number, Link<Waiter>>();
  readonly #connections = new Map<number, Connection>();
  readonly #idle = new IdleConnections();
  /** Keys that only the total limit keeps from opening a connection. */
  readonly #hungryWithNone = new LinkedList<Key>();
  readonly #hungryWithSome = new LinkedList<Key>();
  #isClosed = false;
  #lastId = 0;
  /** The results of the current event. */
  #decisions: HttpPoolDecision[] = [];
  /** Keys that may have neither connections nor waiters anymore. */
  readonly #emptied: Key[] = [];

  /**
   * Creates the state of an empty pool.
   *
   * @param options The limits.
   * @throws {RangeError} If a limit is out of range.
   */
  constructor(options: HttpPoolOptions = {}) {
    this.#limits = resolvePoolLimits(options);
  }

  /**
   * When to call {@linkcode HttpPoolState.tick | tick} next, or `null` if nothing
   * is idle or ever expires.
   */
  get nextTick(): number | null {
    const { nextExpiry } = this.#idle;
    return nextExpiry === Infinity ? null : nextExpiry;
  }

  /**
   * Asks for a connection.
   *
   * @param ask The ID of the call, which no other waiting call has.
   * @param key The ID of the key.
   * @param now The time in milliseconds.
   * @param options The requirements of the call.
   * @returns An `Assign` or `Connect` of the call, or neither if it waits.
   * @throws {TypeError} If a call with that ID waits already.
   */
  ask(
    ask: number,
    key: number,
    now: number,
    options?: HttpPoolAskOptions,
  ): HttpPoolDecision[] {
    if (this.#waiters.has(ask)) {
      throw new TypeError(`Cannot ask: the call ${ask} waits already`);
    }
    const target = this.#findKey(key);
    const fresh = options?.fresh ?? false;
    const connection = fresh
      ? null
      : this.#takeIdle(target, now, options?.resendable ?? true);
    if (connection !== null) {
      this.#assign(connection, ask);
    } else {
      const link = new Link(new Waiter(ask, target, fresh));
      this.#waiters.set(ask, link);
      target.queued.push(link);
      this.#settle(target);
    }
    return this.#finish();
  }

  /**
   * Withdraws a call that has no connection yet. The connection that is being
   * opened for it is closed.
   *
   * @param ask The ID of the call; one that does not wait is ignored.
   * @returns The decisions.
   */
  cancel(ask: number): HttpPoolDecision[] {
    const link = this.#waiters.get(ask);
    if (link === undefined) return [];
    const { key, opening } = link.value;
    this.#forgetWaiter(link);
    if (opening !== null) {
      opening.owner = null;
      this.#close(opening);
    }
    this.#settle(key);
    return this.#finish();
  }

  /**
   * Reports that a connection is open.
   *
   * @param connection Its ID.
   * @param now The time in milliseconds.
   * @returns The decisions: a `Close` if the pool has forgotten it.
   */
  connected(connection: number, now: number): HttpPoolDecision[] {
    const opened = this.#connections.get(connection);
    if (opened === undefined) return [{ type: "Close", connection }];
    if (opened.state !== "Opening") return [];
    const { owner } = opened;
    opened.openedAt = now;
    opened.owner = null;
    if (owner === null) {
      this.#offer(opened, now, null);
    } else {
      owner.value.opening = null;
      this.#forgetWaiter(owner);
      this.#assign(opened, owner.value.ask);
    }
    return this.#finish();
  }

  /**
   * Reports that a connection could not be opened.
   *
   * @param connection Its ID; one that the pool has forgotten is ignored.
   * @returns The decisions: a `Fail` of the call that it was opened for, if any.
   */
  connectFailed(connection: number): HttpPoolDecision[] {
    const failed = this.#connections.get(connection);
    if (failed === undefined || failed.state !== "Opening") return [];
    const { owner, key } = failed;
    if (owner !== null) {
      this.#forgetWaiter(owner);
      this.#decisions.push({ type: "Fail", ask: owner.value.ask, connection });
    }
    this.#forget(failed);
    this.#settle(key);
    return this.#finish();
  }

  /**
   * Reports that a call is done with its connection.
   *
   * @param connection Its ID; one that the pool has forgotten is ignored.
   * @param now The time in milliseconds.
   * @param options The state of the connection.
   * @returns The decisions.
   */
  free(
    connection: number,
    now: number,
    options: HttpPoolFreeOptions,
  ): HttpPoolDecision[] {
    const freed = this.#connections.get(connection);
    if (freed === undefined || freed.state !== "Busy") return [];
    const seconds = options.keepAlive ?? null;
    const age = now - freed.openedAt;
    freed.exchanges++;
    if (
      options.reusable && (seconds === null || seconds > 1) && age >= 0 &&
      age < this.#limits.maxAge && freed.exchanges < this.#limits.maxExchanges
    ) {
      this.#offer(freed, now, seconds);
    } else {
      this.#close(freed);
      this.#settle(freed.key);
    }
    return this.#finish();
  }

  /**
   * Reports that a connection ended by itself.
   *
   * @param connection Its ID; one that the pool has forgotten is ignored.
   * @returns The decisions: a `Close` of the connection too.
   */
  end(connection: number): HttpPoolDecision[] {
    const ended = this.#connections.get(connection);
    if (ended === undefined) return [];
    if (ended.state === "Opening") return this.connectFailed(connection);
    this.#close(ended);
    this.#settle(ended.key);
    return this.#finish();
  }

  /**
   * Closes the connections that were idle for too long.
   *
   * @param now The time in milliseconds. If it is earlier than when a connection
   * became idle, the clock went backward, and the connection counts as expired.
   * @returns The decisions.
   */
  tick(now: number): HttpPoolDecision[] {
    while (true) {
      const expired = this.#idle.findExpired(now);
      if (expired === null) return this.#finish();
      this.#close(expired);
    }
  }

  /**
   * Closes all idle connections.
   *
   * @returns The decisions.
   */
  closeIdle(): HttpPoolDecision[] {
    while (this.#idle.oldest !== null) this.#close(this.#idle.oldest);
    return this.#finish();
  }

  /**
   * Closes the pool: no connection becomes idle anymore. Waiting calls are still
   * served.
   *
   * @returns The decisions.
   */
  close(): HttpPoolDecision[] {
    this.#isClosed = true;
    for (const connection of this.#connections.values()) {
      const isWanted = connection.state === "Busy" || connection.owner !== null;
      if (!isWanted) this.#close(connection);
    }
    for (const key of this.#keys.values()) this.#settle(key);
    return this.#finish();
  }

  /**
   * Counts the connections and the waiting calls.
   *
   * @param key The ID of a key, for those of the key alone.
   * @returns The counts.
   */
  counts(key?: number): HttpPoolCounts {
    let [idle, busy, connecting, waiting] = [0, 0, 0, 0];
    const keys = key === undefined
      ? this.#keys.values()
      : [this.#keys.get(key) ?? NO_KEY];
    for (const each of keys) {
      idle += each.idleCount;
      busy += each.busyCount;
      connecting += each.openingCount;
      waiting += each.queued.size;
    }
    return { open: idle + busy, idle, busy, connecting, waiting };
  }

  /** Takes the most recent idle connection that fits, closing expired ones. */
  #takeIdle(key: Key, now: number, resendable: boolean): Connection | null {
    while (true) {
      const recent = this.#idle.findRecent(key, now, resendable);
      if (recent === null || !isExpired(recent, now)) return recent;
      this.#close(recent);
    }
  }

  /** Gives an unused connection to the call that has waited longest for it. */
  #offer(
    connection: Connection,
    now: number,
    seconds: number | null,
  ): void {
    const { key } = connection;
    const waiter = key.opening.first ?? key.queued.first;
    const isUnfit = waiter !== null && waiter.value.fresh &&
      connection.exchanges > 0;
    const isUnwanted = waiter === null && this.#isClosed;
    if (isUnfit || isUnwanted || this.#hungryWithNone.size > 0) {
      this.#close(connection);
    } else if (waiter !== null) {
      const { ask, opening } = waiter.value;
      if (opening !== null) opening.owner = null;
      this.#forgetWaiter(waiter);
      this.#assign(connection, ask);
    } else {
      this.#rest(connection, now, seconds);
    }
    this.#settle(key);
  }

  /** Makes a connection idle. */
  #rest(connection: Connection, now: number, seconds: number | null): void {
    const isPromised = seconds !== null;
    const timeout = isPromised
      ? Math.min(seconds * 1000 - KEEP_ALIVE_MARGIN, this.#limits.maxKeepAlive)
      : this.#limits.idleTimeout;
    const oldest = connection.openedAt + this.#limits.maxAge;
    const expires = Math.min(now + timeout, oldest);
    this.#enter(connection, "Idle");
    this.#idle.add(connection, { now, expires, isPromised });
  }

  #assign(connection: Connection, ask: number): void {
    this.#enter(connection, "Busy");
    this.#decisions.push({ type: "Assign", ask, connection: connection.id });
  }

  #close(connection: Connection): void {
    this.#forget(connection);
    this.#decisions.push({ type: "Close", connection: connection.id });
  }

  #forget(connection: Connection): void {
    this.#enter(connection, null);
    this.#connections.delete(connection.id);
    this.#emptied.push(connection.key);
  }

  /** Moves a connection to another state, or removes it. */
  #enter(connection: Connection, state: "Busy" | "Idle" | null): void {
    const { key } = connection;
    if (connection.state === "Opening") key.openingCount--;
    else if (connection.state === "Busy") key.busyCount--;
    else this.#idle.remove(connection);
    if (state === "Busy") key.busyCount++;
    if (state !== null) connection.state = state;
  }

  #forgetWaiter(link: Link<Waiter>): void {
    link.remove();
    this.#waiters.delete(link.value.ask);
  }

  /** Opens connections, after the waiters or the size of a key have changed. */
  #settle(key: Key): void {
    while (
      key.queued.size > 0 && key.size >= this.#limits.maxConnectionsPerOrigin
    ) {
      // The remaining idle connections cannot serve these waiters, so they make room.
      const idle = key.unpromised.first ?? key.promised.first;
      if (idle === null) break;
      this.#close(idle.value);
    }
    this.#placeHungry(key);
    while (true) {
      const hungry = this.#hungryWithNone.first ?? this.#hungryWithSome.first;
      if (hungry === null) break;
      if (this.#connections.size >= this.#limits.maxConnections) {
        const { oldest } = this.#idle;
        if (oldest === null) break;
        this.#close(oldest);
      }
      hungry.remove();
      this.#open(hungry.value);
      this.#placeHungry(hungry.value);
    }
    this.#emptied.push(key);
  }

  /** Puts a key where it belongs among those that want a connection. */
  #placeHungry(key: Key): void {
    const size = key.size;
    const list =
      key.queued.size === 0 || size >= this.#limits.maxConnectionsPerOrigin
        ? null
        : size === 0
        ? this.#hungryWithNone
        : this.#hungryWithSome;
    if (key.inHungry.list === list) return;
    key.inHungry.remove();
    list?.push(key.inHungry);
  }

  /** Opens a connection for the first in the queue of a key. */
  #open(key: Key): void {
    const link = key.queued.first!;
    const { ask, fresh } = link.value;
    const connection = new Connection(++this.#lastId, key, link);
    link.remove();
    if (!fresh) key.opening.push(link);
    link.value.opening = connection;
    key.openingCount++;
    this.#connections.set(connection.id, connection);
    this.#decisions.push({
      type: "Connect",
      ask,
      connection: connection.id,
      key: key.id,
    });
  }

  #findKey(id: number): Key {
    let key = this.#keys.get(id);
    if (key === undefined) {
      key = new Key(id);
      this.#keys.set(id, key);
    }
    return key;
  }

  /** Ends an event: forgets unused keys, and returns the decisions. */
  #finish(): HttpPoolDecision[] {
    for (let key = this.#emptied.pop(); key; key = this.#emptied.pop()) {
      if (key.size === 0 && key.queued.size === 0) this.#keys.delete(key.id);
    }
    const decisions = this.#decisions;
    // Not this one, which later events add to.
    if (decisions.length === 0) return [];
    this.#decisions = [];
    return decisions;
  }
}
