// docs/fetch.md, "What each member of `RequestInit` does" and "Requests".

import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { runInNewContext } from "node:vm";
import { HttpError, Secret } from "@pimalaya/io-http";
import { createFetch } from "@pimalaya/io-http/agent";
import { VERSION } from "../../agent/fetch/version.ts";
import { failure, type Fetch, outcome, seen, test } from "./_fetch.ts";
import { settle } from "./_clock.ts";
import { ok, serve, URL_A } from "./_network.ts";
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
  [
    "one of another realm",
    () => runInNewContext("Uint8Array").from(encode("x")).buffer,
    "x",
    null,
  ],
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

for (const [kind, make, text, type] of BODIES) {
  test(`Requests: fetch sends ${kind}, also in a Request`, async ({ fetch, origin }) => {
    const init = () => ({ method: "POST", body: make() });
    const request = new Request(`${origin}/echo`, init());
    for (const echo of [fetch("/echo", init()), fetch(request)]) {
      const { headers, body } = await seen(echo);
      assertEquals([body, headers["content-type"] ?? null], [text, type]);
      assertEquals(headers["content-length"], `${encode(text).length}`);
    }
  });
}

test("Requests: fetch sends FormData", async ({ fetch }) => {
  const form = new FormData();
  form.append('a"\n', "1\n2");
  form.append("f", new File(["x"], 'n"\r.txt', { type: "a/b" }));
  form.append("g", new Blob(["y"]));
  const init = { method: "POST", body: form };
  const { headers, body } = await seen(fetch("/echo", init));
  const [type, boundary] = headers["content-type"]!.split("; boundary=");
  assertEquals(type, "multipart/form-data");
  assertEquals(headers["content-length"], `${body.length}`);
  assertEquals(
    body.replaceAll(boundary!, "B").trimEnd(),
    '--B\r\nContent-Disposition: form-data; name="a%22%0D%0A"\r\n\r\n' +
      '1\r\n2\r\n--B\r\nContent-Disposition: form-data; name="f"; ' +
      'filename="n%22%0D.txt"\r\nContent-Type: a/b\r\n\r\n' +
      'x\r\n--B\r\nContent-Disposition: form-data; name="g"; ' +
      'filename="blob"\r\nContent-Type: application/octet-stream\r\n\r\n' +
      "y\r\n--B--",
  );
});

for (const inRequest of [false, true]) {
  const where = inRequest ? " in a Request" : "";
  test(`Requests: fetch sends a stream${where} as it is read`, async ({ fetch, origin }) => {
    const { readable, writable } = new TransformStream();
    const init = { method: "POST", body: readable, duplex: "half" };
    const input = inRequest ? new Request(`${origin}/echo`, init) : "/echo";
    const echo = seen(fetch(input, inRequest ? {} : init));
    const writer = writable.getWriter();
    for (const text of ["a", "b"]) {
      await writer.write(encode(text));
      // A Request whose body can be read without waiting is in memory.
      await settle();
    }
    await writer.close();
    const { body, headers } = await echo;
    assertEquals([body, headers["transfer-encoding"]], ["ab", "chunked"]);
  });
}

test.ours("Requests: fetch sends a Request with many bytes with their length, and again", async ({ fetch, origin }) => {
  const size = 2 ** 24 + 1;
  const url = `${origin}/to/307?/echo`;
  const init = { method: "POST", body: new Uint8Array(size) };
  const { headers, body } = await seen(fetch(new Request(url, init)));
  assertEquals([headers["content-length"], body.length], [`${size}`, size]);
});

for (const [size, most] of [[0, 100_000], [2 ** 20, 100]] as const) {
  test.ours(`Requests: fetch gives other code a turn while a Request returns pieces of ${size} bytes`, async ({ fetch, origin }) => {
    let [isOver, pulls] = [false, 0];
    setTimeout(() => isOver = true, 0);
    const body = new ReadableStream<Uint8Array>({
      pull(it) {
        if (isOver) it.close();
        else if (++pulls > most) it.error(new Error("There was no turn"));
        else it.enqueue(new Uint8Array(size));
      },
    });
    const init: RequestInit = { method: "POST", body };
    const { headers } = await seen(fetch(new Request(`${origin}/echo`, init)));
    assertEquals(headers["transfer-encoding"], "chunked");
  });
}

