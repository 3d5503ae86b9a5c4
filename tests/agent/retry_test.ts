// docs/policies.md, "Sending again" (see `_calls.ts` for the scripts).

import { assertEquals, assertThrows } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import {
  HttpCall,
  HttpCallMemory,
  type HttpCallOptions,
  type HttpRetryOptions,
} from "@pimalaya/io-http/agent";
import { test } from "../_pure.ts";
import { Driven, show, testCalls } from "./_calls.ts";

const AT_ONCE: HttpRetryOptions = { backoff: () => 0 };

const WORDS: Record<string, HttpCallOptions> = {
  idempotent: { idempotent: true },
  "not idempotent": { idempotent: false },
  "Idempotency-Key": { headers: { "Idempotency-Key": '"1"' } },
  "statuses 500": { retry: { ...AT_ONCE, statuses: [500] } },
  "methods POST": { retry: { ...AT_ONCE, methods: ["POST"] } },
  "1 attempt": { retry: { ...AT_ONCE, attempts: 1 } },
  "9 attempts": { retry: { attempts: 9 }, random: () => 1 },
  "100 up to 350": {
    retry: { attempts: 9, backoff: { base: 100, max: 350 } },
    random: () => 1,
  },
  "random 0": { random: () => 0 },
  "own backoff": {
    retry: { backoff: (attempt, random) => 10 * (attempt + 1) + random() },
    random: () => 0.25,
  },
  "maxRetryAfter 1e9": { retry: { maxRetryAfter: 1e9 } },
};

const SENDING_AGAIN = `
sends again if no byte was written, 5 times in a row
  5x fail ConnectionLost idle > GET /
  fail ConnectionLost idle > ConnectionLost
counts anew once bytes were written
  5x fail ConnectionLost idle > GET /
  fail NoResponse used > GET / fresh
  5x fail ConnectionLost idle > GET /
  200 > 200 after 2
sends again after bytes on an idle connection
  fail UnexpectedBytes idle > GET /
  200 > 200 after 1
POST sends again if no byte was written
  fail NoResponse idle > POST /
  201 > 201 after 1
sends again once on a fresh connection if a used one ended
  fail ConnectionLost used > GET / fresh
  fail ConnectionLost used > ConnectionLost
sends again after a 408 with close on a used connection
  used 408 Connection: x, Close > GET / fresh
  408 Connection: close > 408 after 2
returns a 408 without close
  used 408 > 408 after 1
returns a 408 on a new connection
  408 Connection: close > 408 after 1
fails if a new connection ended
  fail NoResponse new > NoResponse
fails if a part of a response arrived
  fail UnexpectedEof head > UnexpectedEof
fails if a part of a response was reset
  fail ConnectionLost head > ConnectionLost
fails after a timeout on a used connection
  fail Timeout.head used > Timeout
fails after a timeout in the queue
  fail Timeout.queue idle > Timeout
fails if no address accepts
  fail ConnectFailed connect > ConnectFailed
fails if TLS fails
  fail TlsFailed connect > TlsFailed
fails without progress
  fail NoResponse unknown > NoResponse
POST with idempotent sends again [idempotent]
  fail NoResponse used > POST / fresh
POST with an Idempotency-Key sends again [Idempotency-Key]
  fail NoResponse used > POST / fresh
fails if idempotent is false [not idempotent]
  fail NoResponse used > NoResponse
fails if the body was used [used body]
  fail NoResponse used > NoResponse
fails if nothing was written but the body was used [used body]
  fail NoResponse idle > NoResponse
sends a one-shot body that was not used [used body]
  fail NoResponse idle unused > GET /
  fail NoResponse used unused > GET / fresh
`;

