// `fetch` (docs/policies.md, "fetch"): what it sends, and how it is aborted.

import { assertEquals } from "@std/assert";
import { Secret } from "@pimalaya/io-http";
import { createFetch } from "@pimalaya/io-http/agent";
import { type Case, failure, type Fetch, seen, testCases } from "./_fetch.ts";
import { startOrigin } from "./_origin.ts";

const BODY_TYPES: [
  kind: string,
  make: () => BodyInit,
  body: string,
  type: string | null,
][] = [
  ["a string", () => "é", "é", "text/plain;charset=UTF-8"],
  ["an empty string", () => "", "", "text/plain;charset=UTF-8"],
  ["a Uint8Array", () => new TextEncoder().encode("-x").subarray(1), "x", null],
  [
    "a DataView",
    () => new DataView(new TextEncoder().encode("x").buffer),
    "x",
    null,
  ],
  ["an ArrayBuffer", () => new TextEncoder().encode("x").buffer, "x", null],
  ["a Blob", () => new Blob(["x"], { type: "a/b" }), "x", "a/b"],
  ["a Blob without a type", () => new Blob(["x"]), "x", null],
  [
    "URLSearchParams",
    () => new URLSearchParams({ "a b": "é" }),
    "a+b=%C3%A9",
    "application/x-www-form-urlencoded;charset=UTF-8",
  ],
  ["a number", () => 1 as unknown as string, "1", "text/plain;charset=UTF-8"],
];

const BODIES: Case[] = [
  ...BODY_TYPES.flatMap(([kind, make, body, type]) => [
    {
      name: kind,
      run: async (fetch: Fetch, origin: string) => {
        const init = { method: "POST", body: make() };
        const { headers, body } = await seen(fetch(`${origin}/echo`, init));
        return [
          body,
          headers["content-type"] ?? null,
          headers["content-length"],
        ];
      },
      expected: [body, type, String(new TextEncoder().encode(body).length)],
    },
    {
      name: `${kind} in a Request`,
      run: async (fetch: Fetch, origin: string) => {
        const init = { method: "POST", body: make() };
        const request = new Request(`${origin}/echo`, init);
        const { headers, body } = await seen(fetch(request));
        return [
          body,
          headers["content-type"] ?? null,
          headers["content-length"],
        ];
      },
      expected: [body, type, String(new TextEncoder().encode(body).length)],
    },
  ]),
  {
    name: "FormData",
    run: async (fetch, origin) => {
      const form = new FormData();
      form.append('a"\n', "1\n2");
      form.append("f", new File(["x"], 'n"\r.txt', { type: "a/b" }));
      form.append("g", new Blob(["y"]));
      const { headers, body } = await seen(
        fetch(`${origin}/echo`, { method: "POST", body: form }),
      );
      const [type, boundary] = headers["content-type"]!.split("; boundary=");
      const isWhole = Number(headers["content-length"]) === body.length;
      const lines = body.replaceAll(boundary!, "B").trimEnd().split("\r\n");
      return [type, isWhole, lines];
    },
    expected: ["multipart/form-data", true, [
      "--B",
      'Content-Disposition: form-data; name="a%22%0D%0A"',
      "",
      "1",
      "2",
      "--B",
      'Content-Disposition: form-data; name="f"; filename="n%22%0D.txt"',
      "Content-Type: a/b",
      "",
      "x",
      "--B",
      'Content-Disposition: form-data; name="g"; filename="blob"',
      "Content-Type: application/octet-stream",
      "",
      "y",
      "--B--",
    ]],
  },
  {
    name: "a stream that is written as it is read",
    run: async (fetch, origin) => {
      const pieces = ["a", "b"];
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 0));
          const piece = pieces.shift();
          if (piece === undefined) return controller.close();
          controller.enqueue(new TextEncoder().encode(piece));
        },
      });
      const sent = await seen(
        fetch(`${origin}/echo`, { method: "POST", body, duplex: "half" }),
      );
      return [sent.body, sent.headers["transfer-encoding"]];
    },
    expected: ["ab", "chunked"],
  },
  {
    name: "a stream in a Request, which waits",
    run: async (fetch, origin) => {
      const { readable, writable } = new TransformStream<
        Uint8Array,
        Uint8Array
      >();
      const init = { method: "POST", body: readable, duplex: "half" };
      const sent = seen(fetch(new Request(`${origin}/echo`, init)));
      const writer = writable.getWriter();
      for (const text of ["a", "b"]) {
        await writer.write(new TextEncoder().encode(text));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await writer.close();
      return [(await sent).body, (await sent).headers["transfer-encoding"]];
    },
    expected: ["ab", "chunked"],
  },
  {
    name: "a stream that fails",
    run: (fetch, origin) => {
      const body = new ReadableStream<Uint8Array>({
        pull: () => {
          throw new RangeError("Broken");
        },
      });
      const init = { method: "POST", body, duplex: "half" };
      return failure(fetch(`${origin}/echo`, init));
    },
    expected: "RangeError",
    denoDiffers: "it says TypeError",
  },
  {
    name: "a locked stream, one that was used, and a body with GET",
    run: async (fetch, origin) => {
      const locked = new ReadableStream<Uint8Array>();
      locked.getReader();
      const used = new Request(origin, { method: "POST", body: "x" });
      await used.text();
      return await Promise.all([
        failure(
          fetch(origin, { method: "POST", body: locked, duplex: "half" }),
        ),
        failure(fetch(used)),
        failure(fetch(origin, { body: "x" })),
        failure(fetch(origin, { method: "head", body: "x" })),
      ]);
    },
    expected: Array(4).fill("TypeError"),
  },
];