test("Requests: fetch rejects with the failure of a stream as the cause", async ({ fetch, origin }) => {
  const broken = new Error("Broken");
  const init = (error: unknown) => ({
    method: "POST",
    body: new ReadableStream<Uint8Array>({ pull: (it) => it.error(error) }),
    duplex: "half",
  });
  const url = `${origin}/echo`;
  for (const input of [url, new Request(url), new Request(url, init(broken))]) {
    const own = input instanceof Request && input.body !== null;
    const call = fetch(input, own ? undefined : init(broken));
    const { cause } = await assertRejects(() => call, TypeError);
    assertEquals(`${cause}`, "Error: Broken");
  }
});

test.ours("Requests: fetch rejects with the abort of a stream, and its TypeError", async ({ fetch }) => {
  for (const error of [new DOMException("", "AbortError"), new TypeError()]) {
    const body = new ReadableStream({ pull: (it) => it.error(error) });
    const init = { method: "POST", body, duplex: "half" };
    assertEquals(await fetch("/echo", init).catch((it) => it), error);
  }
});

// Deno's own: it does not check.
Deno.test("Requests: fetch cancels a stream that it does not send, also in a Request", async () => {
  const { agent } = serve(undefined, { httpsOnly: true });
  await using _ = agent;
  const closed = agent.with({});
  await closed.close();
  const url = "https://a.example/";
  for (
    const [fetch, at, ...pieces] of [
      [agent.fetch, "http://a.example/"],
      [agent.fetch, "https://a.example:25/"],
      [closed.fetch, url],
      [agent.fetch, url, "not bytes"],
    ] as const
  ) {
    for (const inRequest of [false, true]) {
      const canceled = Promise.withResolvers<unknown>();
      const body = new ReadableStream({
        start: (controller) => pieces.forEach((it) => controller.enqueue(it)),
        cancel: canceled.resolve,
      });
      const init = { method: "POST", body, duplex: "half" };
      const input = inRequest ? new Request(at, init) : at;
      const call = fetch(input, inRequest ? {} : init);
      const error = await assertRejects(() => call, TypeError);
      assertEquals(await canceled.promise, error);
    }
  }
});

test.ours("RequestInit: fetch takes no stream with keepalive", async ({ fetch }) => {
  const body = new ReadableStream();
  const init = { method: "POST", body, keepalive: true };
  assertEquals(await failure(fetch("/echo", init)), "TypeError");
});

test("Requests: fetch rejects streams and Requests that were used, and no input", async ({ fetch, origin }) => {
  const [locked, read] = [new Blob(["xy"]).stream(), new Blob(["x"]).stream()];
  locked.getReader();
  const reader = read.getReader();
  await reader.read();
  reader.releaseLock();
  for (const body of [locked, read]) {
    const init = { method: "POST", body, duplex: "half" };
    assertEquals(await failure(fetch("/echo", init)), "TypeError");
  }
  const used = new Request(origin, { method: "POST", body: "x" });
  await used.text();
  assertEquals(await failure(fetch(used)), "TypeError");
  const none = (fetch as () => Promise<Response>)();
  assertEquals(await failure(none), "TypeError");
});

test("RequestInit: fetch takes headers in each form", async ({ fetch }) => {
  for (
    const headers of [
      { "X-A": "\n a b\r\n" },
      [["x-a", "a b"]] as [string, string][],
      new Headers({ "x-a": " a b " }),
      new Map([["x-a", "a b"]]) as unknown as [string, string][],
      new Set([new Set(["x-a", "a b"])]) as unknown as [string, string][],
      { "x-a": { toString: () => "a b" } } as unknown as Record<string, string>,
    ]
  ) {
    const echo = await seen(fetch("/echo", { headers }));
    assertEquals(echo.headers["x-a"], "a b");
  }
});

test("RequestInit: fetch takes values of other types as text", async ({ fetch }) => {
  const given = { a: 1, b: null, c: ["x", "y"], d: true };
  const headers = given as unknown as Record<string, string>;
  const { a, b, c, d } = (await seen(fetch("/echo", { headers }))).headers;
  assertEquals([a, b, c, d], ["1", "null", "x,y", "true"]);
});

test.ours("RequestInit: fetch rejects a symbol as a name, unless it is hidden", async ({ fetch }) => {
  const init = (enumerable: boolean) => ({
    headers: Object.defineProperty({}, Symbol("a"), { value: "b", enumerable }),
  });
  assertEquals(await failure(fetch("/echo", init(true))), "TypeError");
  assertEquals(await failure(fetch("/echo", init(false))), "no failure");
});

