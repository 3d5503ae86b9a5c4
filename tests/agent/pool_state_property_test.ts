// docs/policies.md, "Pool": random schedules of events, checked against a model
// without any data structure that it could get wrong: it looks through everything,
// each time.

import { assert, assertEquals } from "@std/assert";
import { type HttpPoolDecision, HttpPoolState } from "@pimalaya/io-http/agent";
import { fc } from "../_fast_check.ts";
import { property } from "../properties/_property.ts";

const LIMITS = { maxConnections: 4, maxConnectionsPerOrigin: 2 } as const;
const KEYS = [0, 1, 2, 3, 4];
const KEEP_ALIVES = [null, null, null, 1, 3, 5000];
const PAUSES = [1, 10, 3000, 4001, 61_000, 700_000, -5];

interface Ask {
  readonly key: number;
  readonly fresh: boolean;
  readonly resendable: boolean;
  opening: number | null;
}

interface Conn {
  readonly key: number;
  state: "opening" | "busy" | "idle";
  used: boolean;
  since: number;
  keepAlive: number | null;
}

/** The owner of the connections, as far as the decisions tell it. */
class Model {
  readonly state = new HttpPoolState(LIMITS);
  readonly waiting = new Map<number, Ask>(); // the oldest first
  readonly conns = new Map<number, Conn>(); // the most recently freed last
  readonly stopped: number[] = []; // closed before they were open
  /** How often a connection was given up and the key, which has none, got none. */
  readonly #passedOver = KEYS.map(() => 0);
  now = 1e12;
  asked = 0;
  ended = 0;

  ask(key: number, options: { resendable: boolean; fresh: boolean }): void {
    const id = this.asked++;
    const usable = [...this.conns].filter(([, conn]) =>
      conn.key === key && this.#mayUse(conn, options)
    );
    this.waiting.set(id, { key, ...options, opening: null });
    const decisions = this.state.ask(id, key, this.now, options);
    const assigned = decisions.find(({ type }) => type === "Assign");
    assertEquals(assigned?.connection, usable.at(-1)?.[0]);
    this.#follow(decisions);
  }

  cancel(id: number): void {
    const { opening } = this.waiting.get(id)!;
    this.waiting.delete(id);
    this.ended++;
    this.#follow(this.state.cancel(id), opening);
    if (opening !== null) assert(!this.conns.has(opening));
  }

  connected(id: number): void {
    const owner = this.#ownerOf(id);
    this.#loosen(id);
    const decisions = this.state.connected(id, this.now);
    if (owner === undefined) return this.#follow(decisions, id, true);
    assertEquals(decisions, [{ type: "Assign", ask: owner, connection: id }]);
    this.#follow(decisions);
  }

  connectFailed(id: number): void {
    const owner = this.#ownerOf(id);
    const { ended } = this;
    this.conns.delete(id);
    this.#follow(this.state.connectFailed(id), id);
    assertEquals(this.ended - ended, owner === undefined ? 0 : 1);
    assert(owner === undefined || !this.waiting.has(owner));
  }

  free(id: number, reusable: boolean, keepAlive: number | null): void {
    const conn = this.conns.get(id)!;
    conn.used = true;
    conn.keepAlive = keepAlive;
    this.#loosen(id);
    const options = { reusable, keepAlive };
    this.#follow(this.state.free(id, this.now, options), id, true);
    if (!reusable || keepAlive === 1) assert(!this.conns.has(id));
  }

  end(id: number): void {
    if (this.conns.get(id)!.state === "opening") return this.connectFailed(id);
    this.#follow(this.state.end(id), id);
    assert(!this.conns.has(id));
  }

