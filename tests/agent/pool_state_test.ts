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
// Of several subjects, each is an event of its own; 1-9 is all from 1 to 9.

import { assertEquals, assertThrows } from "@std/assert";
import {
  type HttpPoolDecision,
  type HttpPoolOptions,
  HttpPoolState,
} from "@pimalaya/io-http/agent";
import { test } from "../_pure.ts";
import { optionsOf, parseScripts } from "../_scripts.ts";

const START = 1e12;

const WORDS: Record<string, HttpPoolOptions> = {
  "1 per key": { maxConnectionsPerOrigin: 1 },
  "2 per key": { maxConnectionsPerOrigin: 2 },
  "1 in total": { maxConnections: 1 },
  "2 in total": { maxConnections: 2 },
  "idleTimeout 2000": { idleTimeout: 2000 },
  "maxAge 1000": { maxAge: 1000 },
  "maxExchanges 2": { maxExchanges: 2 },
};

const SCRIPTS = `
opens at most 64 connections per key and 256 in total by default
  use A1-64 > 1-64; ask A65 >; cancel A65 >
  use B1-64 > 65-128; use C1-64 > 129-192; use D1-64 > 193-256; ask E1 >
keeps as many idle connections as there may be
  use A1-64 > 1-64; use B1-64 > 65-128; use C1-64 > 129-192
  use D1-64 > 193-256; free 1-256 >
reuses the connection that became idle last
  use A1 A2 > 1 2; free 2 1 >
  ask A3 > assign A3 1; ask A4 > assign A4 2
never shares a connection between keys
  use A1 > 1; free 1 >; ask B1 > connect 2
gives a freed connection to the oldest waiter of its key [1 per key]
  use A1 > 1; ask A2 A3 >; free 1 > assign A2 1; free 1 > assign A3 1
gives a freed connection to a waiter whose own opens, which then joins the pool
  use A1 > 1; ask A2 > connect 2; free 1 > assign A2 1
  open 2 >; ask A3 > assign A3 2
gives a late connection to a later waiter [2 per key]
  use A1 > 1; ask A2 > connect 2; free 1 > assign A2 1
  ask A3 >; open 2 > assign A3 2
fails only the call that a connection was opened for [1 per key]
  ask A1 > connect 1; ask A2 >
  fail 1 > fail A1, connect 2; fail 2 > fail A2
fails nobody if the call was served by another connection
  use A1 > 1; ask A2 > connect 2; free 1 > assign A2 1; fail 2 >
makes room by closing the oldest idle connection of another key [2 in total]
  use A1 B1 > 1 2; free 2 1 >; ask C1 > close 2, connect 3
closes a freed connection for a key without any, before its waiters [1 in total]
  use A1 > 1; ask A2 B1 C1 >
  free 1 > close 1, connect 2; open 2 > assign B1 2
  free 2 > close 2, connect 3; open 3 > assign C1 3
  free 3 > close 3, connect 4; open 4 > assign A2 4
lets keys take turns when room comes up [2 in total]
  use A1 B1 > 1 2; ask A2 B2 A3 >
  spoil 1 > close 1, connect 3; open 3 > assign A2 3
  spoil 2 > close 2, connect 4; open 4 > assign B2 4
frees the slot of a canceled call at once, if it waits or connects [1 per key]
  ask A1 > connect 1; ask A2 A3 >
  cancel A2 >; cancel A1 > close 1, connect 2
  open 1 > close 1; open 2 > assign A3 2; cancel A3 >
closes an idle connection after 60 s
  use A1 > 1; free 1 >; at 59999; tick >; at 60000; tick > close 1
does not assign an expired connection, even if no tick came
  use A1 > 1; free 1 >; at 60000; ask A2 > close 1, connect 2
takes a clock that went backward as expiry
  use A1 A2 > 1 2; free 1 2 >
  at -1; ask A3 > close 2, close 1, connect 3
  at 0; open 3 > assign A3 3
  at 1; free 3 >; at 0; tick > close 3
keeps a connection for what the server promises, minus 1 s
  use A1 > 1; keep5 1 >
  at 3999; ask A2 > assign A2 1; keep5 1 >
  at 7999; tick > close 1
keeps a connection for at most 600 s
  use A1 > 1; keep86400 1 >; at 599999; tick >; at 600000; tick > close 1
does not keep a connection that the server keeps for 1 s or less
  use A1 A2 > 1 2; keep1 1 > close 1; keep0 2 > close 2
keeps no connection for longer than a given idleTimeout [idleTimeout 2000]
  use A1 > 1; keep60 1 >; at 2000; tick > close 1
keeps connections that a longer-lived one was freed before
  use A1 A2 A3 > 1 2 3; keep100 1 >; keep10 2 >; keep50 3 >
  at 9000; tick > close 2; at 49000; tick > close 3; at 99000; tick > close 1
spares a request that cannot be resent a connection idle for more than 4 s
  use A1 > 1; free 1 >; at 4000; once A2 > assign A2 1
  free 1 >; at 8001; once A3 > connect 2; ask A4 > assign A4 1
trusts a server's promise for a request that cannot be resent
  use A1 A2 > 1 2; keep60 1 >; free 2 >; at 5000; once A3 > assign A3 1
makes room in a key full of connections idle for too long [1 per key]
  use A1 > 1; free 1 >; at 4001; once A2 > close 1, connect 2
opens a connection for a call that needs an unused one [1 per key]
  use A1 > 1; free 1 >; fresh A2 > close 1, connect 2
  open 2 > assign A2 2; fresh A3 >; ask A4 >
  free 2 > close 2, connect 3; open 3 > assign A3 3
does not reuse a connection beyond maxAge [maxAge 1000]
  use A1 > 1; at 999; free 1 >; ask A2 > assign A2 1
  at 1000; free 1 > close 1; use A3 > 2
  at 1500; free 2 >; at 2000; tick > close 2
does not reuse a connection beyond maxExchanges [maxExchanges 2]
  use A1 > 1; free 1 >; ask A2 > assign A2 1; free 1 > close 1
forgets a connection that ended while idle, or was left unusable
  use A1 > 1; free 1 >; end 1 > close 1
  use A2 > 2; spoil 2 > close 2; free 2 >; end 2 >; ask A3 > connect 3
closes what is idle on closeIdle, and nothing else
  use A1 A2 > 1 2; free 1 >; closeIdle > close 1; free 2 >
serves queued calls after close, and keeps nothing [2 per key]
  use A1 A2 > 1 2; free 2 >; ask B1 > connect 3; ask A3 > assign A3 2
  ask A4 >; close >; free 1 > assign A4 1; free 1 > close 1
  open 3 > assign B1 3; free 3 > close 3; free 2 > close 2
`;

