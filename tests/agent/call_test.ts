// A call by hand: docs/policies.md, "Redirects", "Proxies", and "Cookies", and the
// order of its steps.

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { HttpRequest, HttpResponse, Secret } from "@pimalaya/io-http";
import { HttpCall, type HttpCallInput } from "@pimalaya/io-http/agent";
import { test } from "../_pure.ts";
import scripts from "../vectors/calls.json" with { type: "json" };
import { Driven, testCalls } from "./_calls.ts";

testCalls(scripts, {
  "decide by status": {
    redirect: { decide: ({ status }) => status === 302 ? "stop" : "follow" },
  },
  "proxy for b.test": {
    proxy: {
      match: ({ host }: URL) =>
        host === "b.test" ? new URL("http://p.test") : null,
    },
  },
});

test("Redirects: A call reports what it followed, and the last response if that was too much", () => {
  const call = new Driven("http://a.test/x", { redirect: { max: 1 } })
    .respond(302, { Location: "https://b.test/" });
  const { hop: hops, attempt } = call.exchange;
  assertEquals([hops, attempt], [1, 2]);
  const { step } = call.respond(307, { Location: "/y" });
  assertEquals(step.type === "Err" && step.error.response?.status, 307);

  const ok = new Driven("http://a.test/x")
    .respond(302, { Location: "//b.test" }).respond(200).step;
  assertEquals(ok.type === "Ok" && ok.hops, [{
    url: new URL("http://a.test/x"),
    to: new URL("http://b.test/"),
    method: "GET",
    status: 302,
    sameOrigin: false,
  }]);
});

test("Redirects: A call throws what decide throws, and then again", () => {
  const decide = () => {
    throw new Error("No");
  };
  const call = new Driven("http://a.test/", { redirect: { decide } });
  const follow = () => call.respond(302, { Location: "/" });
  assertThrows(follow, Error, "No");
  assertThrows(follow, Error, "No");
});

test("A call leaves the caller's request as it is", () => {
  const headers = { Cookie: "own=1", "X-Key": new Secret("own") };
  const request = HttpRequest.get("http://a.test/", { headers });
  const driven = new Driven(request, { acceptEncoding: "gzip" });
  driven.respond(302, { Location: "http://b.test/" });
  assertEquals([...request.headers], [["Cookie", "own=1"], ["X-Key", "own"]]);
});

test("HttpCall rejects an http URL with httpsOnly, and options that make no sense", () => {
  const request = HttpRequest.get("http://a.test/");
  const bad = [
    { httpsOnly: true },
    { redirect: "never" as "error" },
    { proxy: "no URL" },
    { headers: { "a b": "" } },
  ];
  for (const options of bad) {
    assertThrows(() => new HttpCall(request, options), TypeError);
  }
  for (const decision of ["yes", undefined]) {
    const decide = () => decision as "stop";
    const call = new Driven(request, { redirect: { decide } });
    const follow = () => call.respond(302, { Location: "/" });
    assertThrows(follow, TypeError, `"${decision}"`);
  }
});

test("Proxies: A call takes a URL from match() in any form, and rejects anything else", () => {
  const to = (found: unknown) =>
    new Driven("http://a.test/", { proxy: { match: () => found as URL } })
      .exchange.proxy?.href;
  assertEquals(
    [new URL("http://p.test"), "p.test", null, undefined].map(to),
    ["http://p.test/", "http://p.test/", undefined, undefined],
  );
  for (const found of ["ftp://p.test", Promise.resolve(null)]) {
    assertThrows(() => to(found), TypeError, "Invalid proxy");
  }
});

test("HttpCall rejects an input that does not answer its step", () => {
  const elapsed = { type: "Elapsed", now: 0 } as const;
  const call = new HttpCall(HttpRequest.get("http://a.test/"));
  assertThrows(() => call.resume(elapsed), TypeError, "pass nothing first");
  call.resume();
  const error = assertThrows(() => call.resume(elapsed), TypeError);
  assertMatch(error.message, /WantsExchange with "Elapsed"/);
  const timeless = {
    ...{ type: "Response", response: new HttpResponse({ status: 200 }) },
    reused: false,
  } as HttpCallInput;
  assertThrows(() => call.resume(timeless), TypeError, "Invalid now");
});

test("HttpCall repeats its step if it is given nothing, and its last step forever", () => {
  const request = HttpRequest.get("http://a.test/");
  const call = new HttpCall(request);
  const first = call.resume();
  assertEquals(call.resume() === first, true);
  const driven = new Driven(request).respond(200);
  const last = driven.step;
  assertEquals(driven.respond(404).step === last, true);
});
