// docs/fetch.md, "Responses": the cases of the web platform tests that need no
// browser.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HttpAuthBasic, HttpError } from "@pimalaya/io-http";
import { createFetch, HttpAgent } from "@pimalaya/io-http/agent";
import { HttpCookieJar } from "@pimalaya/io-http/cookies";
import { VERSION } from "../../agent/fetch/version.ts";
import {
  type Case,
  failure,
  outcome,
  seen,
  testCases,
  testLines,
} from "./_fetch.ts";
import { ok, respond, serve } from "./_network.ts";
import { startOrigin } from "./_origin.ts";

const REDIRECTED = [301, 302, 303, 307, 308];
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"];

testCases(
  "redirects",
  REDIRECTED.flatMap((status) =>
    METHODS.map((asked): Case => {
      const body = /^P/.test(asked) ? "body" : undefined;
      const type = body === undefined ? null : "text/plain;charset=UTF-8";
      const becomesGet = asked !== "HEAD" &&
        (status === 303 || (asked === "POST" && status < 303));
      return [
        `the method and the body after a ${status} to ${asked}`,
        async (fetch) => {
          const init = { method: asked, ...(body && { body }) };
          const response = await fetch(`/to/${status}?/echo`, init);
          const text = await response.text();
          if (asked === "HEAD") return [response.redirected, text];
          const { method, body: sent, headers } = JSON.parse(text);
          return [method, sent, headers["content-type"] ?? null];
        },
        asked === "HEAD"
          ? [true, ""]
          : becomesGet
          ? ["GET", "", null]
          : [asked, body ?? "", type],
      ];
    })
  ),
);

testLines(
  "redirects",
  `
/to/302?/text%23to#from > 200 redirected /text: text
/to/302 > 302 /to/302: moved | it drops the body
/to/302?http:// > TypeError
/to/302?data:,x > TypeError
/to/302?mailto:a@b > TypeError
/to/302?blob:x > TypeError
/to/302?http://127.0.0.1:25/ > TypeError
redirect=manual /to/301?/text > 301 /to/301?/text: moved
redirect=manual /to/302?/text > 302 /to/302?/text: moved
redirect=manual /to/303?/text > 303 /to/303?/text: moved
redirect=manual /to/307?/text > 307 /to/307?/text: moved
redirect=manual /to/308?/text > 308 /to/308?/text: moved
redirect=error /to/302?/text > TypeError
redirect=error /to/302 > TypeError
redirect=error /text > 200 /text: text
`,
);

testCases("redirects", [
  [
    "a stream under 307",
    (fetch) => {
      const { body } = new Response("x");
      const init = { method: "POST", body, duplex: "half" };
      return failure(fetch("/to/307?/echo", init));
    },
    "TypeError",
    "it keeps what a stream was made from",
  ],
  [
    "a Request with text under 307",
    async (fetch, origin) => {
      const url = `${origin}/to/307?/echo`;
      const request = new Request(url, { method: "POST", body: "x" });
      const { body, headers } = await seen(fetch(request));
      return [body, headers["content-length"], request.bodyUsed];
    },
    ["x", "1", true],
  ],
]);

testLines(
  "responses",
  `
/status/200 > 200 /status/200: Odd
/status/206 > 206 /status/206: Odd
/status/299 > 299 /status/299: Odd
/status/404 > 404 /status/404: Odd
/status/599 > 599 /status/599: Odd
/status/600 > 600 /status/600: Odd
/status/999 > 999 /status/999: Odd
/cut > 200 /cut: TypeError
/cut-gzip > 200 /cut-gzip: TypeError
http://127.0.0.1:2/ > TypeError
ftp://a.test/ > TypeError
about:blank > TypeError
ws://a.test/ > TypeError
data:x > TypeError
data:;base64,a > TypeError
data:;base64,%ff > TypeError
`,
);