for (const { name, words, lines } of parseScripts(SCRIPTS)) {
  test(`HttpPoolState ${name}`, () => {
    const state = new HttpPoolState(optionsOf(words, WORDS));
    let now = START;
    for (const line of lines) {
      const [event, decisions = ""] = line.split(/ ?> ?/) as [string, string?];
      const [verb, ...subjects] = event.split(" ") as [string, ...string[]];
      if (verb === "at") now = START + Number(subjects[0]);
      else if (verb === "use") {
        const used = expand(subjects).map((call) => use(state, now, call));
        assertEquals(used, expand(decisions.split(" ")), event);
      } else {
        const all = subjects.length === 0 ? [""] : expand(subjects);
        const actual = all.flatMap((each) => play(state, now, verb, each));
        assertEquals(actual.map(show).join(", "), decisions, event);
      }
    }
  });
}

/** Returns the subjects that `A1-64` stands for. */
function expand(subjects: readonly string[]): string[] {
  return subjects.flatMap((subject) => {
    const [, key, first, last] = /^([A-Z]?)(\d+)-(\d+)$/.exec(subject) ?? [];
    if (last === undefined) return [subject];
    const length = Number(last) - Number(first) + 1;
    return Array.from({ length }, (_, i) => `${key}${Number(first) + i}`);
  });
}

/** Opens a connection for a call, which gets it. Returns its number. */
function use(state: HttpPoolState, now: number, call: string): string {
  const asked = play(state, now, "ask", call);
  assertEquals(asked.map(({ type }) => type), ["Connect"]);
  const { connection } = asked[0]!;
  const opened = play(state, now, "open", `${connection}`);
  assertEquals(opened.map(show), [`assign ${call} ${connection}`]);
  return `${connection}`;
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

test("HttpPoolState counts connections and waiting calls, in total and per key", () => {
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

test("HttpPoolState rejects limits out of range and a call that asks twice", () => {
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