const REQUESTS: Case[] = [
  ...([
    ["get", "GET"],
    ["Head", null],
    ["post", "POST"],
    ["dELETE", "DELETE"],
    ["PROPFIND", "PROPFIND"],
  ] as const).map(([given, expected]): Case => ({
    name: `the method ${given}`,
    run: async (fetch, origin) => {
      const response = await fetch(`${origin}/echo`, { method: given });
      const text = await response.text();
      return text === "" ? null : JSON.parse(text).method;
    },
    expected,
  })),
  {
    name: "arguments that are invalid",
    run: async (fetch, origin) => {
      const inits: RequestInit[] = [
        { method: "a b" },
        { method: "CONNECT" },
        { method: "trace" },
        { redirect: "never" as RequestRedirect },
        { mode: "navigate" },
        { cache: "only-if-cached" },
        { credentials: "none" as RequestCredentials },
        { headers: { "a b": "x" } },
        { headers: { a: "\u0100" } },
        { headers: [["a"]] as unknown as [string, string][] },
        { signal: {} as AbortSignal },
      ];
      return await Promise.all([
        ...inits.map((init) => failure(fetch(origin, init))),
        failure(fetch("/relative")),
        failure(fetch("http://")),
        failure(fetch("http://127.0.0.1:25/")),
        failure((fetch as () => Promise<Response>)()),
      ]);
    },
    expected: Array(15).fill("TypeError"),
  },
  {
    name: "window and duplex, of which only one value each is known",
    run: async (fetch, origin) => [
      await failure(fetch(origin, { window: 1 })),
      await failure(fetch(origin, { duplex: "full" })),
    ],
    expected: ["TypeError", "TypeError"],
    denoDiffers: "it knows neither",
  },
  {
    name: "headers in each form, without blanks around their values",
    run: async (fetch, origin) => {
      const inits = [
        { "X-A": "\n a b\r\n" },
        [["x-a", "a b"]] as [string, string][],
        new Headers({ "x-a": " a b " }),
        new Map([["x-a", "a b"]]) as unknown as [string, string][],
      ];
      return await Promise.all(
        inits.map(async (headers) =>
          (await seen(fetch(`${origin}/echo`, { headers }))).headers["x-a"]
        ),
      );
    },
    expected: Array(4).fill("a b"),
  },
  {
    name: "fields that a browser would forbid",
    run: async (fetch, origin) => {
      const sent = await seen(fetch(`${origin}/echo`, {
        headers: { Host: "a.test", Cookie: "a=1", Origin: "b", Referer: "c" },
      }));
      const { host, cookie, origin: from, referer } = sent.headers;
      return [host, cookie, from, referer];
    },
    expected: ["a.test", "a=1", "b", "c"],
    denoDiffers: "it writes Host itself",
  },
  {
    name: "framing of the caller's, which is ignored",
    run: async (fetch, origin) => {
      const { headers, body } = await seen(fetch(`${origin}/echo`, {
        method: "POST",
        body: "x",
        headers: { "content-length": "9", "Transfer-Encoding": "chunked" },
      }));
      return [body, headers["content-length"], headers["transfer-encoding"]];
    },
    expected: ["x", "1", undefined],
    denoDiffers: "it sends Transfer-Encoding",
  },
  {
    name: "an init over a Request",
    run: async (fetch, origin) => {
      const request = new Request(`${origin}/to/307?/echo`, {
        method: "POST",
        body: "x",
        headers: { a: "1", b: "1" },
        redirect: "manual",
      });
      const { method, body, headers } = await seen(fetch(request, {
        method: "PUT",
        body: "y",
        headers: { a: "2" },
        redirect: "follow",
      }));
      return [method, body, headers.a, headers.b];
    },
    expected: ["PUT", "y", "2", undefined],
  },
  {
    name: "the mode of a Request",
    run: async (fetch, origin) => {
      const to = `${origin}/to/302?/text`;
      const manual = await fetch(new Request(to, { redirect: "manual" }));
      await manual.text();
      const error = failure(fetch(new Request(to, { redirect: "error" })));
      return [manual.status, await error];
    },
    expected: [302, "TypeError"],
  },
  {
    name: "a URL, and what becomes one",
    run: async (fetch, origin) =>
      await Promise.all([new URL(origin), { toString: () => origin }].map(
        async (input) => await (await fetch(input as URL)).text(),
      )),
    expected: ["text", "text"],
  },
  ...([
    ["default", undefined, undefined],
    ["no-cache", "max-age=0", undefined],
    ["no-store", "no-cache", "no-cache"],
    ["reload", "no-cache", "no-cache"],
  ] as const).map(([cache, control, pragma]): Case => ({
    name: `the cache mode ${cache}`,
    run: async (fetch, origin) => {
      const { headers } = await seen(fetch(`${origin}/echo`, { cache }));
      return [headers["cache-control"], headers.pragma];
    },
    expected: [control, pragma],
    ...(control !== undefined && { denoDiffers: "it has no cache" }),
  })),
];

