// docs/policies.md, "Sending again", sending again, as scripts (see `_calls.ts`).

import { assertEquals, assertThrows } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import {
  HttpCall,
  HttpCallMemory,
  type HttpCallOptions,
  type HttpRetryOptions,
} from "@pimalaya/io-http/agent";
import { test } from "../_pure.ts";
import { Driven, linesOf, runScript, show } from "./_calls.ts";

const IDLE = "fail ConnectionLost idle > GET /";
const NONE: HttpRetryOptions = { backoff: () => 0 };

// The request is GET unless a name begins with another method.
const SCRIPTS: [outcome: string, options: HttpCallOptions, script: string][] = [
  [
    "sends again if no byte was written, 5 times in a row",
    {},
    `
    ${`${IDLE}\n`.repeat(5)}
    fail ConnectionLost idle > ConnectionLost`,
  ],
  [
    "counts anew once bytes were written",
    {},
    `
    ${`${IDLE}\n`.repeat(5)}
    fail NoResponse used > GET / fresh
    ${`${IDLE}\n`.repeat(5)}
    200 > 200 after 2`,
  ],
  [
    "sends again after bytes on an idle connection",
    {},
    `
    fail UnexpectedBytes idle > GET /
    200 > 200 after 1`,
  ],
  [
    "POST sends again if no byte was written",
    {},
    `
    fail NoResponse idle > POST /
    201 > 201 after 1`,
  ],
  [
    "sends again once on a fresh connection if a used one ended",
    {},
    `
    fail ConnectionLost used > GET / fresh
    fail ConnectionLost used > ConnectionLost`,
  ],
  [
    "sends again after a 408 with close on a used connection",
    {},
    `
    used 408 Connection: x, Close > GET / fresh
    408 Connection: close > 408 after 2`,
  ],
  ["returns a 408 without close", {}, "used 408 > 408 after 1"],
  [
    "returns a 408 on a new connection",
    {},
    `
    408 Connection: close > 408 after 1`,
  ],
  ["fails if a new connection ended", {}, "fail NoResponse new > NoResponse"],
  [
    "fails if a part of a response arrived",
    {},
    `
    fail UnexpectedEof head > UnexpectedEof`,
  ],
  [
    "fails if a part of a response was reset",
    {},
    `
    fail ConnectionLost head > ConnectionLost`,
  ],
  [
    "fails after a timeout on a used connection",
    {},
    `
    fail Timeout.head used > Timeout`,
  ],
  [
    "fails after a timeout in the queue",
    {},
    "fail Timeout.queue idle > Timeout",
  ],
  [
    "fails if no address accepts",
    {},
    "fail ConnectFailed connect > ConnectFailed",
  ],
  ["fails if TLS fails", {}, "fail TlsFailed connect > TlsFailed"],
  ["fails without progress", {}, "fail NoResponse unknown > NoResponse"],
  [
    "POST fails if a used connection ended",
    {},
    "fail NoResponse used > NoResponse",
  ],
  [
    "POST with idempotent sends again",
    { idempotent: true },
    `
    fail NoResponse used > POST / fresh`,
  ],
  ["POST with an Idempotency-Key sends again", {
    headers: { "Idempotency-Key": '"1"' },
  }, "fail NoResponse used > POST / fresh"],
  [
    "fails if idempotent is false",
    { idempotent: false },
    `
    fail NoResponse used > NoResponse`,
  ],
  [
    "fails if the body was used",
    { replayable: false },
    `
    fail NoResponse used > NoResponse`,
  ],
  ["fails if nothing was written but the body was used", {
    replayable: false,
  }, "fail NoResponse idle > NoResponse"],
  [
    "sends a one-shot body that was not used",
    { replayable: false },
    `
    fail NoResponse idle unused > GET /
    fail NoResponse used unused > GET / fresh`,
  ],

  ["does not retry by default", {}, "503 Retry-After: 1 > 503 after 1"],
  [
    "retries twice",
    { retry: true },
    `
    503 > wait 250
    elapse > GET /
    503 > wait 500
    elapse > GET /
    503 > 503 after 3`,
  ],
  ...[408, 429, 502, 503, 504].map((status): typeof SCRIPTS[number] => [
    `retries after ${status}`,
    { retry: NONE },
    `${status} > wait 0
     elapse > GET /`,
  ]),
  ...[400, 404, 425, 500, 501].map((status): typeof SCRIPTS[number] => [
    `does not retry after ${status}`,
    { retry: NONE },
    `${status} > ${status} after 1`,
  ]),
  [
    "retries the given statuses alone",
    { retry: { ...NONE, statuses: [500] } },
    `
    500 > wait 0
    elapse > GET /
    503 > 503 after 2`,
  ],
  ["POST does not retry", { retry: true }, "503 > 503 after 1"],
  ["POST retries if its method is given", {
    retry: { ...NONE, methods: ["POST"] },
  }, "503 > wait 0"],
  ["GET does not retry if other methods are given", {
    retry: { ...NONE, methods: ["POST"] },
  }, "503 > 503 after 1"],
  ["does not retry a body that was used", {
    retry: true,
    replayable: false,
  }, "503 > 503 after 1"],
  ["does not retry if idempotent is false", {
    retry: true,
    idempotent: false,
  }, "503 > 503 after 1"],
  [
    "makes no more attempts than it may",
    { retry: { ...NONE, attempts: 1 } },
    `
    503 > wait 0
    elapse > GET /
    503 > 503 after 2`,
  ],
  [
    "doubles the delay up to its maximum",
    {
      retry: { attempts: 9, backoff: { base: 100, max: 350 } },
      random: () => 1,
    },
    `
    503 > wait 100
    elapse > GET /
    503 > wait 200
    elapse > GET /
    503 > wait 350
    elapse > GET /
    503 > wait 350`,
  ],
  [
    "asks a function for the delay",
    {
      retry: { backoff: (attempt, random) => 10 * (attempt + 1) + random() },
      random: () => 0.25,
    },
    `
    503 > wait 10.25
    elapse > GET /
    503 > wait 20.25`,
  ],
  [
    "retries a failure after it was sent again",
    { retry: NONE },
    `
    fail NoResponse used > GET / fresh
    fail NoResponse new > wait 0
    elapse > GET / fresh`,
  ],
  [
    "retries once nothing was written 6 times",
    { retry: NONE },
    `
    ${`${IDLE}\n`.repeat(5)}
    fail NoResponse idle > wait 0
    elapse > GET / fresh
    200 > 200 after 1`,
  ],
  [
    "retries if no address accepts",
    { retry: NONE },
    `
    fail ConnectFailed connect > wait 0`,
  ],
  [
    "retries after a timeout of connect",
    { retry: NONE },
    `
    fail Timeout.connect connect > wait 0`,
  ],
  [
    "retries after a timeout of one attempt",
    { retry: NONE },
    `
    fail Timeout.attempt used > wait 0`,
  ],
  [
    "does not retry after other timeouts",
    { retry: NONE },
    `
    fail Timeout.total used > Timeout`,
  ],
  [
    "does not retry within a response",
    { retry: NONE },
    `
    fail ConnectionLost head > ConnectionLost`,
  ],
  [
    "does not retry if TLS fails",
    { retry: NONE },
    "fail TlsFailed connect > TlsFailed",
  ],

  [
    "waits for Retry-After instead of the backoff",
    { retry: true },
    `
    429 Retry-After: 7 > wait 7000
    elapse > GET /
    503 Retry-After: 0 > wait 0`,
  ],
  [
    "waits until the date in Retry-After",
    { retry: true },
    `
    503 Retry-After: Thu, 01 Jan 1970 00:00:09 GMT > wait 9000
    elapse > GET /
    503 Retry-After: Thursday, 01-Jan-70 00:00:09 GMT > wait 0`,
  ],
  [
    "waits 60 s for Retry-After, and no longer",
    { retry: true },
    `
    503 Retry-After: 60 > wait 60000
    elapse > GET /
    503 Retry-After: 61 > 503 after 2`,
  ],
  [
    "returns the response if Retry-After is a year",
    { retry: true },
    `
    503 Retry-After: 31536000 > 503 after 1`,
  ],
  [
    "returns the response if Retry-After is in a year",
    { retry: true },
    `
    503 Retry-After: Fri, 01 Jan 1971 00:00:00 GMT > 503 after 1`,
  ],
  [
    "returns the response if Retry-After is beyond any number",
    { retry: true },
    `
    503 Retry-After: ${"9".repeat(400)} > 503 after 1`,
  ],
  ["waits as long as maxRetryAfter says", {
    retry: { maxRetryAfter: 1e9 },
  }, "503 Retry-After: 1000000 > wait 1000000000"],
  ...["-1", "soon", "1.5", "+3", "", "7 s", "1970-01-01", "1, 2"].map((
    value,
  ): typeof SCRIPTS[number] => [
    `ignores the Retry-After "${value}"`,
    { retry: true },
    `503 Retry-After: ${value} > wait 250`,
  ]),
  [
    "ignores a Retry-After that contradicts itself",
    { retry: true },
    `
    503 Retry-After: 1 | Retry-After: 2 > wait 250`,
  ],
];