test.ours("RequestInit: fetch takes the same headers for a URL and for a Request", async ({ fetch, origin }) => {
  const url = `${origin}/echo`;
  const used = { method: "POST", headers: { b: "2" }, body: "x" };
  for (const input of [url, new Request(url), new Request(url, used)]) {
    const { headers } = await seen(fetch(input, {
      method: "POST",
      headers: {
        Authorization: new Secret("Bearer x"),
        "X-A": undefined,
        "Content-Length": "9",
      } as unknown as Record<string, string>,
      body: new URLSearchParams("a=b"),
    }));
    const { authorization, "x-a": a, b } = headers;
    assertEquals([authorization, a, b], ["Bearer x", undefined, undefined]);
    assertMatch(headers["content-type"]!, /^application\/x-www-form-urlenc/);
    assertEquals(headers["content-length"], "3");
  }
});

test("RequestInit: fetch reads an init that has getters, or is a Request", async ({ fetch, origin }) => {
  const url = `${origin}/echo`;
  class Init {
    get method() {
      return "PUT";
    }
    get body() {
      return "y";
    }
    get headers() {
      return { a: "2" };
    }
  }
  const init = () => ({ method: "PUT", body: "y", headers: { a: "2" } });
  for (const input of [url, new Request(url, { headers: { a: "1" } })]) {
    for (const given of [new Init(), new Request(url, init())]) {
      const { method, body, headers } = await seen(fetch(input, given));
      assertEquals([method, body, headers.a], ["PUT", "y", "2"]);
    }
  }
});

test.ours("RequestInit: fetch reads its input and then each member, once, in the order of the standard", async ({ origin }) => {
  await using fetch = createFetch();
  const url = `${origin}/echo`;
  const members = [
    ...["body", "cache", "credentials", "duplex", "headers", "integrity"],
    ...["keepalive", "method", "mode", "priority", "redirect", "referrer"],
    ...["referrerPolicy", "signal", "window"],
  ];
  const given: Record<string, unknown> = { method: "PUT", body: "y" };
  for (const isRequest of [true, false]) {
    const read: string[] = [];
    const note = (name: string, value: unknown) => (read.push(name), value);
    const init = {};
    for (const name of members.toReversed()) {
      Object.defineProperty(init, name, {
        get: () => note(name, given[name]),
      });
    }
    const input = isRequest
      ? new Request(url)
      : { toString: () => note("input", url) };
    const { method, body } = await seen(fetch(input as Request, init));
    assertEquals([method, body], ["PUT", "y"]);
    assertEquals(read, isRequest ? members : ["input", ...members]);
  }
});

test("RequestInit: fetch rejects a symbol as a value", async ({ fetch }) => {
  const symbol = Symbol("x") as unknown as string;
  for (
    const init of [
      { headers: { a: symbol } },
      { referrer: symbol },
      { integrity: symbol },
      { method: symbol },
    ]
  ) assertEquals(await failure(fetch("/echo", init)), "TypeError");
});

test("Requests: fetch prefers an init to its Request", async ({ fetch, origin }) => {
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
  assertEquals([method, body, headers.a, headers.b], [
    ...["PUT", "y", "2", undefined],
  ]);
});

test("Requests: fetch follows the redirect mode of a Request", async ({ fetch, origin }) => {
  const to = `${origin}/to/302?/text`;
  const manual = fetch(new Request(to, { redirect: "manual" }));
  assertEquals(await outcome(manual), "302 /to/302?/text: moved");
  const error = fetch(new Request(to, { redirect: "error" }));
  assertEquals(await outcome(error), "TypeError");
});

test("Requests: fetch takes a URL, and what becomes one", async ({ fetch, origin }) => {
  for (const input of [new URL(origin), { toString: () => origin } as URL]) {
    assertEquals(await (await fetch(input)).text(), "text");
  }
});

/** A signal that can be aborted. */
function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort("why") };
}

test("RequestInit: a signal aborts fetch before the call, with its reason", async ({ fetch, origin }) => {
  const signal = AbortSignal.abort("why");
  assertEquals(await failure(fetch("/text", { signal })), "why");
  assertEquals(await failure(fetch("http://:", { signal })), "TypeError");
  const request = new Request(`${origin}/text`, { signal });
  assertEquals(await failure(fetch(request)), "why");
  await rejectsAtOnce(fetch("/text", { signal }));
  await rejectsAtOnce(fetch(request));
  let canceled: unknown;
  const body = new ReadableStream({ cancel: (why) => void (canceled = why) });
  const init = { method: "POST", body, signal, duplex: "half" };
  assertEquals([await failure(fetch("/text", init)), canceled], [
    "why",
    "why",
  ]);
});

test("RequestInit: a signal aborts fetch while the response is awaited", async ({ fetch }) => {
  const { signal, abort } = abortable();
  const { readable, writable } = new TransformStream();
  const init = { method: "POST", body: readable, duplex: "half", signal };
  const pending = failure(fetch("/echo", init));
  // The request is on its way once its body is read.
  await writable.getWriter().write(encode("x"));
  abort();
  assertEquals(await pending, "why");
});