  tick(): void {
    this.#follow(this.state.tick(this.now));
    for (const conn of this.conns.values()) assert(!this.#isExpired(conn));
    const { nextTick } = this.state;
    if (nextTick !== null) assert(nextTick > this.now);
    assertEquals(nextTick === null, this.#idleCount() === 0);
  }

  closeIdle(): void {
    this.#follow(this.state.closeIdle());
    assertEquals(this.#idleCount(), 0);
  }

  /** Lets everything come to its end, in a bounded number of events. */
  drain(): void {
    for (let left = 20 * this.asked; this.waiting.size > 0; left--) {
      assert(left > 0, "A call waits forever");
      const [id, { state }] = [...this.conns].find(([, { state }]) =>
        state !== "idle"
      )!;
      if (state === "opening") this.connected(id);
      else this.free(id, true, null);
    }
    this.#follow(this.state.close());
    for (const [id, { state }] of this.conns) {
      assertEquals(state, "busy");
      this.free(id, true, null);
    }
    for (const connection of this.stopped) {
      const late = this.state.connected(connection, this.now);
      assertEquals(late, [{ type: "Close", connection }]);
    }
    assertEquals(this.conns.size, 0);
    assertEquals(this.ended, this.asked);
  }

  /** Marks a connection as unused, until a decision says otherwise. */
  #loosen(id: number): void {
    const conn = this.conns.get(id)!;
    conn.state = "idle";
    conn.since = this.now;
    this.conns.delete(id);
    this.conns.set(id, conn);
  }

  /**
   * Carries out the decisions about one event.
   *
   * @param released The connection that has been given up.
   * @param offered Whether it can carry another exchange.
   */
  #follow(
    decisions: readonly HttpPoolDecision[],
    released: number | null = null,
    offered = false,
  ): void {
    const before = this.#starved();
    for (const decision of decisions) {
      if (decision.type === "Close") this.#close(decision.connection);
      else if (decision.type === "Connect") this.#connect(decision);
      else {
        const isOffer = offered && decision.connection === released;
        if (decision.type === "Assign") this.#assign(decision, isOffer);
        assert(this.waiting.delete(decision.ask), "The call does not wait");
        this.ended++;
      }
    }
    const after = this.#starved();
    for (const key of KEYS) {
      const isPassedOver = before.includes(key) && after.includes(key);
      if (!isPassedOver) this.#passedOver[key] = 0;
      else if (released !== null) this.#passedOver[key]!++;
      assert(this.#passedOver[key]! < KEYS.length, "A key starves");
    }
    assert(
      released === null || before.length === 0 ||
        before.some((key) => !after.includes(key)),
      "No key without a connection gets the one that is given up",
    );
    this.#check();
  }

  #close(id: number): void {
    const conn = this.conns.get(id);
    assert(conn !== undefined, "Closed twice");
    if (conn.state === "opening") this.stopped.push(id);
    this.conns.delete(id);
  }

  #connect(decision: HttpPoolDecision & { type: "Connect" }): void {
    const { ask: id, connection, key } = decision;
    const first = this.#firstOf(key, ({ opening }) => opening === null);
    assertEquals(first, id, "A younger call connects first");
    assert(!this.conns.has(connection));
    this.waiting.get(id)!.opening = connection;
    const conn = { key, used: false, since: 0, keepAlive: null };
    this.conns.set(connection, { ...conn, state: "opening" });
  }

