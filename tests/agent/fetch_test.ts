// `fetch` (docs/policies.md, "fetch"): the cases of the web platform tests that need no
// browser.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HttpAuthBasic, HttpError } from "@pimalaya/io-http";
import { createFetch, HttpAgent } from "@pimalaya/io-http/agent";
import { HttpCookieJar } from "@pimalaya/io-http/cookies";
import { VERSION } from "../../agent/fetch/version.ts";
import { type Case, failure, seen, summary, testCases } from "./_fetch.ts";
import { Network, ok, respond } from "./_network.ts";
import { startOrigin } from "./_origin.ts";

const REDIRECTED = [301, 302, 303, 307, 308];

const REDIRECTS: Case[] = [
  ...REDIRECTED.flatMap((status) =>
    ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"].map((asked): Case => ({
      name: `a ${status} to ${asked}`,
      run: async (fetch, origin) => {
        const hasBody = ["POST", "PUT", "PATCH"].includes(asked);
        const response = await fetch(`${origin}/to/${status}?/echo`, {
          method: asked,
          ...(hasBody && { body: "body" }),
        });
        const text = await response.text();
        if (asked === "HEAD") return [response.redirected, text];
        const { method, body, headers } = JSON.parse(text);
        return [method, body, headers["content-type"] ?? null];
      },
      expected: asked === "HEAD"
        ? [true, ""]
        : status === 303 || asked === "POST" && status < 303
        ? ["GET", "", null]
        : ["POST", "PUT", "PATCH"].includes(asked)
        ? [asked, "body", "text/plain;charset=UTF-8"]
        : [asked, "", null],
    }))
  ),
  {
    name: "the URL of a redirect, without the fragment",
    run: async (fetch, origin) =>
      await summary(await fetch(`${origin}/to/302?/text%23to#from`)),
    expected: [200, "basic", true, "/text", "text"],
  },
  {
    name: "a redirect without a Location",
    run: async (fetch, origin) =>
      await summary(await fetch(`${origin}/to/302`)),
    expected: [302, "basic", false, "/to/302", "moved"],
    denoDiffers: "it drops the body",
  },
  ...["http://", "data:,x", "mailto:a@b", "blob:x"].map((location): Case => ({
    name: `a redirect to ${location}`,
    run: (fetch, origin) => failure(fetch(`${origin}/to/302?${location}`)),
    expected: "TypeError",
  })),
  {
    name: "a redirect to a blocked port",
    run: (fetch, origin) =>
      failure(fetch(`${origin}/to/302?http://127.0.0.1:25/`)),
    expected: "TypeError",
  },
  ...REDIRECTED.map((status): Case => ({
    name: `a ${status} with the mode manual`,
    run: async (fetch, origin) => {
      const path = `/to/${status}?/text`;
      return await summary(await fetch(origin + path, { redirect: "manual" }));
    },
    expected: [status, "basic", false, `/to/${status}?/text`, "moved"],
  })),
  ...["?/text", ""].map((query): Case => ({
    name: `a 302${query} with the mode error`,
    run: (fetch, origin) =>
      failure(fetch(`${origin}/to/302${query}`, { redirect: "error" })),
    expected: "TypeError",
  })),
  {
    name: "a 200 with the mode error",
    run: async (
      fetch,
      origin,
    ) => (await (await fetch(`${origin}/text`, { redirect: "error" })).text()),
    expected: "text",
  },
  {
    name: "a stream under 307",
    run: (fetch, origin) => {
      const { body } = new Response("x");
      const init = { method: "POST", body, duplex: "half" };
      return failure(fetch(`${origin}/to/307?/echo`, init));
    },
    expected: "TypeError",
    denoDiffers: "it keeps what a stream was made from",
  },
  {
    name: "a Request with text under 307",
    run: async (fetch, origin) => {
      const url = `${origin}/to/307?/echo`;
      const request = new Request(url, { method: "POST", body: "x" });
      const { body, headers } = await seen(fetch(request));
      return [body, headers["content-length"], request.bodyUsed];
    },
    expected: ["x", "1", true],
  },
];