testCases("responses", [
  ...[204, 205, 304].map((status): Case => [
    `the status ${status} without a body`,
    async (fetch) => {
      const response = await fetch(`/status/${status}`);
      return [response.status, response.body, await response.text()];
    },
    [status, null, ""],
  ]),
  [
    "no body in the response to HEAD",
    async (fetch) => {
      const response = await fetch("/text", { method: "HEAD" });
      return [response.body, await response.text()];
    },
    [null, ""],
  ],
  [
    "the reason phrase as it was sent",
    async (fetch) => {
      const response = await fetch("/status/200");
      await response.text();
      return response.statusText;
    },
    "Odd",
    "its reason phrase is that of the registry",
  ],
  [
    "fields that come more than once",
    async (fetch) => {
      const { headers, body } = await fetch("/twice");
      await body?.cancel();
      const cookies = headers.getSetCookie();
      return [headers.get("x-twice"), headers.get("set-cookie"), cookies];
    },
    ["1, 2", "a=1, b=2", ["a=1", "b=2"]],
  ],
  [
    "headers that cannot be changed, also of a clone",
    async (fetch) => {
      const response = await fetch("/text");
      const clone = response.clone();
      for (const { headers } of [response, clone]) {
        assertThrows(() => headers.set("a", "b"), TypeError);
        assertThrows(() => headers.append("a", "b"), TypeError);
        assertThrows(() => headers.delete("date"), TypeError);
        assert(headers.has("date"));
      }
      return await Promise.all([response.text(), clone.text()]);
    },
    ["text", "text"],
  ],
  [
    "the URL, the redirect, the type, and the status of a clone",
    async (fetch) => {
      const response = await fetch("/to/302?/status/600#x");
      const clone = response.clone();
      await response.text();
      assert(clone instanceof Response);
      return await outcome(Promise.resolve(clone.clone()));
    },
    "600 redirected /status/600: Odd",
  ],
  [
    "a body that is read once",
    async (fetch) => {
      const response = await fetch("/text");
      const before = response.bodyUsed;
      await response.arrayBuffer();
      return [before, response.bodyUsed, await failure(response.text())];
    },
    [false, true, "TypeError"],
  ],
  [
    "a Response that makes another one",
    async (fetch) => {
      const response = await fetch("/status/201");
      const copy = new Response(response.body, response);
      return [copy.status, copy.headers.has("date"), await copy.text()];
    },
    [201, true, "Odd"],
  ],
  [
    "a body without its coding, and the fields of the coded one",
    async (fetch) => {
      const response = await fetch("/gzip");
      const { headers } = response;
      return [
        headers.get("content-encoding"),
        headers.has("content-length"),
        await response.text(),
      ];
    },
    ["gzip", true, "zipped"],
  ],
  [
    "a response that starts another protocol",
    (fetch) => {
      const headers = { Connection: "Upgrade", Upgrade: "a" };
      return failure(fetch("/upgrade", { headers }));
    },
    "TypeError",
    "it returns it",
  ],
]);

const DATA: [url: string, type: string, text: string][] = [
  ["data:,x", "text/plain;charset=US-ASCII", "x"],
  ["data:,a%20b%zz%2#frag", "text/plain;charset=US-ASCII", "a b%zz%2"],
  ["data:text/html,<p>", "text/html", "<p>"],
  ["data:;charset=x,y", "text/plain;charset=x", "y"],
  ["data:text/plain;base64,aGk=", "text/plain", "hi"],
  ["data:text/plain;BASE64,aGk", "text/plain", "hi"],
  ["data:text/plain; base64 ,aG k%3D", "text/plain", "hi"],
  ["data:text/plain;base64;x=y,aGk=", "text/plain;x=y", "aGk="],
  ['data:a/b;c="d;e\\"f",', 'a/b;c="d;e\\"f"', ""],
  ["data:A/B;C=D;c=e;f;g=,", "a/b;c=D", ""],
  ["data:no type,x", "text/plain;charset=US-ASCII", "x"],
];

testCases("data: and blob:", [
  ...DATA.map(([url, type, text]): Case => [
    url,
    async (fetch) => {
      const response = await fetch(url);
      const contentType = response.headers.get("content-type");
      return [contentType, await outcome(Promise.resolve(response))];
    },
    [type, `200 ${url.replace("#frag", "")}: ${text}`],
    url.includes("%zz") ? "it drops the %" : undefined,
  ]),
  [
    "HEAD of data:",
    async (fetch) => (await fetch("data:,x", { method: "HEAD" })).body,
    null,
  ],
  [
    "blob:",
    async (fetch) => {
      const url = URL.createObjectURL(new Blob(["x"], { type: "a/b" }));
      const response = await fetch(url);
      URL.revokeObjectURL(url);
      const type = response.headers.get("content-type");
      return [type, await response.text(), await failure(fetch(url))];
    },
    ["a/b", "x", "TypeError"],
  ],
]);

async function hashOf(name: string): Promise<string> {
  const bytes = new TextEncoder().encode("text");
  const digest = await crypto.subtle.digest(name, bytes);
  const base64 = btoa(String.fromCharCode(...new Uint8Array(digest)));
  return `${name.toLowerCase().replace("sha-", "sha")}-${base64}`;
}

const [SHA256, SHA384, SHA512] = await Promise.all(
  ["SHA-256", "SHA-384", "SHA-512"].map(hashOf),
) as [string, string, string];
const wrong = (hash: string) => hash.replace(/-./, "-_");

