// A call by hand: redirects (docs/policies.md, "Redirects") and the order of its steps.

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { HttpHeaders, HttpRequest, Secret } from "@pimalaya/io-http";
import {
  HttpCall,
  type HttpCallOptions,
  type HttpHop,
} from "@pimalaya/io-http/agent";
import { test } from "../_pure.ts";
import { Driven, linesOf, runScript } from "./_calls.ts";

const LOOP = "302 Location: / > GET /";

// The request is GET unless a name begins with another method.
const SCRIPTS: [outcome: string, options: HttpCallOptions, script: string][] = [
  ["returns a response, whatever its status", {}, "999 > 999 after 1"],
  [
    "follows a redirect",
    {},
    `
    302 Location: /b > GET /b
    200 > 200 after 2`,
  ],
  [
    "POST becomes GET after 303, and loses its body",
    {},
    `
    303 Location: /b > GET /b without body`,
  ],
  ["POST becomes GET after 301", {}, "301 Location: /b > GET /b without body"],
  ["POST stays POST after 307", {}, "307 Location: /b > POST /b"],
  ["POST returns a 308 if its body cannot be sent again", {
    replayable: false,
  }, "308 Location: /b > 308 after 1"],
  [
    "POST without its body is sent any number of times",
    {
      replayable: false,
    },
    `
    303 Location: /b > GET /b without body
    307 Location: /c > GET /c without body
    fail NoResponse used > GET /c without body fresh`,
  ],
  [
    "returns a redirect without a usable Location",
    {},
    `
    302 Location: ftp://a.test/ > 302 after 1`,
  ],
  ["returns a 300", {}, "300 Location: /b > 300 after 1"],
  [
    "follows 20 redirects",
    {},
    `
    ${`${LOOP}\n`.repeat(20)}
    200 > 200 after 21`,
  ],
  [
    "fails at the redirect after those",
    {},
    `
    ${`${LOOP}\n`.repeat(20)}
    302 Location: / > TooManyRedirects`,
  ],
  [
    "follows as many redirects as it may",
    { redirect: { max: 1 } },
    `
    ${LOOP}
    302 Location: / > TooManyRedirects`,
  ],
  [
    "follows none if it may follow none",
    { redirect: { max: 0 } },
    `
    302 Location: / > TooManyRedirects`,
  ],
  [
    "returns a redirect with manual",
    { redirect: "manual" },
    `
    302 Location: / > 302 after 1`,
  ],
  [
    "fails at a redirect with error",
    { redirect: "error" },
    `
    302 Location: / > UnexpectedRedirect`,
  ],
  [
    "returns with error what is no redirect",
    { redirect: "error" },
    `
    304 Location: / > 304 after 1`,
  ],
  [
    "returns a redirect if decide stops",
    {
      redirect: { decide: ({ status }) => status === 302 ? "stop" : "follow" },
    },
    `
    301 Location: / > GET /
    302 Location: / > 302 after 2`,
  ],
  [
    "fails at a redirect to http with httpsOnly",
    { httpsOnly: true },
    `
    302 Location: https://b.test/ > GET https://b.test/
    302 Location: http://b.test/ > UnexpectedRedirect`,
  ],
  [
    "sends each hop again on its own",
    {},
    `
    fail NoResponse used > GET / fresh
    302 Location: /b > GET /b
    fail NoResponse used > GET /b fresh`,
  ],
];

for (const [outcome, options, script] of SCRIPTS) {
  test(`A call ${outcome}`, () => {
    const method = /^POST/.test(outcome) ? "POST" : "GET";
    const url = options.httpsOnly ? "https://a.test/" : "http://a.test/";
    const driven = new Driven(new HttpRequest(method, url), options);
    assertEquals(runScript(driven, script), linesOf(script));
  });
}

test("A call reports what it followed, and the last response if that was too much", () => {
  const call = new Driven("http://a.test/x", { redirect: { max: 1 } })
    .respond(302, { Location: "https://b.test/" });
  const hop: HttpHop = {
    url: new URL("http://a.test/x"),
    to: new URL("https://b.test/"),
    method: "GET",
    status: 302,
    sameOrigin: false,
  };
  const { hop: hops, attempt } = call.exchange;
  assertEquals([hops, attempt], [1, 2]);

  const { step } = call.respond(307, { Location: "/y" });
  if (step.type !== "Err") throw new Error(step.type);
  assertEquals(step.error.response?.status, 307);

  const ok =
    new Driven("http://a.test/x").respond(302, { Location: "//b.test" })
      .respond(200).step;
  assertEquals(ok.type === "Ok" && ok.hops, [
    { ...hop, to: new URL("http://b.test/") },
  ]);
});

test("A call throws what decide throws, and then again", () => {
  const reason = new Error("No");
  const call = new Driven("http://a.test/", {
    redirect: {
      decide: () => {
        throw reason;
      },
    },
  });
  const follow = () => call.respond(302, { Location: "/" });
  assertThrows(follow, Error, "No");
  assertThrows(follow, Error, "No");
});

test("A call withholds from another origin what it does not bring back", () => {
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
    [...call.exchange.request.headers].map((pair) => pair.join("="));
  assertEquals(sent(), [
    "Authorization=Own",
    "Cookie=own=1",
    "Host=own.test",
    "X-Key=own",
    "X-Plain=own",
    "X-Token=default",
    "X-Other=default",
  ]);
  call.respond(302, { Location: "http://b.test/" });
  assertEquals(sent(), ["X-Plain=own", "X-Other=default"]);
  call.respond(302, { Location: "http://a.test/" });
  assertEquals(sent(), ["X-Plain=own", "X-Other=default"]);
  assertEquals(request.headers.size, 5);
});

test("A call decides on Accept-Encoding for each hop", () => {
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

test("A call names the proxy of each hop, and the target form that it needs", () => {
  const route = (target: string, proxy: HttpCallOptions["proxy"]) => {
    const { exchange } = new Driven(target, { proxy });
    return [exchange.proxy?.href, exchange.target];
  };
  assertEquals(route("http://a.test/", null), [undefined, undefined]);
  assertEquals(route("http://a.test/", "http://p.test"), [
    "http://p.test/",
    "absolute",
  ]);
  assertEquals(route("https://a.test/", new URL("http://p.test")), [
    "http://p.test/",
    undefined,
  ]);
  assertEquals(route("http://a.test/", "socks5://p.test"), [
    "socks5://p.test",
    undefined,
  ]);
  const proxy = {
    match: ({ host }: URL) =>
      host === "b.test" ? new URL("http://p.test") : null,
  };
  const call = new Driven("http://a.test/", { proxy, target: "asterisk" });
  assertEquals([call.exchange.proxy, call.exchange.target], [null, "asterisk"]);
  call.respond(302, { Location: "http://b.test/" });
  assertEquals(call.exchange.target, "absolute");
  call.respond(302, { Location: "http://c.test/" });
  assertEquals([call.exchange.proxy, call.exchange.target], [null, undefined]);
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
  const call = new Driven(request, {
    redirect: { decide: () => "yes" as "stop" },
  });
  assertThrows(() => call.respond(302, { Location: "/" }), TypeError, "yes");
});

test("HttpCall rejects an input that does not answer its step", () => {
  const request = HttpRequest.get("http://a.test/");
  const elapsed = { type: "Elapsed", now: 0 } as const;
  const call = new HttpCall(request);
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