const RESPONSES: Case[] = [
  ...[200, 201, 206, 299, 400, 404, 451, 500, 599].map((status): Case => ({
    name: `the status ${status}`,
    run: async (fetch, origin) => {
      const response = await fetch(`${origin}/status/${status}`);
      return [response.ok, await summary(response)];
    },
    expected: [
      status < 300,
      [status, "basic", false, `/status/${status}`, "Odd"],
    ],
  })),
  ...[600, 999].map((status): Case => ({
    name: `the status ${status}, which no Response can be made with`,
    run: async (fetch, origin) => {
      const response = await fetch(`${origin}/status/${status}`);
      return [response.ok, response.clone().status, await summary(response)];
    },
    expected: [
      false,
      status,
      [status, "basic", false, `/status/${status}`, "Odd"],
    ],
  })),
  ...[204, 205, 304].map((status): Case => ({
    name: `the status ${status} without a body`,
    run: async (fetch, origin) => {
      const response = await fetch(`${origin}/status/${status}`);
      return [response.status, response.body, await response.text()];
    },
    expected: [status, null, ""],
  })),
  {
    name: "no body in the response to HEAD",
    run: async (fetch, origin) => {
      const response = await fetch(`${origin}/text`, { method: "HEAD" });
      return [response.body, await response.text()];
    },
    expected: [null, ""],
  },
  {
    name: "the reason phrase as it was sent",
    run: async (fetch, origin) => {
      const response = await fetch(`${origin}/status/200`);
      await response.text();
      return response.statusText;
    },
    expected: "Odd",
    denoDiffers: "its reason phrase is that of the registry",
  },
  {
    name: "fields that come more than once",
    run: async (fetch, origin) => {
      const { headers, body } = await fetch(`${origin}/twice`);
      await body?.cancel();
      return [
        headers.get("x-twice"),
        headers.get("set-cookie"),
        headers.getSetCookie(),
      ];
    },
    expected: ["1, 2", "a=1, b=2", ["a=1", "b=2"]],
  },
  {
    name: "headers that cannot be changed, also of a clone",
    run: async (fetch, origin) => {
      const response = await fetch(`${origin}/text`);
      const clone = response.clone();
      const faults = [response, clone].flatMap(({ headers }) => [
        assertThrows(() => headers.set("a", "b"), TypeError).name,
        assertThrows(() => headers.append("a", "b"), TypeError).name,
        assertThrows(() => headers.delete("date"), TypeError).name,
        headers.has("date"),
      ]);
      await Promise.all([response.text(), clone.text()]);
      return faults;
    },
    expected: [
      ...["TypeError", "TypeError", "TypeError", true],
      ...["TypeError", "TypeError", "TypeError", true],
    ],
  },
  {
    name: "the URL, the redirect, and the type of a clone",
    run: async (fetch, origin) => {
      const response = await fetch(`${origin}/to/302?/text#x`);
      const clone = response.clone();
      await response.text();
      return [clone instanceof Response, await summary(clone.clone())];
    },
    expected: [true, [200, "basic", true, "/text", "text"]],
  },
  {
    name: "a body that is read once",
    run: async (fetch, origin) => {
      const response = await fetch(`${origin}/text`);
      const before = response.bodyUsed;
      await response.arrayBuffer();
      const again = await failure(response.text());
      return [before, response.bodyUsed, again];
    },
    expected: [false, true, "TypeError"],
  },
  {
    name: "a Response that makes another one",
    run: async (fetch, origin) => {
      const response = await fetch(`${origin}/status/201`);
      const copy = new Response(response.body, response);
      return [copy.status, copy.headers.has("date"), await copy.text()];
    },
    expected: [201, true, "Odd"],
  },
  {
    name: "a body without its coding, and the fields of the coded one",
    run: async (fetch, origin) => {
      const response = await fetch(`${origin}/gzip`);
      const coding = response.headers.get("content-encoding");
      return [coding, await response.text()];
    },
    expected: ["gzip", "zipped"],
  },
  ...["/cut", "/cut-gzip"].map((path): Case => ({
    name: `a body that ends too early (${path})`,
    run: async (fetch, origin) => {
      const response = await fetch(origin + path);
      return [response.status, await failure(response.text())];
    },
    expected: [200, "TypeError"],
  })),
  {
    name: "a response that starts another protocol",
    run: (fetch, origin) => {
      const headers = { Connection: "Upgrade", Upgrade: "a" };
      return failure(fetch(`${origin}/upgrade`, { headers }));
    },
    expected: "TypeError",
    denoDiffers: "it returns it",
  },
  {
    name: "no server",
    run: (fetch) => failure(fetch("http://127.0.0.1:2/")),
    expected: "TypeError",
  },
];

const DATA: Case[] = [
  ...([
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
  ] as const).map(([url, type, text]): Case => ({
    name: url,
    run: async (fetch) => {
      const response = await fetch(url);
      return [
        response.status,
        response.url === url.replace("#frag", ""),
        response.headers.get("content-type"),
        await response.text(),
      ];
    },
    expected: [200, true, type, text],
    ...(url.includes("%zz") && { denoDiffers: "it drops the %" }),
  })),
  ...["data:x", "data:;base64,a", "data:;base64,%ff"].map((url): Case => ({
    name: `${url}, which is invalid`,
    run: (fetch) => failure(fetch(url)),
    expected: "TypeError",
  })),
  {
    name: "HEAD",
    run: async (fetch) => (await fetch("data:,x", { method: "HEAD" })).body,
    expected: null,
  },
  {
    name: "a blob: URL",
    run: async (fetch) => {
      const url = URL.createObjectURL(new Blob(["x"], { type: "a/b" }));
      const response = await fetch(url);
      const gone = URL.revokeObjectURL(url);
      return [
        response.headers.get("content-type"),
        await response.text(),
        gone,
        await failure(fetch(url)),
      ];
    },
    expected: ["a/b", "x", undefined, "TypeError"],
  },
  ...["ftp://a.test/", "about:blank", "ws://a.test/"].map((url): Case => ({
    name: url,
    run: (fetch) => failure(fetch(url)),
    expected: "TypeError",
  })),
];

