// docs/fetch.md, "What each member of `RequestInit` does" and "Requests".

import { assertEquals } from "@std/assert";
import { Secret } from "@pimalaya/io-http";
import { createFetch } from "@pimalaya/io-http/agent";
import { VERSION } from "../../agent/fetch/version.ts";
import {
  type Case,
  failure,
  type Fetch,
  outcome,
  seen,
  testCases,
} from "./_fetch.ts";
import { settle } from "./_clock.ts";
import { startOrigin } from "./_origin.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const TEXT = "text/plain;charset=UTF-8";
const FORM = "application/x-www-form-urlencoded;charset=UTF-8";

const BODIES: [
  kind: string,
  make: () => BodyInit,
  body: string,
  type: string | null,
][] = [
  ["a string", () => "é", "é", TEXT],
  ["an empty string", () => "", "", TEXT],
  ["a Uint8Array", () => encode("-x").subarray(1), "x", null],
  ["a DataView", () => new DataView(encode("x").buffer), "x", null],
  ["an ArrayBuffer", () => encode("x").buffer, "x", null],
  ["a Blob", () => new Blob(["x"], { type: "a/b" }), "x", "a/b"],
  ["a Blob without a type", () => new Blob(["x"]), "x", null],
  [
    "URLSearchParams",
    () => new URLSearchParams({ "a b": "é" }),
    "a+b=%C3%A9",
    FORM,
  ],
  ["a number", () => 1 as unknown as string, "1", TEXT],
];

testCases([
  ...BODIES.map(([kind, make, body, type]): Case => [
    `Requests: fetch sends ${kind}, also in a Request`,
    async (fetch, origin) => {
      const init = () => ({ method: "POST", body: make() });
      const echoes = [
        fetch("/echo", init()),
        fetch(new Request(`${origin}/echo`, init())),
      ];
      return await Promise.all(echoes.map(async (echo) => {
        const { headers, body } = await seen(echo);
        const type = headers["content-type"] ?? null;
        return [body, type, headers["content-length"]];
      }));
    },
    Array(2).fill([body, type, `${encode(body).length}`]),
  ]),
  [
    "Requests: fetch sends FormData",
    async (fetch) => {
      const form = new FormData();
      form.append('a"\n', "1\n2");
      form.append("f", new File(["x"], 'n"\r.txt', { type: "a/b" }));
      form.append("g", new Blob(["y"]));
      const init = { method: "POST", body: form };
      const { headers, body } = await seen(fetch("/echo", init));
      const [type, boundary] = headers["content-type"]!.split("; boundary=");
      const isWhole = Number(headers["content-length"]) === body.length;
      return [type, isWhole, body.replaceAll(boundary!, "B").trimEnd()];
    },
    [
      "multipart/form-data",
      true,
      '--B\r\nContent-Disposition: form-data; name="a%22%0D%0A"\r\n\r\n' +
      '1\r\n2\r\n--B\r\nContent-Disposition: form-data; name="f"; ' +
      'filename="n%22%0D.txt"\r\nContent-Type: a/b\r\n\r\n' +
      'x\r\n--B\r\nContent-Disposition: form-data; name="g"; ' +
      'filename="blob"\r\nContent-Type: application/octet-stream\r\n\r\n' +
      "y\r\n--B--",
    ],
  ],
  [
    "Requests: fetch sends a stream as it is read, also in a Request",
    (fetch, origin) =>
      Promise.all([false, true].map(async (inRequest) => {
        const { readable, writable } = new TransformStream();
        const init = { method: "POST", body: readable, duplex: "half" };
        const input = inRequest ? new Request(`${origin}/echo`, init) : "/echo";
        const sent = seen(fetch(input, inRequest ? {} : init));
        const writer = writable.getWriter();
        for (const text of ["a", "b"]) {
          await writer.write(encode(text));
          // A Request whose body can be read without waiting is in memory.
          await settle();
        }
        await writer.close();
        return [(await sent).body, (await sent).headers["transfer-encoding"]];
      })),
    Array(2).fill(["ab", "chunked"]),
  ],
  [
    "Requests: fetch rejects with the failure of a stream",
    (fetch) => {
      const body = new ReadableStream<Uint8Array>({
        pull: () => {
          throw new RangeError("Broken");
        },
      });
      const init = { method: "POST", body, duplex: "half" };
      return failure(fetch("/echo", init));
    },
    "RangeError",
    "it says TypeError",
  ],
  [
    "Requests: fetch rejects a locked stream, and a Request that was used",
    async (fetch, origin) => {
      const locked = new ReadableStream<Uint8Array>();
      locked.getReader();
      const used = new Request(origin, { method: "POST", body: "x" });
      await used.text();
      const init = { method: "POST", body: locked, duplex: "half" };
      return await Promise.all([
        failure(fetch("/", init)),
        failure(fetch(used)),
        failure((fetch as () => Promise<Response>)()),
      ]);
    },
    Array(3).fill("TypeError"),
  ],
  [
    "RequestInit: fetch takes headers in each form",
    async (fetch) => {
      const inits = [
        { "X-A": "\n a b\r\n" },
        [["x-a", "a b"]] as [string, string][],
        new Headers({ "x-a": " a b " }),
        new Map([["x-a", "a b"]]) as unknown as [string, string][],
      ];
      return await Promise.all(
        inits.map(async (headers) =>
          (await seen(fetch("/echo", { headers }))).headers["x-a"]
        ),
      );
    },
    Array(4).fill("a b"),
  ],
  [
    "Requests: fetch prefers an init to its Request",
    async (fetch, origin) => {
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
    ["PUT", "y", "2", undefined],
  ],
  [
    "Requests: fetch follows the redirect mode of a Request",
    (fetch, origin) => {
      const to = `${origin}/to/302?/text`;
      return Promise.all(
        (["manual", "error"] as const).map((redirect) =>
          outcome(fetch(new Request(to, { redirect })))
        ),
      );
    },
    ["302 /to/302?/text: moved", "TypeError"],
  ],
  [
    "Requests: fetch takes a URL, and what becomes one",
    async (fetch, origin) =>
      await Promise.all([new URL(origin), { toString: () => origin }].map(
        async (input) => await (await fetch(input as URL)).text(),
      )),
    ["text", "text"],
  ],
]);

/** Fetches with a signal, and aborts it. */
function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort("why") };
}