const ABORTS: Case[] = [
  {
    name: "before the call, with the reason, and without a request",
    run: async (fetch, origin) => {
      const canceled: unknown[] = [];
      const body = new ReadableStream({
        cancel: (why) => void canceled.push(why),
      });
      const signal = AbortSignal.abort("why");
      const results = [
        failure(fetch(`${origin}/text`, { signal })),
        failure(fetch(new Request(`${origin}/text`, { signal }))),
        failure(fetch(`${origin}/text`, {
          method: "POST",
          body,
          signal,
          duplex: "half",
        })),
      ];
      return [canceled.length, ...await Promise.all(results)];
    },
    expected: [1, "why", "why", "why"],
  },
  {
    name: "while the response is awaited",
    run: async (fetch, origin) => {
      const { readable } = new TransformStream<Uint8Array, Uint8Array>();
      const controller = new AbortController();
      const pending = failure(fetch(`${origin}/echo`, {
        method: "POST",
        body: readable,
        duplex: "half",
        signal: controller.signal,
      }));
      setTimeout(() => controller.abort("why"), 20);
      return await pending;
    },
    expected: "why",
  },
  ...["text", "json", "arrayBuffer", "blob", "bytes"].map((method): Case => ({
    name: `while ${method}() reads, and before it does`,
    run: async (fetch, origin) => {
      const read = async (early: boolean) => {
        const controller = new AbortController();
        const { signal } = controller;
        const response = await fetch(`${origin}/slow`, { signal });
        if (early) controller.abort("why");
        const body = response[method as "text"]();
        controller.abort("why");
        return await failure(body);
      };
      return [await read(true), await read(false)];
    },
    expected: ["why", "why"],
  })),
  {
    name: "while a stream is read",
    run: async (fetch, origin) => {
      const controller = new AbortController();
      const { signal } = controller;
      const response = await fetch(`${origin}/slow`, { signal });
      const clone = response.clone();
      const reader = response.body!.getReader();
      const { value } = await reader.read();
      const next = reader.read();
      controller.abort("why");
      return [
        value?.length,
        await failure(next),
        await failure(reader.closed),
        await failure(clone.text()),
      ];
    },
    expected: [1, "why", "why", "why"],
  },
  {
    name: "after the end",
    run: async (fetch, origin) => {
      const controller = new AbortController();
      const { signal } = controller;
      const response = await fetch(`${origin}/text`, { signal });
      const text = await response.text();
      controller.abort();
      return [text, response.bodyUsed];
    },
    expected: ["text", true],
  },
  {
    name: "by a signal of a Request",
    run: async (fetch, origin) => {
      const controller = new AbortController();
      const { signal } = controller;
      const response = await fetch(new Request(`${origin}/slow`, { signal }));
      const text = response.text();
      controller.abort("why");
      return await failure(text);
    },
    expected: "why",
  },
];