// SHA-256, SHA-384, and SHA-512 of "text".
const SHA256 = "sha256-mC2ePrmW9VnmM/TRlN7zdh2Qn1o7ZH0ahR/q1nwyydE=";
const OTHER = SHA256.replace("=", "A");

const INTEGRITY: Case[] = ([
  [SHA256, "text"],
  [OTHER, "TypeError"],
  [`${OTHER} ${SHA256}?option`, "text"],
  ["md5-x unknown sha256", "text"],
  ["  ", "text"],
] as const).map(([integrity, expected]) => ({
  name: integrity,
  run: async (fetch, origin) => {
    try {
      return await (await fetch(`${origin}/text`, { integrity })).text();
    } catch (error) {
      return (error as Error).name;
    }
  },
  expected,
  ...(expected === "TypeError" && { denoDiffers: "it does not check" }),
}));

testCases("redirects", REDIRECTS);
testCases("responses", RESPONSES);
testCases("data: and blob:", DATA);
testCases("integrity", INTEGRITY);

Deno.test("fetch: a stronger hash decides, whatever the weaker ones say", async () => {
  await using origin = await startOrigin();
  const digest = async (name: string) => {
    const bytes = await crypto.subtle.digest(
      name,
      new TextEncoder().encode("text"),
    );
    return btoa(String.fromCharCode(...new Uint8Array(bytes)));
  };
  await using fetch = createFetch();
  const url = `${origin.url}/gzip`;
  for (const [name, hash] of [["sha384", "SHA-384"], ["sha512", "SHA-512"]]) {
    const right = `${name}-${await digest(hash!)}`;
    const text = await (await fetch(`${origin.url}/text`, {
      integrity: `${OTHER} ${right}`,
    })).text();
    assertEquals(text, "text");
    await assertRejects(() => fetch(url, { integrity: right }), TypeError);
  }
});

Deno.test("fetch: failures have a cause, which says more", async () => {
  await using origin = await startOrigin();
  await using fetch = createFetch();
  const causeOf = async (promise: Promise<unknown>) => {
    const error = await assertRejects(() => promise, TypeError);
    assert(error.cause instanceof HttpError);
    return error.cause.code;
  };
  const read = async (path: string) => (await fetch(origin.url + path)).text();
  assertEquals(await causeOf(read("/cut-gzip")), "InvalidContentCoding");
  assertEquals(await causeOf(read("/cut")), "UnexpectedEof");
  assertEquals(
    await causeOf(fetch(`${origin.url}/to/302?/x`, { redirect: "error" })),
    "UnexpectedRedirect",
  );
  assertEquals(
    await causeOf(fetch(`${origin.url}/to/307?/x`, {
      method: "POST",
      body: new Response("once").body,
    })),
    "UnexpectedRedirect",
  );
  assertEquals(
    await causeOf(fetch("http://127.0.0.1:1/blocked")),
    "ConnectFailed",
  );
});

Deno.test('fetch with credentials: "omit" uses no cookies and no credentials but those of a proxy', async () => {
  const network = new Network(({ head }) =>
    /\r\nproxy-authorization:/i.test(head)
      ? /\r\nauthorization:/i.test(head)
        ? ok("in", { "Set-Cookie": "b=2" })
        : respond("401 No", "", { "WWW-Authenticate": "Basic" })
      : respond("407 No", "", { "Proxy-Authenticate": "Basic" })
  );
  const cookies = new HttpCookieJar();
  cookies.store(new URL("http://a.test/"), ["a=1"], 0);
  await using agent = new HttpAgent({
    connector: network,
    cookies,
    proxy: "http://proxy.test",
    credentials: () => new HttpAuthBasic("u", "p"),
  });
  for (const url of ["http://a.test/", "http://u:p@a.test/"]) {
    const credentials = "omit";
    assertEquals((await agent.fetch(url)).status, 200);
    assertEquals((await agent.fetch(url, { credentials })).status, 401);
    const request = new Request("http://a.test/", { credentials });
    assertEquals((await agent.fetch(request)).status, 401);
    assert(!/\r\ncookie:/i.test(network.requests.at(-1)!.head));
  }
});

Deno.test("fetch: a Response that cannot be made gives its connection back", async () => {
  await using origin = await startOrigin();
  await using agent = new HttpAgent();
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

Deno.test("fetch has the version of the package", () => {
  const url = new URL("../../deno.json", import.meta.url);
  assertEquals(VERSION, JSON.parse(Deno.readTextFileSync(url)).version);
});