testCases([
  [
    "RequestInit: a signal aborts fetch before the call, with its reason, and without a request",
    async (fetch, origin) => {
      let canceled: unknown;
      const body = new ReadableStream({
        cancel: (why) => void (canceled = why),
      });
      const signal = AbortSignal.abort("why");
      const stream = { method: "POST", body, signal, duplex: "half" };
      return await Promise.all([
        canceled,
        failure(fetch("/text", { signal })),
        failure(fetch(new Request(`${origin}/text`, { signal }))),
        failure(fetch("/text", stream)),
      ]).then(([, ...reasons]) => [canceled, ...reasons]);
    },
    ["why", "why", "why", "why"],
  ],
  [
    "RequestInit: a signal aborts fetch while the response is awaited",
    async (fetch) => {
      const { signal, abort } = abortable();
      const { readable, writable } = new TransformStream();
      const init = { method: "POST", body: readable, duplex: "half", signal };
      const pending = failure(fetch("/echo", init));
      // The request is on its way once its body is read.
      await writable.getWriter().write(encode("x"));
      abort();
      return await pending;
    },
    "why",
  ],
  ...["text", "json", "arrayBuffer", "blob", "bytes"].map((method): Case => [
    `RequestInit: a signal aborts ${method}(), also before it reads`,
    async (fetch) => {
      const read = async (early: boolean) => {
        const { signal, abort } = abortable();
        const response = await fetch("/slow", { signal });
        if (early) abort();
        const body = response[method as "text"]();
        abort();
        return await failure(body);
      };
      return [await read(true), await read(false)];
    },
    ["why", "why"],
  ]),
  [
    "RequestInit: a signal aborts a stream that is read, and that of a clone",
    async (fetch) => {
      const { signal, abort } = abortable();
      const response = await fetch("/slow", { signal });
      const clone = response.clone();
      const reader = response.body!.getReader();
      const { value } = await reader.read();
      const next = reader.read();
      abort();
      return [
        value?.length,
        await failure(next),
        await failure(reader.closed),
        await failure(clone.text()),
      ];
    },
    [1, "why", "why", "why"],
  ],
  [
    "RequestInit: a signal aborts nothing after the end",
    async (fetch) => {
      const { signal, abort } = abortable();
      const response = await fetch("/text", { signal });
      const text = await response.text();
      abort();
      return [text, response.bodyUsed];
    },
    ["text", true],
  ],
  [
    "RequestInit: a signal of a Request aborts its body",
    async (fetch, origin) => {
      const { signal, abort } = abortable();
      const response = await fetch(new Request(`${origin}/slow`, { signal }));
      const text = response.text();
      abort();
      return await failure(text);
    },
    "why",
  ],
]);

Deno.test("RequestInit: a signal aborts the body of a response that is here", async () => {
  await using origin = await startOrigin();
  const { signal, abort } = abortable();
  await using fetch = createFetch();
  const response = await fetch(`${origin.url}/text`, { signal });
  abort();
  const log: unknown[] = [];
  await Promise.all([
    response.text().catch((reason) => log.push(reason)),
    Promise.resolve().then(() => log.push("next")),
  ]);
  assertEquals(log, ["why", "next"]);
});

Deno.test("Responses: a stream that is canceled is closed at the server", async () => {
  await using origin = await startOrigin();
  await using fetch = createFetch();
  const response = await fetch(`${origin.url}/slow`);
  await response.body!.cancel();
  await origin.slowClosed;
});

Deno.test("Requests: fetch sends fields that the caller may replace, or the agent", async () => {
  await using origin = await startOrigin();
  const sent = async (fetch: Fetch, headers: HeadersInit = {}) => {
    const echo = await seen(fetch(`${origin.url}/echo`, { headers }));
    const { host: _, ...rest } = echo.headers;
    return rest;
  };
  const defaults = {
    accept: "*/*",
    "accept-language": "*",
    "accept-encoding": "gzip, deflate, br",
    "user-agent": `io-http/${VERSION}`,
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