  #assign(decision: HttpPoolDecision & { type: "Assign" }, isOffer: boolean) {
    const ask = this.waiting.get(decision.ask);
    const conn = this.conns.get(decision.connection);
    assert(ask !== undefined && conn !== undefined);
    assert(conn.state !== "opening" && conn.key === ask.key);
    assert(!(conn.used && ask.fresh), "A used connection for a fresh call");
    if (isOffer) {
      const first = this.#firstOf(
        ask.key,
        (other) => !other.fresh || (!conn.used && other.opening === null),
      );
      assertEquals(first, decision.ask, "A younger call is served first");
    }
    conn.state = "busy";
  }

  #firstOf(key: number, isFit: (ask: Ask) => boolean): number | undefined {
    return [...this.waiting].find(([, ask]) => ask.key === key && isFit(ask))
      ?.[0];
  }

  #ownerOf(id: number): number | undefined {
    return [...this.waiting].find(([, { opening }]) => opening === id)?.[0];
  }

  #isExpired({ state, since, keepAlive }: Conn): boolean {
    if (state !== "idle") return false;
    const timeout = keepAlive === null ? 60_000 : keepAlive * 1000 - 1000;
    return this.now < since || this.now >= since + Math.min(timeout, 600_000);
  }

  #mayUse(conn: Conn, ask: { resendable: boolean; fresh: boolean }): boolean {
    return conn.state === "idle" && !ask.fresh && !this.#isExpired(conn) &&
      (ask.resendable || conn.keepAlive !== null ||
        this.now - conn.since <= 4000);
  }

  #starved(): number[] {
    return KEYS.filter((key) =>
      this.#firstOf(key, () => true) !== undefined &&
      ![...this.conns.values()].some((conn) => conn.key === key)
    );
  }

  #idleCount(): number {
    return [...this.conns.values()].filter((c) => c.state === "idle").length;
  }

  #check(): void {
    const isFull = this.conns.size === LIMITS.maxConnections &&
      this.#idleCount() === 0;
    assert(this.conns.size <= LIMITS.maxConnections, "Above the total limit");
    assertEquals(
      this.state.counts().open + this.state.counts().connecting,
      this.conns.size,
    );
    for (const key of KEYS) this.#checkKey(key, isFull);
  }

  #checkKey(key: number, isFull: boolean): void {
    const counts = { open: 0, idle: 0, busy: 0, connecting: 0, waiting: 0 };
    for (const conn of this.conns.values()) {
      if (conn.key !== key) continue;
      counts[conn.state === "opening" ? "connecting" : conn.state]++;
      if (conn.state !== "opening") counts.open++;
    }
    for (const ask of this.waiting.values()) {
      if (ask.key === key && ask.opening === null) counts.waiting++;
    }
    const actual = this.state.counts(key);
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) {
      assert(actual[name] === counts[name], `${name} is wrong`);
    }
    const size = counts.open + counts.connecting;
    const { maxConnectionsPerOrigin } = LIMITS;
    assert(size <= maxConnectionsPerOrigin, "Above the limit of a key");
    assert(
      counts.waiting === 0 || isFull ||
        (size === maxConnectionsPerOrigin && counts.idle === 0),
      "A call waits although there is room",
    );
  }
}

/** Plays one event, chosen by two bytes; some kinds are more frequent. */
function play(model: Model, event: number, choice: number): void {
  const pick = <Item>(items: readonly Item[]) => items[choice % items.length];
  const pickConn = (state: Conn["state"]) =>
    pick([...model.conns].filter(([, conn]) => conn.state === state))?.[0];
  const opening = pickConn("opening");
  const busy = pickConn("busy");
  const waiting = pick([...model.waiting.keys()]);
  const any = pick([...model.conns.keys()]);
  const kind = event % 16;
  if (kind < 5) {
    const options = { resendable: choice < 128, fresh: choice % 11 === 0 };
    model.ask(pick(KEYS)!, options);
  } else if (kind < 8 && opening !== undefined) model.connected(opening);
  else if (kind === 8 && opening !== undefined) model.connectFailed(opening);
  else if (kind < 12 && busy !== undefined) {
    model.free(busy, choice % 7 !== 0, pick(KEEP_ALIVES)!);
  } else if (kind === 12 && waiting !== undefined) model.cancel(waiting);
  else if (kind === 13 && any !== undefined) model.end(any);
  else if (kind === 14) {
    model.now += pick(PAUSES)!;
    if (choice < 200) model.tick();
  } else if (kind === 15 && choice < 32) model.closeIdle();
}

property(
  "Pool: HttpPoolState keeps its limits, loses no ID, and starves nobody in 100,000 schedules",
  100_000,
  fc.uint8Array({ minLength: 8, maxLength: 64 }),
  (bytes) => {
    const model = new Model();
    for (let i = 0; i + 1 < bytes.length; i += 2) {
      play(model, bytes[i]!, bytes[i + 1]!);
    }
    model.drain();
  },
);
