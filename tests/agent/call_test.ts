// A call by hand: docs/policies.md, "Redirects", and the order of its steps.

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { HttpHeaders, HttpRequest, Secret } from "@pimalaya/io-http";
import { HttpCall } from "@pimalaya/io-http/agent";
import { test } from "../_pure.ts";
import scripts from "../vectors/followed_redirects.json" with { type: "json" };
import { Driven, testCalls } from "./_calls.ts";

testCalls(scripts, {
  "decide by status": {
    redirect: { decide: ({ status }) => status === 302 ? "stop" : "follow" },
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

test("Redirects: A call withholds from another origin what it does not bring back", () => {
  const request = HttpRequest.get("http://a.test/", {
    headers: {
      Authorization: "Own",
      Cookie: "own=1",
      Host: "own.test",
      "X-Key": new Secret("own"),
      "X-Plain": "own",
    },
  });
  const headers = new HttpHeaders({
    Authorization: "Default",
    "X-Token": new Secret("default"),
    "X-Other": "default",
    "X-Plain": "default",
  });
  const call = new Driven(request, { headers });
  const sent = () =>
    [...call.exchange.request.headers].map((pair) => pair.join("=")).join();
  assertEquals(
    sent(),
    "Authorization=Own,Cookie=own=1,Host=own.test,X-Key=own,X-Plain=own," +
      "X-Token=default,X-Other=default",
  );
  for (const to of ["http://b.test/", "http://a.test/"]) {
    call.respond(302, { Location: to });
    assertEquals(sent(), "X-Plain=own,X-Other=default");
  }
  assertEquals(request.headers.size, 5);
});

test("Redirects: A call decides on Accept-Encoding for each hop", () => {
  const options = { acceptEncoding: "gzip" };
  const call = new Driven("http://a.test/", options);
  assertEquals(call.sent("accept-encoding"), "gzip");
  call.respond(302, { Location: "http://b.test/" });
  assertEquals(call.sent("accept-encoding"), "gzip");

  const sent = (headers: Record<string, string>) =>
    new Driven(HttpRequest.get("http://a.test/", { headers }), options)
      .sent("accept-encoding");
  assertEquals(sent({ "Accept-Encoding": "br" }), "br");
  assertEquals(sent({ Range: "bytes=0-1" }), null);
});

test("Redirects: A call names the proxy of each hop, and the target form that it needs", () => {
  const route = ({ exchange: { proxy, target } }: Driven) =>
    `${proxy?.href} ${target}`;
  for (
    const [url, proxy, expected] of [
      ["http://a.test/", null, "undefined undefined"],
      ["http://a.test/", "http://p.test", "http://p.test/ absolute"],
      ["https://a.test/", new URL("http://p.test"), "http://p.test/ undefined"],
      ["http://a.test/", "socks5://p.test", "socks5://p.test undefined"],
    ] as const
  ) assertEquals(route(new Driven(url, { proxy })), expected);

  const match = ({ host }: URL) =>
    host === "b.test" ? new URL("http://p.test") : null;
  const options = { proxy: { match }, target: "asterisk" } as const;
  const call = new Driven("http://a.test/", options);
  assertEquals(route(call), "undefined asterisk");
  call.respond(302, { Location: "http://b.test/" });
  assertEquals(route(call), "http://p.test/ absolute");
  call.respond(302, { Location: "http://c.test/" });
  assertEquals(route(call), "undefined undefined");
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
  const decide = () => "yes" as "stop";
  const call = new Driven(request, { redirect: { decide } });
  assertThrows(() => call.respond(302, { Location: "/" }), TypeError, "yes");
});

test("HttpCall rejects an input that does not answer its step", () => {
  const elapsed = { type: "Elapsed", now: 0 } as const;
  const call = new HttpCall(HttpRequest.get("http://a.test/"));
  assertThrows(() => call.resume(elapsed), TypeError, "pass nothing first");
  call.resume();
  const error = assertThrows(() => call.resume(elapsed), TypeError);
  assertMatch(error.message, /WantsExchange with "Elapsed"/);
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
