// The rules of docs/policies.md, "Pool", each as a script. A line is an event and the
// decisions that follow from it:
//
//   ask A1 > connect 1      call 1 asks with key A; connection 1 is opened for it
//   open 1 > assign A1 1    it is open; call 1 gets it
//   fail 1 > fail A1        it could not be opened
//   free 1 / spoil 1        its call is done; it can, or cannot, be used again
//   keep 1 5                the same, and the server keeps it for 5 s
//   at 100                  the time is 100 ms after the start
//   once B2, fresh B2       asks for a request that may not be sent again; for a
//                           connection that has carried none
//   cancel A1, end 1, tick, closeIdle, close

import { assertEquals, assertThrows } from "@std/assert";
import {
  type HttpPoolDecision,
  type HttpPoolOptions,
  HttpPoolState,
} from "@pimalaya/io-http/agent";

const START = 1e12;

const SCRIPTS: [outcome: string, limits: HttpPoolOptions, script: string][] = [
  [
    "opens at most 64 connections per key and 256 in total by default",
    {},
    `
    ask A*64 > connect *64
    ask A65 >
    ask B*64 > connect *64
    ask C*64 > connect *64
    ask D*64 > connect *64
    ask E1 >`,
  ],
  [
    "reuses the connection that became idle last",
    {},
    `
    ask A1 > connect 1
    ask A2 > connect 2
    open 1 > assign A1 1
    open 2 > assign A2 2
    free 2 >
    free 1 >
    ask A3 > assign A3 1
    ask A4 > assign A4 2`,
  ],
  [
    "never shares a connection between keys",
    {},
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    free 1 >
    ask B1 > connect 2`,
  ],
  [
    "gives a freed connection to the oldest waiter of its key",
    { maxConnectionsPerOrigin: 1 },
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    ask A2 >
    ask A3 >
    free 1 > assign A2 1
    free 1 > assign A3 1`,
  ],
  [
    "gives a freed connection to a waiter whose own is being opened, which then joins the pool",
    {},
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    ask A2 > connect 2
    free 1 > assign A2 1
    open 2 >
    ask A3 > assign A3 2`,
  ],
  [
    "gives a late connection to a later waiter",
    { maxConnectionsPerOrigin: 2 },
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    ask A2 > connect 2
    free 1 > assign A2 1
    ask A3 >
    open 2 > assign A3 2`,
  ],
  [
    "fails only the call that a connection was opened for",
    { maxConnectionsPerOrigin: 1 },
    `
    ask A1 > connect 1
    ask A2 >
    fail 1 > fail A1, connect 2
    fail 2 > fail A2`,
  ],
  [
    "fails nobody if the call was served by another connection",
    {},
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    ask A2 > connect 2
    free 1 > assign A2 1
    fail 2 >`,
  ],
  [
    "makes room by closing the oldest idle connection of another key",
    { maxConnections: 2 },
    `
    ask A1 > connect 1
    ask B1 > connect 2
    open 1 > assign A1 1
    open 2 > assign B1 2
    free 2 >
    free 1 >
    ask C1 > close 2, connect 3`,
  ],
  [
    "closes a freed connection for a key that has none, before its own key's waiters",
    { maxConnections: 1 },
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    ask A2 >
    ask B1 >
    ask C1 >
    free 1 > close 1, connect 2
    open 2 > assign B1 2
    free 2 > close 2, connect 3
    open 3 > assign C1 3
    free 3 > close 3, connect 4
    open 4 > assign A2 4`,
  ],
  [
    "lets keys take turns when room comes up",
    { maxConnections: 2 },
    `
    ask A1 > connect 1
    ask B1 > connect 2
    open 1 > assign A1 1
    open 2 > assign B1 2
    ask A2 >
    ask B2 >
    ask A3 >
    spoil 1 > close 1, connect 3
    open 3 > assign A2 3
    spoil 2 > close 2, connect 4
    open 4 > assign B2 4`,
  ],
  [
    "frees the slot of a canceled call at once, whether it waits or connects",
    { maxConnectionsPerOrigin: 1 },
    `
    ask A1 > connect 1
    ask A2 >
    ask A3 >
    cancel A2 >
    cancel A1 > close 1, connect 2
    open 1 > close 1
    open 2 > assign A3 2
    cancel A3 >`,
  ],
  [
    "closes an idle connection after 60 s",
    {},
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    free 1 >
    at 59999
    tick >
    at 60000
    tick > close 1`,
  ],
  [
    "does not assign an expired connection, even if no tick came",
    {},
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    free 1 >
    at 60000
    ask A2 > close 1, connect 2`,
  ],
  [
    "takes a clock that went backward as expiry",
    {},
    `
    ask A1 > connect 1
    ask A2 > connect 2
    open 1 > assign A1 1
    open 2 > assign A2 2
    free 1 >
    free 2 >
    at -1
    ask A3 > close 2, close 1, connect 3
    at 0
    open 3 > assign A3 3
    at 1
    free 3 >
    at 0
    tick > close 3`,
  ],
  [
    "keeps a connection for what the server promises, minus 1 s",
    {},
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    keep 1 5 >
    at 3999
    ask A2 > assign A2 1
    keep 1 5 >
    at 7999
    tick > close 1`,
  ],
  [
    "keeps a connection for at most 600 s",
    {},
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    keep 1 86400 >
    at 599999
    tick >
    at 600000
    tick > close 1`,
  ],
  [
    "does not keep a connection that the server keeps for 1 s or less",
    {},
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    ask A2 > connect 2
    open 2 > assign A2 2
    keep 1 1 > close 1
    keep 2 0 > close 2`,
  ],
  [
    "keeps no connection for longer than an idleTimeout that is given",
    { idleTimeout: 2000 },
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    keep 1 60 >
    at 2000
    tick > close 1`,
  ],
  [
    "keeps connections that a longer-lived one was freed before",
    {},
    `
    ask A1 > connect 1
    ask A2 > connect 2
    ask A3 > connect 3
    open 1 > assign A1 1
    open 2 > assign A2 2
    open 3 > assign A3 3
    keep 1 100 >
    keep 2 10 >
    keep 3 50 >
    at 9000
    tick > close 2
    at 49000
    tick > close 3
    at 99000
    tick > close 1`,
  ],
  [
    "spares a request that cannot be resent an idle connection of more than 4 s",
    {},
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    free 1 >
    at 4000
    once A2 > assign A2 1
    free 1 >
    at 8001
    once A3 > connect 2
    ask A4 > assign A4 1`,
  ],
  [
    "trusts a server's promise for a request that cannot be resent",
    {},
    `
    ask A1 > connect 1
    ask A2 > connect 2
    open 1 > assign A1 1
    open 2 > assign A2 2
    keep 1 60 >
    free 2 >
    at 5000
    once A3 > assign A3 1`,
  ],
  [
    "makes room in a key full of connections that were idle for too long",
    { maxConnectionsPerOrigin: 1 },
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    free 1 >
    at 4001
    once A2 > close 1, connect 2`,
  ],
  [
    "opens a connection for a call that needs an unused one",
    { maxConnectionsPerOrigin: 1 },
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    free 1 >
    fresh A2 > close 1, connect 2
    open 2 > assign A2 2
    fresh A3 >
    ask A4 >
    free 2 > close 2, connect 3
    open 3 > assign A3 3`,
  ],
  [
    "does not reuse a connection beyond maxAge",
    { maxAge: 1000 },
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    at 999
    free 1 >
    ask A2 > assign A2 1
    at 1000
    free 1 > close 1
    ask A3 > connect 2
    open 2 > assign A3 2
    at 1500
    free 2 >
    at 2000
    tick > close 2`,
  ],
  [
    "does not reuse a connection beyond maxExchanges",
    { maxExchanges: 2 },
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    free 1 >
    ask A2 > assign A2 1
    free 1 > close 1`,
  ],
  [
    "forgets a connection that ended while idle, or was left unusable",
    {},
    `
    ask A1 > connect 1
    open 1 > assign A1 1
    free 1 >
    end 1 > close 1
    ask A2 > connect 2
    open 2 > assign A2 2
    spoil 2 > close 2
    free 2 >
    end 2 >
    ask A3 > connect 3`,
  ],
  [
    "closes what is idle on closeIdle, and nothing else",
    {},
    `
    ask A1 > connect 1
    ask A2 > connect 2
    open 1 > assign A1 1
    open 2 > assign A2 2
    free 1 >
    closeIdle > close 1
    free 2 >`,
  ],
  [
    "serves queued calls after close, and keeps nothing",
    { maxConnectionsPerOrigin: 2 },
    `
    ask A1 > connect 1
    ask A2 > connect 2
    open 1 > assign A1 1
    open 2 > assign A2 2
    free 2 >
    ask B1 > connect 3
    ask A3 > assign A3 2
    ask A4 >
    close >
    free 1 > assign A4 1
    free 1 > close 1
    open 3 > assign B1 3
    free 3 > close 3
    free 2 > close 2`,
  ],
];

for (const [outcome, limits, script] of SCRIPTS) {
  Deno.test(`HttpPoolState ${outcome}`, () => {
    const state = new HttpPoolState(limits);
    let now = START;
    for (const line of script.trim().split("\n")) {
      const [event, decisions] = line.trim().split(/ ?> ?/);
      const [name, subject, seconds] = event!.split(" ");
      if (name === "at") now = START + Number(subject);
      else {
        const actual = play(state, now, name!, subject ?? "", seconds);
        const isMany = decisions!.includes("*");
        const text = isMany ? `connect *${actual.length}` : actual.join(", ");
        assertEquals(text, decisions, `After "${event}"`);
      }
    }
  });
}

/** A call like `A12` has a key, 0 for A, and an ID, which has the key in it. */
function parseCall(call: string): { ask: number; key: number } {
  const key = call.charCodeAt(0) - 65;
  return { key, ask: key * 1000 + Number(call.slice(1)) };
}

function play(
  state: HttpPoolState,
  now: number,
  name: string,
  subject: string,
  seconds: string | undefined,
): string[] {
  const { ask, key } = parseCall(subject);
  const id = Number(subject);
  const keepAlive = seconds === undefined ? null : Number(seconds);
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
  const [call, count] = subject.split("*");
  const calls = count === undefined
    ? null
    : Array.from({ length: Number(count) }, (_, i) => `${call}${i + 1}`);
  return calls === null
    ? events[name]!().map(show)
    : calls.flatMap((each) => play(state, now, name, each, undefined));
}

function show(decision: HttpPoolDecision): string {
  const { type, connection } = decision;
  if (type === "Close") return `close ${connection}`;
  if (type === "Connect") return `connect ${connection}`;
  const key = Math.floor(decision.ask / 1000);
  const call = `${String.fromCharCode(65 + key)}${decision.ask % 1000}`;
  return type === "Fail" ? `fail ${call}` : `assign ${call} ${connection}`;
}

Deno.test("HttpPoolState counts connections and waiting calls, in total and per key", () => {
  const state = new HttpPoolState({ maxConnectionsPerOrigin: 2 });
  for (const ask of [1, 2, 3]) state.ask(ask, 7, START);
  state.ask(4, 8, START);
  state.connected(1, START);
  state.connected(3, START);
  state.free(3, START, { reusable: true });
  assertEquals(state.counts(), {
    open: 2,
    idle: 1,
    busy: 1,
    connecting: 1,
    waiting: 1,
  });
  assertEquals(state.counts(7), {
    open: 1,
    idle: 0,
    busy: 1,
    connecting: 1,
    waiting: 1,
  });
  assertEquals(state.counts(9).open, 0);
});

Deno.test("HttpPoolState rejects limits out of range and a call that asks twice", () => {
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