for (const [outcome, options, script] of SCRIPTS) {
  test(`A call ${outcome}`, () => {
    const method = /^(GET|POST) /.exec(outcome)?.[1] ?? "GET";
    const request = new HttpRequest(method, "http://a.test/");
    assertEquals(
      runScript(new Driven(request, options), script),
      linesOf(script),
    );
  });
}

test("All calls of an agent share a retry budget of 20%, at least 10, per origin", () => {
  const memory = new HttpCallMemory();
  function countRetries(calls: number, origin: string): number {
    let retries = 0;
    for (let i = 0; i < calls; i++) {
      const call = new Driven(origin, { retry: NONE, memory }).respond(503);
      if (call.step.type === "WantsTimer") retries++;
    }
    return retries;
  }
  assertEquals(countRetries(50, "http://a.test/"), 10);
  assertEquals(countRetries(50, "http://a.test/"), 10);
  assertEquals(countRetries(50, "http://b.test/"), 10);
});

test("A retry budget of null allows any number of retries, and 0 none", () => {
  const retries = (budget: number | null) => {
    const call = new Driven("http://a.test/", {
      retry: { ...NONE, budget, attempts: 99 },
    });
    let count = 0;
    while (call.respond(503).step.type === "WantsTimer") {
      call.elapse();
      count++;
    }
    return count;
  };
  assertEquals([retries(null), retries(0), retries(0.2)], [99, 0, 10]);
});

test("A call rejects numbers out of range", () => {
  const request = HttpRequest.get("http://a.test/");
  const bad: HttpCallOptions[] = [
    { retry: { attempts: -1 } },
    { retry: { attempts: 1.5 } },
    { retry: { budget: -1 } },
    { retry: { maxRetryAfter: NaN } },
    { retry: { backoff: { base: -1 } } },
    { redirect: { max: -1 } },
    { redirect: { max: 0.5 } },
  ];
  for (const options of bad) {
    assertThrows(() => new HttpCall(request, options), RangeError);
  }
  const call = new Driven(request, { retry: { backoff: () => NaN } });
  assertThrows(() => call.respond(503), RangeError);
  assertThrows(() => show(call.elapse().step), RangeError);
});
