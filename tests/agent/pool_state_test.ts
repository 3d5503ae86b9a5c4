// The rules of docs/policies.md, "Pool", each as a script. An event, and the
// decisions that follow from it:
//
//   ask A1 > connect 1       call 1 asks with key A; connection 1 is opened for it
//   open 1 > assign A1 1     it is open; call 1 gets it
//   use A1 > 1               both; the new connections, by their numbers
//   fail 1 > fail A1         it could not be opened
//   free 1, spoil 1          its call is done; it can, or cannot, be used again
//   keep5 1                  it can, and the server keeps it for 5 s
//   at 100                   the time is 100 ms after the start
//   once B2, fresh B2        asks for a request that may not be sent again; for a
//                            connection that has carried none
//   cancel A1, end 1, tick, closeIdle, close
//
// Of several subjects, each is an event of its own; 1-9 is all from 1 to 9. The time
// is an event without decisions.

import { assertEquals, assertThrows } from "@std/assert";
import {
  type HttpPoolDecision,
  type HttpPoolOptions,
  HttpPoolState,
} from "@pimalaya/io-http/agent";
import { test } from "../_pure.ts";
import { testScripts } from "../_scripts.ts";
import scripts from "../vectors/pool.json" with { type: "json" };

const START = 1e12;

testScripts<HttpPoolOptions>(scripts, {
  subject: "HttpPoolState",
  start(limits) {
    const state = new HttpPoolState(limits);
    let now = START;
    return (event) => {
      const [verb, ...subjects] = event.split(" ") as [string, ...string[]];
      const all = subjects.length === 0 ? [""] : expand(subjects);
      if (verb === "use") {
        return contract(all.map((call) => use(state, now, call)));
      }
      if (verb === "at") {
        now = START + Number(subjects[0]);
        return "";
      }
      return all.flatMap((each) => play(state, now, verb, each)).map(show)
        .join(", ");
    };
  },
});

/** Returns the subjects that `A1-64` stands for. */
function expand(subjects: readonly string[]): string[] {
  return subjects.flatMap((subject) => {
    const [, key, first, last] = /^([A-Z]?)(\d+)-(\d+)$/.exec(subject) ?? [];
    if (last === undefined) return [subject];
    const length = Number(last) - Number(first) + 1;
    return Array.from({ length }, (_, i) => `${key}${Number(first) + i}`);
  });
}

/** Shows more than three numbers as the first and the last of them. */
function contract(numbers: readonly number[]): string {
  const [first, last] = [numbers[0]!, numbers.at(-1)!];
  return numbers.length > 3 && last - first === numbers.length - 1
    ? `${first}-${last}`
    : numbers.join(" ");
}

/** Opens a connection for a call, which gets it. Returns its number. */
function use(state: HttpPoolState, now: number, call: string): number {
  const asked = play(state, now, "ask", call);
  assertEquals(asked.map(({ type }) => type), ["Connect"]);
  const { connection } = asked[0]!;
  const opened = play(state, now, "open", `${connection}`);
  assertEquals(opened.map(show), [`assign ${call} ${connection}`]);
  return connection;
}

/** A call like `A12` has a key, 0 for A, and an ID, which has the key in it. */
function play(
  state: HttpPoolState,
  now: number,
  event: string,
  subject: string,
): HttpPoolDecision[] {
  const key = subject.charCodeAt(0) - 65;
  const ask = key * 1000 + Number(subject.slice(1));
  const id = Number(subject);
  const [verb, seconds] = event.split(/(?<=keep)/) as [string, string?];
  const keepAlive = Number(seconds);
  const events: Record<string, () => HttpPoolDecision[]> = {
    ask: () => state.ask(ask, key, now),
    once: () => state.ask(ask, key, now, { resendable: false }),
    fresh: () => state.ask(ask, key, now, { fresh: true }),
    cancel: () => state.cancel(ask),
    open: () => state.connected(id, now),
    fail: () => state.connectFailed(id),
    free: () => state.free(id, now, { reusable: true }),
    keep: () => state.free(id, now, { reusable: true, keepAlive }),
    spoil: () => state.free(id, now, { reusable: false }),
    end: () => state.end(id),
    tick: () => state.tick(now),
    closeIdle: () => state.closeIdle(),
    close: () => state.close(),
  };
  return events[verb]!();
}

function show(decision: HttpPoolDecision): string {
  const { type, connection } = decision;
  if (type === "Close") return `close ${connection}`;
  if (type === "Connect") return `connect ${connection}`;
  const key = Math.floor(decision.ask / 1000);
  const call = `${String.fromCharCode(65 + key)}${decision.ask % 1000}`;
  return type === "Fail" ? `fail ${call}` : `assign ${call} ${connection}`;
}

test("Pool: HttpPoolState counts connections and waiting calls, in total and per key", () => {
  const state = new HttpPoolState({ maxConnectionsPerOrigin: 2 });
  for (const ask of [1, 2, 3]) state.ask(ask, 7, START);
  state.ask(4, 8, START);
  state.connected(1, START);
  state.connected(3, START);
  state.free(3, START, { reusable: true });
  const counts = { open: 1, idle: 0, busy: 1, connecting: 1, waiting: 1 };
  assertEquals(state.counts(), { ...counts, open: 2, idle: 1 });
  assertEquals(state.counts(7), counts);
  assertEquals(state.counts(9).open, 0);
});

test("Pool: HttpPoolState rejects limits out of range and a call that asks twice", () => {
  for (
    const limits of [
      { maxConnections: 0 },
      { maxConnectionsPerOrigin: 1.5 },
      { maxExchanges: -1 },
      { idleTimeout: -1 },
      { maxAge: NaN },
    ]
  ) assertThrows(() => new HttpPoolState(limits), RangeError);
  const state = new HttpPoolState({ maxConnections: 1 });
  state.ask(1, 1, START);
  assertThrows(() => state.ask(1, 1, START), TypeError, "waits already");
});

test("Pool: HttpPoolState adds nothing to decisions that it has returned", () => {
  const state = new HttpPoolState({ maxConnections: 1 });
  const asked = state.ask(1, 1, START);
  const waits = state.ask(2, 1, START);
  const opened = state.connected(1, START);
  assertEquals([asked.length, waits.length, opened.length], [1, 0, 1]);
});
