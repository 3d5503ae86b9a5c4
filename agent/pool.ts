// The pool: carries out the decisions of its state with real connections.
//
//   acquire ──> state.ask ── Assign ──> the call has a line
//                   ├─────── Connect ─> opening ── connected ──> Assign, or idle
//                   └─────── (waits)       └────── connectFailed ──> Fail
//   release ──> state.free ─ Assign ──> the next call has the line
//                   ├─────── Close ───> closed
//                   └─────── (idle, until it ends or expires)

import { Connection } from "../client/connection/connection.ts";
import type { StartTimer } from "../client/exchange/upload.ts";
import type { Transport } from "../client/transport/transport.ts";
import { type HttpClock, systemClock } from "./clock.ts";
import { Deadlines } from "./deadlines.ts";
import { type Asker, Group, Line, Opening } from "./line.ts";
import type { HttpPoolOptions } from "./pool_limits.ts";
import {
  type HttpPoolCounts,
  type HttpPoolDecision,
  HttpPoolState,
} from "./pool_state.ts";
import type { Route } from "./route.ts";

const SETTLED = Promise.resolve();

/** The connections and the waiting calls of a pool. */
export interface HttpPoolStats extends HttpPoolCounts {
  /** The same numbers for each origin or proxy with connections or calls. */
  readonly origins: ReadonlyMap<string, HttpPoolCounts>;
}

/**
 * A call without a connection. It is a class, as everything is that stays while calls
 * wait and refers to more: V8 allocates literals among its old objects once most of
 * them have survived. Each then keeps its call through all minor collections, and a
 * call costs twice as much from the first burst on.
 */
export class Waiting {
  readonly kind = "waiting";
  readonly ask: number;
  readonly asker: Asker;
  readonly group: Group;
  /** The connection that is being opened for it. */
  opening: Opening | null = null;
  readonly #pool: Pool;

  constructor(pool: Pool, ask: number, asker: Asker, group: Group) {
    this.#pool = pool;
    this.ask = ask;
    this.asker = asker;
    this.group = group;
  }

  /** Withdraws the call, which is refused with the reason. */
  cancel(reason: unknown): void {
    this.#pool.withdraw(this, reason);
  }
}