for (
  const [what, integrity, isMatch] of [
    ["the hash of the body", SHA256, true],
    ["another hash", wrong(SHA256), false],
    ["one right hash of several", `${wrong(SHA256)} ${SHA256}?option`, true],
    ["what is no hash", "md5-x unknown sha256", true],
    ["blanks", "  ", true],
    ["SHA-384", SHA384, true],
    ["SHA-512", SHA512, true],
    ["a stronger hash, and a wrong weaker", `${wrong(SHA256)} ${SHA384}`, true],
    [
      "a weaker hash, and a wrong stronger",
      `${SHA384} ${wrong(SHA512)}`,
      false,
    ],
  ] as const
) {
  Deno.test(`fetch ${isMatch ? "accepts" : "rejects"} the integrity of ${what}`, async () => {
    await using origin = await startOrigin();
    await using fetch = createFetch();
    const fetched = fetch(`${origin.url}/text`, { integrity });
    assertEquals(
      await outcome(fetched),
      isMatch ? "200 /text: text" : "TypeError",
    );
  });
}

Deno.test("fetch: failures have a cause, which says more", async () => {
  await using origin = await startOrigin();
  await using fetch = createFetch();
  const read = async (path: string, init: RequestInit = {}) =>
    await (await fetch(origin.url + path, init)).text();
  const once = { method: "POST", body: new Response("once").body };
  for (
    const [expected, fetchIt] of [
      ["InvalidContentCoding", () => read("/cut-gzip")],
      ["UnexpectedEof", () => read("/cut")],
      ["UnexpectedRedirect", () => read("/to/302?/x", { redirect: "error" })],
      ["UnexpectedRedirect", () => read("/to/307?/x", once)],
      ["ConnectFailed", () => fetch("http://127.0.0.1:1/blocked")],
    ] as const
  ) {
    const { cause } = await assertRejects(fetchIt, TypeError);
    assert(cause instanceof HttpError && cause.code === expected);
  }
});

Deno.test("fetch goes to no port that is blocked, also by a redirect", async () => {
  const { network, agent } = serve(() =>
    respond("302 Found", "", { Location: "http://a.test:25/" })
  );
  await using _ = agent;
  for (const url of ["http://a.test:25/", "http://a.test/"]) {
    await assertRejects(() => agent.fetch(url), TypeError, "port 25");
  }
  assertEquals(network.targets, [{ hostname: "a.test", port: 80 }]);
});

Deno.test('fetch with credentials: "omit" uses no cookies and no credentials but those of a proxy', async () => {
  const cookies = new HttpCookieJar();
  cookies.store(new URL("http://a.test/"), ["a=1"], 0);
  const { network, agent } = serve(
    ({ head }) =>
      /\r\nproxy-authorization:/i.test(head)
        ? /\r\nauthorization:/i.test(head)
          ? ok("in", { "Set-Cookie": "b=2" })
          : respond("401 No", "", { "WWW-Authenticate": "Basic" })
        : respond("407 No", "", { "Proxy-Authenticate": "Basic" }),
    {
      cookies,
      proxy: "http://proxy.test",
      credentials: () => new HttpAuthBasic("u", "p"),
    },
  );
  await using _ = agent;
  for (const url of ["http://a.test/", "http://u:p@a.test/"]) {
    const credentials = "omit";
    assertEquals((await agent.fetch(url)).status, 200);
    assertEquals((await agent.fetch(url, { credentials })).status, 401);
    const request = new Request("http://a.test/", { credentials });
    assertEquals((await agent.fetch(request)).status, 401);
    assertEquals(network.sent("Cookie").at(-1), null);
  }
});

Deno.test("fetch: a Response without a body, or that cannot be made, gives its connection back", async () => {
  await using origin = await startOrigin();
  await using agent = new HttpAgent();
  const { body } = await agent.fetch(`${origin.url}/status/304`);
  assertEquals([body, agent.stats().busy], [null, 0]);
  const { append } = Headers.prototype;
  Headers.prototype.append = () => {
    throw new RangeError("No more headers");
  };
  try {
    for (const path of ["/slow", "/status/204", "/gzip"]) {
      await assertRejects(() => agent.fetch(origin.url + path), RangeError);
      assertEquals(agent.stats().busy, 0);
    }
  } finally {
    Headers.prototype.append = append;
  }
});

Deno.test("fetch has the name and the length of the runtime's, and the version of the package", () => {
  const { name, length } = createFetch();
  assertEquals([name, length], ["fetch", 1]);
  const url = new URL("../../deno.json", import.meta.url);
  assertEquals(VERSION, JSON.parse(Deno.readTextFileSync(url)).version);
});
