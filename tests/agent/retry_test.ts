// docs/policies.md, "Sending again".

import { assertEquals, assertThrows } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import {
  HttpCall,
  HttpCallMemory,
  type HttpCallOptions,
  type HttpRetryOptions,
} from "@pimalaya/io-http/agent";
import { test } from "../_pure.ts";
import scripts from "../vectors/retries.json" with { type: "json" };
import { Driven, show, testCalls } from "./_calls.ts";

const AT_ONCE: HttpRetryOptions = { backoff: () => 0 };

testCalls(scripts, {
  "random 1": { random: () => 1 },
  "random 0": { random: () => 0 },
  "own backoff": {
    retry: { backoff: (attempt, random) => 10 * (attempt + 1) + random() },
    random: () => 0.25,
  },
});

test("Sending again: A call retries after 408, 429, 502, 503, and 504, and no other status", () => {
  const retried = Array.from({ length: 400 }, (_, i) => 200 + i)
    .filter((status) =>
      new Driven("http://a.test/", { retry: AT_ONCE })
        .respond(status).is("WantsTimer")
    );
  assertEquals(retried, [408, 429, 502, 503, 504]);
});

test("Sending again: A call takes the same methods for idempotent, to send again and to retry", () => {
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

test("Sending again: All calls of an agent share a retry budget of 20%, at least 10, per origin", () => {
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

test("Sending again: A retry budget of null allows any number of retries, and 0 none", () => {
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

test("Sending again: A call rejects numbers out of range", () => {
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
