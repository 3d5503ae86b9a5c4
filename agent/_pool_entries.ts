// The records of a pool's state.

import { Link, LinkedList } from "./_linked_list.ts";

/** A call that has no connection yet. */
export class Waiter {
  readonly ask: number;
  readonly key: Key;
  readonly fresh: boolean;
  /** The connection that is being opened for it. */
  opening: Connection | null = null;

  constructor(ask: number, key: Key, fresh: boolean) {
    this.ask = ask;
    this.key = key;
    this.fresh = fresh;
  }
}

/** A connection, open or being opened. */
export class Connection {
  readonly id: number;
  readonly key: Key;
  state: "Opening" | "Busy" | "Idle" = "Opening";
  /** While it is being opened: the call that it is opened for. */
  owner: Link<Waiter> | null;
  openedAt = 0;
  exchanges = 0;
  /** While it is idle: since when, by the clock and in the order of events. */
  idleSince = 0;
  idleOrder = 0;
  expires = 0;
  heapIndex = -1;
  /** Its place among the idle ones of its key, and among all idle ones. */
  readonly inKey: Link<Connection> = new Link<Connection>(this);
  readonly inPool: Link<Connection> = new Link<Connection>(this);

  constructor(id: number, key: Key, owner: Link<Waiter>) {
    this.id = id;
    this.key = key;
    this.owner = owner;
  }
}

/** The connections and waiters of one key. */
export class Key {
  readonly id: number;
  /** Its place among the keys that want a connection. */
  readonly inHungry: Link<Key> = new Link<Key>(this);
  /** Waiters whose connection is being opened, and that can use another one. */
  readonly opening: LinkedList<Waiter> = new LinkedList();
  /** Waiters whose connection is not being opened, all younger. */
  readonly queued: LinkedList<Waiter> = new LinkedList();
  /** Idle connections, the most recent last, by whether the server promised. */
  readonly promised: LinkedList<Connection> = new LinkedList();
  readonly unpromised: LinkedList<Connection> = new LinkedList();
  openingCount = 0;
  busyCount = 0;

  constructor(id: number) {
    this.id = id;
  }

  /** How many connections it has. */
  get size(): number {
    return this.openingCount + this.busyCount + this.idleCount;
  }

  /** How many of them are idle. */
  get idleCount(): number {
    return this.promised.size + this.unpromised.size;
  }
}