/** Checks that a promise rejects before what is queued from now on. */
async function rejectsAtOnce(promise: Promise<unknown>): Promise<void> {
  const order: string[] = [];
  await Promise.all([
    promise.then(() => {}, () => order.push("it rejects")),
    Promise.resolve().then(() => order.push("others go on")),
  ]);
  assertEquals(order, ["it rejects", "others go on"]);
}

for (const method of ["text", "json", "arrayBuffer", "blob", "bytes"]) {
  test(`RequestInit: a signal aborts ${method}(), also before it reads`, async ({ fetch }) => {
    for (const early of [true, false]) {
      const { signal, abort } = abortable();
      const response = await fetch("/slow", { signal });
      if (early) abort();
      const body = response[method as "text"]();
      if (early) await rejectsAtOnce(body);
      abort();
      assertEquals(await failure(body), "why");
    }
  });
}

test("RequestInit: a signal aborts a stream that is read, and that of a clone", async ({ fetch }) => {
  const { signal, abort } = abortable();
  const response = await fetch("/slow", { signal });
  const clone = response.clone();
  const reader = response.body!.getReader();
  assertEquals((await reader.read()).value?.length, 1);
  const next = reader.read();
  abort();
  for (const end of [next, reader.closed, clone.text()]) {
    assertEquals(await failure(end), "why");
  }
});

test("RequestInit: a signal aborts nothing after the end", async ({ fetch }) => {
  const { signal, abort } = abortable();
  const response = await fetch("/text", { signal });
  assertEquals(await response.text(), "text");
  abort();
  assertEquals(response.bodyUsed, true);
});

test("RequestInit: a signal of a Request aborts its body", async ({ fetch, origin }) => {
  const { signal, abort } = abortable();
  const response = await fetch(new Request(`${origin}/slow`, { signal }));
  const text = response.text();
  abort();
  assertEquals(await failure(text), "why");
});

test("RequestInit: a signal aborts the body of a response that is here", async ({ fetch }) => {
  for (const path of ["/text", "data:,x"]) {
    const { signal, abort } = abortable();
    const response = await fetch(path, { signal });
    const { body } = await fetch(path, { signal });
    const reader = (await fetch(path, { signal })).body!.getReader();
    abort();
    await rejectsAtOnce(response.text());
    for (const end of [reader.read(), new Response(body).text()]) {
      assertEquals(await failure(end), "why");
    }
  }
});

test.ours("RequestInit: a signal leaves the end of a body that is here", async ({ fetch }) => {
  const { signal, abort } = abortable();
  const { body } = await fetch("/twice", { signal });
  abort();
  assertEquals((await body!.getReader().read()).done, true);
});

Deno.test("Responses: a stream that is canceled is closed at the server", async () => {
  await using origin = await startOrigin();
  await using fetch = createFetch();
  const response = await fetch(`${origin.url}/slow`);
  await response.body!.cancel();
  await origin.slowClosed;
});

Deno.test("RequestInit: fetch joins the values of a field on one line, unless one is a Secret", async () => {
  let lines: string[] = [];
  const { agent } = serve(({ head }) => {
    lines = head.match(/^(?:x-|cookie:).*(?=\r)/gim) ?? [];
    return ok();
  });
  await using _ = agent;
  const send = async (...pairs: [string, string | Secret][]) => {
    const headers = pairs as [string, string][];
    await (await agent.fetch(URL_A, { headers })).text();
    return lines;
  };
  assertEquals(
    await send(["X-A", "1"], ["x-b", ""], ["x-a", "2"], ["X-A", "3"]),
    ["X-A: 1, 2, 3", "x-b: "],
  );
  assertEquals(await send(["cookie", "a=1"], ["Cookie", "b=2"]), [
    "cookie: a=1; b=2",
  ]);
  assertEquals(
    await send(["X-A", "1"], ["X-A", new Secret("2")], ["X-A", "3"]),
    ["X-A: 1", "X-A: 2", "X-A: 3"],
  );
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

Deno.test("RequestInit: fetch rejects with the reason of a signal, even if it is an HttpError", async () => {
  await using origin = await startOrigin();
  await using fetch = createFetch();
  const reason = new HttpError("NoResponse", "Of another call");
  for (const reads of [false, true]) {
    const controller = new AbortController();
    const { signal } = controller;
    const fetching = fetch(`${origin.url}/slow`, { signal });
    const pending = reads ? (await fetching).text() : fetching;
    controller.abort(reason);
    assertStrictEquals(await pending.catch((error) => error), reason);
  }
});