/** A pool of connections. */
export class Pool {
  readonly clock: HttpClock;
  readonly deadlines: Deadlines;
  readonly startTimer: StartTimer;
  readonly #state: HttpPoolState;
  readonly #groups = new Map<string, Group>();
  readonly #waiters = new Map<number, Waiting>();
  readonly #openings = new Map<number, Opening>();
  readonly #lines = new Map<number, Line>();
  readonly #closing = new Set<Promise<void>>();
  /** Closes connections that have been idle for too long. */
  readonly #trim = {
    /** The deadline by the wall clock. */
    at: Infinity,
    deadline: Infinity,
    expires: Infinity,
    heapIndex: -1,
    expire: () => this.#tick(),
  };
  #lastId = 0;

  /** @throws {RangeError} If a limit is out of range. */
  constructor(options: HttpPoolOptions | undefined, clock: HttpClock) {
    this.#state = new HttpPoolState(options);
    this.clock = clock;
    this.deadlines = new Deadlines(clock, clock === systemClock);
    this.startTimer = (milliseconds, callback) =>
      clock.startTimer(milliseconds, callback, { keepsAlive: true });
  }

  /** Takes an idle connection if there is one; otherwise the call waits. */
  acquire(asker: Asker): Line | Waiting {
    const group = this.#findGroup(asker.route);
    group.waiting++;
    while (true) {
      const ask = ++this.#lastId;
      const decisions = this.#state.ask(
        ask,
        group.id,
        this.clock.now(),
        asker,
      );
      const last = decisions.at(-1);
      if (last?.type !== "Assign" || last.ask !== ask) {
        return this.#wait(ask, group, asker, decisions);
      }
      for (const decision of decisions) {
        if (decision.type === "Close") this.#close(decision.connection);
      }
      const line = this.#lines.get(last.connection)!;
      if (line.connection.isReusable) {
        line.user = asker;
        group.waiting--;
        return line;
      }
      // It ended in the last turn of the event loop.
      this.#drop(line);
    }
  }

  /**
   * Takes back a connection.
   *
   * @param keepAlive The seconds for which the server keeps it, or `null` if it did
   * not say.
   */
  release(line: Line, keepAlive: number | null): void {
    if (!this.#lines.has(line.id)) return;
    const { group, connection } = line;
    line.user = null;
    if (group.waiting > 0) group.freedAt = this.deadlines.now();
    const options = { reusable: connection.isReusable, keepAlive };
    this.#follow(this.#state.free(line.id, this.clock.now(), options));
    this.#watchIdle();
  }

  /** Forgets a connection that its user keeps. */
  detach(line: Line): void {
    if (!this.#forget(line)) return;
    this.#follow(this.#state.end(line.id));
  }

  /** Counts the connections and the waiting calls. */
  stats(): HttpPoolStats {
    const origins = new Map<string, HttpPoolCounts>();
    for (const { id, route } of this.#groups.values()) {
      const counts = this.#state.counts(id);
      const others = origins.get(route.origin);
      origins.set(route.origin, others ? add(others, counts) : counts);
    }
    return { ...this.#state.counts(), origins };
  }

  /** Closes the idle connections. */
  closeIdle(): void {
    this.#follow(this.#state.closeIdle());
  }

  /** Closes idle connections now, and others as soon as their calls are done. */
  shutDown(): void {
    this.#follow(this.#state.close());
  }

  /** Ends the remaining connections, and waits until they are closed. */
  async finish(reason: unknown): Promise<void> {
    this.shutDown();
    for (const opening of this.#openings.values()) opening.abort(reason);
    for (const line of this.#lines.values()) this.#drop(line);
    this.deadlines.stop();
    while (this.#closing.size > 0) await Promise.all(this.#closing);
  }

  #wait(
    ask: number,
    group: Group,
    asker: Asker,
    decisions: readonly HttpPoolDecision[],
  ): Waiting {
    const waiting = new Waiting(this, ask, asker, group);
    this.#waiters.set(ask, waiting);
    this.#follow(decisions);
    return waiting;
  }

  /** Refuses a call with a reason if it still waits. */
  withdraw({ ask }: Waiting, reason: unknown): void {
    if (!this.#waiters.has(ask)) return;
    this.#refuse(ask, reason);
    this.#follow(this.#state.cancel(ask));
  }

  #follow(decisions: readonly HttpPoolDecision[], error?: unknown): void {
    for (const decision of decisions) {
      switch (decision.type) {
        case "Assign":
          this.#assign(decision.ask, decision.connection);
          break;
        case "Connect":
          this.#open(decision.ask, decision.connection);
          break;
        case "Fail":
          this.#refuse(decision.ask, error);
          break;
        case "Close":
          this.#close(decision.connection);
      }
    }
  }

  #assign(ask: number, connection: number): void {
    const { asker, opening } = this.#removeWaiter(ask);
    const line = this.#lines.get(connection)!;
    if (opening !== null) opening.asker = null;
    line.user = asker;
    // The other decisions come first.
    SETTLED.then(() => asker.onLine(line));
  }

  #refuse(ask: number, reason: unknown): void {
    const { asker } = this.#removeWaiter(ask);
    SETTLED.then(() => asker.onRefused(reason));
  }

  #open(ask: number, connection: number): void {
    const waiter = this.#waiters.get(ask)!;
    const { asker, group } = waiter;
    const opening = new Opening(group, asker, this.deadlines);
    waiter.opening = opening;
    this.#openings.set(connection, opening);
    group.openings++;
    opening.open().then((opened) => {
      const { transport } = opened;
      if (!this.#endOpening(connection, group)) return transport.abort(null);
      opening.asker?.onOpened(opened);
      this.#join(connection, group, transport);
    }, (error) => {
      if (!this.#endOpening(connection, group)) return;
      this.#follow(this.#state.connectFailed(connection), error);
      this.#dropIfEmpty(group);
    });
  }

  /** Returns whether the pool still wanted it. */
  #endOpening(connection: number, group: Group): boolean {
    const isWanted = this.#openings.delete(connection);
    if (isWanted) group.openings--;
    return isWanted;
  }

  #join(id: number, group: Group, transport: Transport): void {
    const connection = new Connection(transport, "idle");
    const line = new Line(id, group, connection);
    this.#lines.set(id, line);
    group.lines.add(line);
    connection.ended.then(() => {
      if (line.user === null && this.#lines.has(id)) this.#drop(line);
    });
    this.#follow(this.#state.connected(id, this.clock.now()));
    this.#watchIdle();
  }

  /** Removes a connection that has ended. */
  #drop(line: Line): void {
    this.#follow(this.#state.end(line.id));
  }

  /** Closes a connection that the state has forgotten, or stops opening it. */
  #close(connection: number): void {
    const opening = this.#openings.get(connection);
    const line = this.#lines.get(connection);
    if (opening !== undefined) {
      this.#endOpening(connection, opening.group);
      opening.abort(new DOMException("Nobody needs it", "AbortError"));
      this.#dropIfEmpty(opening.group);
    }
    if (line === undefined || !this.#forget(line)) return;
    const closing = line.connection.close().catch(() => {}).finally(() =>
      this.#closing.delete(closing)
    );
    this.#closing.add(closing);
  }

  #forget(line: Line): boolean {
    if (!this.#lines.delete(line.id)) return false;
    line.group.lines.delete(line);
    this.#dropIfEmpty(line.group);
    return true;
  }

  #removeWaiter(ask: number): Waiting {
    const waiter = this.#waiters.get(ask)!;
    this.#waiters.delete(ask);
    waiter.group.waiting--;
    this.#dropIfEmpty(waiter.group);
    return waiter;
  }

  #findGroup(route: Route): Group {
    let group = this.#groups.get(route.key);
    if (group === undefined) {
      group = new Group(++this.#lastId, route);
      this.#groups.set(route.key, group);
    }
    return group;
  }

  #dropIfEmpty({ route, lines, waiting, openings }: Group): void {
    if (lines.size === 0 && waiting === 0 && openings === 0) {
      this.#groups.delete(route.key);
    }
  }

  /** Sets the timer to when the next connection has been idle for too long. */
  #watchIdle(): void {
    const { nextTick } = this.#state;
    if (nextTick === null || nextTick >= this.#trim.at) return;
    this.#trim.at = nextTick;
    this.#trim.deadline = this.deadlines.now() +
      Math.max(0, nextTick - this.clock.now());
    this.deadlines.watch(this.#trim);
  }

  #tick(): void {
    this.#trim.at = Infinity;
    this.#follow(this.#state.tick(this.clock.now()));
    this.#watchIdle();
  }
}

function add(a: HttpPoolCounts, b: HttpPoolCounts): HttpPoolCounts {
  return {
    open: a.open + b.open,
    idle: a.idle + b.idle,
    busy: a.busy + b.busy,
    connecting: a.connecting + b.connecting,
    waiting: a.waiting + b.waiting,
  };
}