testCases("bodies", BODIES);
testCases("requests", REQUESTS);
testCases("aborts", ABORTS);

Deno.test("fetch, aborts: the body of a response that is here", async () => {
  await using origin = await startOrigin();
  const controller = new AbortController();
  const { signal } = controller;
  await using fetch = createFetch();
  const response = await fetch(`${origin.url}/text`, { signal });
  controller.abort("why");
  const log: unknown[] = [];
  await Promise.all([
    response.text().catch((reason) => log.push(reason)),
    Promise.resolve().then(() => log.push("next")),
  ]);
  assertEquals(log, ["why", "next"]);
});

Deno.test("fetch, aborts: reach the server, also by a stream that is canceled", async () => {
  await using origin = await startOrigin();
  await using fetch = createFetch();
  const response = await fetch(`${origin.url}/slow`);
  await response.body!.cancel();
  await origin.slowClosed;
});

Deno.test("fetch sends fields that the caller may replace, or the agent", async () => {
  await using origin = await startOrigin();
  const url = `${origin.url}/echo`;
  const sent = async (fetch: Fetch, headers: HeadersInit = {}) => {
    const { headers: fields } = await seen(fetch(url, { headers }));
    const { host: _, ...rest } = fields;
    return rest;
  };
  const { version } = JSON.parse(
    Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)),
  );
  const defaults = {
    accept: "*/*",
    "accept-language": "*",
    "accept-encoding": "gzip, deflate, br",
    "user-agent": `io-http/${version}`,
  };
  await using fetch = createFetch();
  assertEquals(await sent(fetch), defaults);
  const own = {
    accept: "a",
    "accept-language": "b",
    "accept-encoding": "gzip",
    "user-agent": "c",
  };
  assertEquals(await sent(fetch, own), own);
  await using changed = createFetch({ headers: own });
  assertEquals(await sent(changed), own);
  assertEquals(await sent(fetch, { Range: "bytes=0-" }), {
    ...defaults,
    range: "bytes=0-",
    "accept-encoding": "identity",
  });
  await using bare = createFetch({
    headers: { Accept: null, "accept-language": null, "User-Agent": null },
    decode: false,
  });
  assertEquals(await sent(bare), {});
  const secret = { "X-Key": new Secret("s") } as unknown as HeadersInit;
  assertEquals((await sent(fetch, secret))["x-key"], "s");
});

Deno.test("fetch has the name and the length of the runtime's", () => {
  const { name, length } = createFetch();
  assertEquals([name, length], ["fetch", 1]);
});