const RETRIES = `
does not retry by default
  503 Retry-After: 1 > 503 after 1
retries twice [retry]
  503 > wait 250; elapse > GET /
  503 > wait 500; elapse > GET /
  503 > 503 after 3
retries the given statuses alone [statuses 500]
  500 > wait 0; elapse > GET /
  503 > 503 after 2
POST does not retry [retry]
  503 > 503 after 1
POST with an Idempotency-Key retries [retry at once, Idempotency-Key]
  503 > wait 0
POST retries if its method is given [methods POST]
  503 > wait 0
GET does not retry if other methods are given [methods POST]
  503 > 503 after 1
does not retry a body that was used [retry, used body]
  503 > 503 after 1
does not retry if idempotent is false [retry, not idempotent]
  503 > 503 after 1
makes no more attempts than it may [1 attempt]
  503 > wait 0; elapse > GET /
  503 > 503 after 2
doubles the delay from 500 ms up to 30 s [9 attempts]
  503 > wait 500; elapse > GET /
  503 > wait 1000; elapse > GET /
  503 > wait 2000; elapse > GET /
  503 > wait 4000; elapse > GET /
  503 > wait 8000; elapse > GET /
  503 > wait 16000; elapse > GET /
  503 > wait 30000
doubles the delay up to a maximum that is given [100 up to 350]
  503 > wait 100; elapse > GET /
  503 > wait 200; elapse > GET /
  503 > wait 350
takes any part of the delay by random [retry, random 0]
  503 > wait 0
asks a function for the delay [own backoff]
  503 > wait 10.25; elapse > GET /
  503 > wait 20.25
retries a failure after it was sent again [retry at once]
  fail NoResponse used > GET / fresh
  fail NoResponse new > wait 0; elapse > GET / fresh
retries once nothing was written 6 times [retry at once]
  5x fail ConnectionLost idle > GET /
  fail NoResponse idle > wait 0; elapse > GET / fresh
  200 > 200 after 1
retries if no address accepts [retry at once]
  fail ConnectFailed connect > wait 0
retries after a timeout of connect [retry at once]
  fail Timeout.connect connect > wait 0
retries after a timeout of one attempt [retry at once]
  fail Timeout.attempt used > wait 0
does not retry after other timeouts [retry at once]
  fail Timeout.total used > Timeout
does not retry within a response [retry at once]
  fail ConnectionLost head > ConnectionLost
does not retry if TLS fails [retry at once]
  fail TlsFailed connect > TlsFailed
waits for Retry-After instead of the backoff [retry]
  429 Retry-After: 7 > wait 7000; elapse > GET /
  503 Retry-After: 0 > wait 0
waits until the date in Retry-After [retry]
  503 Retry-After: Thu, 01 Jan 1970 00:00:09 GMT > wait 9000; elapse > GET /
  503 Retry-After: Thursday, 01-Jan-70 00:00:09 GMT > wait 0
waits 60 s for Retry-After, and no longer [retry]
  503 Retry-After: 60 > wait 60000; elapse > GET /
  503 Retry-After: 61 > 503 after 2
returns the response if Retry-After is a year [retry]
  503 Retry-After: 31536000 > 503 after 1
returns the response if Retry-After is in a year [retry]
  503 Retry-After: Fri, 01 Jan 1971 00:00:00 GMT > 503 after 1
returns the response if Retry-After is beyond any number [retry]
  503 Retry-After: ${"9".repeat(400)} > 503 after 1
waits as long as maxRetryAfter says [maxRetryAfter 1e9]
  503 Retry-After: 1000000 > wait 1000000000
ignores a Retry-After that contradicts itself [retry]
  503 Retry-After: 1 | Retry-After: 2 > wait 250
`;

testCalls(SENDING_AGAIN, WORDS);
testCalls(RETRIES, WORDS);

for (
  const value of ["-1", "soon", "1.5", "+3", "", "7 s", "1970-01-01", "1, 2"]
) {
  testCalls(
    `ignores the Retry-After "${value}" [retry]
  503 Retry-After: ${value} > wait 250`,
    WORDS,
  );
}

test("A call retries after 408, 429, 502, 503, and 504, and no other status", () => {
  const retried = Array.from({ length: 400 }, (_, i) => 200 + i)
    .filter((status) =>
      new Driven("http://a.test/", { retry: AT_ONCE })
        .respond(status).is("WantsTimer")
    );
  assertEquals(retried, [408, 429, 502, 503, 504]);
});

test("A call takes the same methods for idempotent, to send again and to retry", () => {
  const methods = [
    ...["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY"],
    ...["PROPFIND", "REPORT", "SEARCH"],
  ];
  const others = ["POST", "PATCH", "MKCOL", "PROPPATCH", "LOCK", "get", "X"];
  for (const method of [...methods, ...others]) {
    const call = () =>
      new Driven(new HttpRequest(method, "http://a.test/"), { retry: AT_ONCE });
    const isIdempotent = methods.includes(method);
    const again = call().fail("NoResponse", "used");
    assertEquals(again.is("WantsExchange"), isIdempotent, method);
    assertEquals(call().respond(503).is("WantsTimer"), isIdempotent, method);
    assertEquals(call().exchange.resendable, isIdempotent, method);
  }
});

test("All calls of an agent share a retry budget of 20%, at least 10, per origin", () => {
  const memory = new HttpCallMemory();
  function countRetries(calls: number, origin: string): number {
    let retries = 0;
    for (let i = 0; i < calls; i++) {
      const call = new Driven(origin, { retry: AT_ONCE, memory }).respond(503);
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
      retry: { ...AT_ONCE, budget, attempts: 99 },
    });
    let count = 0;
    for (; call.respond(503).is("WantsTimer"); count++) call.elapse();
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
