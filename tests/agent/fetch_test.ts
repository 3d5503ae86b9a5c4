// docs/fetch.md: the cases of the web platform tests that need no browser.

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { HttpAuthBasic, HttpError } from "@pimalaya/io-http";
import { createFetch, HttpAgent } from "@pimalaya/io-http/agent";
import { HttpCookieJar } from "@pimalaya/io-http/cookies";
import { VERSION } from "../../agent/fetch/version.ts";
import vectors from "../vectors/fetch.json" with { type: "json" };
import { failure, outcome, seen, test, testVectors } from "./_fetch.ts";
import { settle } from "./_clock.ts";
import { ok, respond, serve, URL_A } from "./_network.ts";
import { startOrigin } from "./_origin.ts";

testVectors(vectors);

for (const status of [301, 302, 303, 307, 308]) {
  test(`Requests: fetch ${status === 303 ? "drops" : "rejects"} a stream under ${status}`, async ({ fetch }) => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("x"));
        controller.close();
      },
    });
    const init = { method: "POST", body, duplex: "half" };
    const next = encodeURIComponent(status === 303 ? "/to/302?/echo" : "/echo");
    const call = fetch(`/to/${status}?${next}`, init);
    assertEquals(
      await failure(call.then((response) => response.text())),
      status === 303 ? "no failure" : "TypeError",
    );
  });
}

// Deno's own, which keeps the source of a stream.
test.ours("Requests: fetch rejects the stream of a Response under 307", async ({ fetch }) => {
  const { body } = new Response("x");
  const init = { method: "POST", body, duplex: "half" };
  assertEquals(await failure(fetch("/to/307?/echo", init)), "TypeError");
});

test("Requests: fetch sends the text of a Request again under 307", async ({ fetch, origin }) => {
  const url = `${origin}/to/307?/echo`;
  const request = new Request(url, { method: "POST", body: "x" });
  const { body, headers } = await seen(fetch(request));
  assertEquals([body, headers["content-length"]], ["x", "1"]);
  assertEquals(request.bodyUsed, true);
});

for (const status of [204, 205, 304]) {
  test(`Responses: fetch returns a ${status} without a body`, async ({ fetch }) => {
    const response = await fetch(`/status/${status}`);
    assertEquals([response.status, response.body], [status, null]);
    assertEquals(await response.text(), "");
  });
}

test("Responses: fetch returns no body in response to HEAD", async ({ fetch }) => {
  const { body } = await fetch("/text", { method: "HEAD" });
  assertEquals(body, null);
});

// Deno's own: its reason phrase is that of the registry.
test.ours("Responses: fetch returns the reason phrase as it was sent", async ({ fetch }) => {
  const response = await fetch("/status/200");
  assertEquals([await response.text(), response.statusText], ["Odd", "Odd"]);
});

test("Responses: fetch joins fields that come more than once", async ({ fetch }) => {
  const { headers, body } = await fetch("/twice");
  await body?.cancel();
  assertEquals(headers.get("x-twice"), "1, 2");
  assertEquals(headers.get("set-cookie"), "a=1, b=2");
  assertEquals(headers.getSetCookie(), ["a=1", "b=2"]);
});

test("Responses: fetch returns headers that cannot be changed, also of a clone", async ({ fetch }) => {
  const response = await fetch("/text");
  const clone = response.clone();
  for (const { headers } of [response, clone]) {
    assertThrows(() => headers.set("a", "b"), TypeError);
    assertThrows(() => headers.append("a", "b"), TypeError);
    assertThrows(() => headers.delete("date"), TypeError);
    assert(headers.has("date"));
  }
  await Promise.all([response.text(), clone.text()]);
});

test("Responses: fetch returns what a clone also knows", async ({ fetch }) => {
  const response = await fetch("/to/302?/status/600#x");
  const clone = response.clone();
  await response.text();
  assert(clone instanceof Response);
  const shown = await outcome(Promise.resolve(clone.clone()));
  assertEquals(shown, "600 redirected /status/600: Odd");
});

test("Responses: fetch returns a body that is read once, in any way", async ({ fetch }) => {
  const reads = ["text", "json", "bytes", "arrayBuffer", "blob"] as const;
  for (const read of reads) {
    for (const isCloned of [false, true]) {
      const response = await fetch("/echo");
      const clone = isCloned ? response.clone() : null;
      assertEquals(response.bodyUsed, false);
      assert(await response[read]());
      for (const again of reads) {
        await assertRejects(() => response[again](), TypeError);
      }
      assertThrows(() => response.clone(), TypeError);
      assertEquals(response.bodyUsed, true);
      assertThrows(() => new Response(response.body), TypeError);
      if (clone !== null) assert(await clone[read]());
    }
  }
});

test("Responses: fetch returns a stream that is locked once a method reads it", async ({ fetch }) => {
  const response = await fetch("/text");
  const { body } = response;
  const text = response.text();
  assertThrows(() => body!.getReader(), TypeError);
  assertEquals([await text, response.body === body], ["text", true]);
  assertThrows(() => body!.getReader(), TypeError);
});

test("Responses: fetch returns a stream that is in use once it is piped or cloned, but not once it is locked", async ({ fetch }) => {
  for (const path of ["/text", "/gzip", "data:,x"]) {
    const piped = await fetch(path);
    const reader = piped.body!.getReader();
    reader.releaseLock();
    assertEquals(piped.bodyUsed, false);
    const piping = piped.body!.pipeTo(new WritableStream());
    assertEquals(piped.bodyUsed, true);
    await piping;

    const cloned = await fetch(path);
    const { body } = cloned;
    const clone = cloned.clone();
    assertEquals([body!.locked, cloned.body === body], [true, false]);
    assertEquals(await clone.text(), await cloned.text());
  }
});

test("Responses: fetch returns a Response that another one can be made of", async ({ fetch }) => {
  const response = await fetch("/status/201");
  const copy = new Response(response.body, response);
  assertEquals([copy.status, await copy.text()], [201, "Odd"]);
  assert(copy.headers.has("date"));
});

test("Responses: fetch returns a body without its coding, and the fields of the coded one", async ({ fetch }) => {
  const response = await fetch("/gzip");
  assertEquals(response.headers.get("content-encoding"), "gzip");
  assert(response.headers.has("content-length"));
  assertEquals(await response.text(), "zipped");
});

test("Requests: fetch leaves a blob: URL to the runtime's own", async ({ fetch }) => {
  const url = URL.createObjectURL(new Blob(["x"], { type: "a/b" }));
  const response = await fetch(url);
  URL.revokeObjectURL(url);
  assertEquals(response.headers.get("content-type"), "a/b");
  assertEquals(await response.text(), "x");
  assertEquals(await failure(fetch(url)), "TypeError");
});

Deno.test("Responses: failures of fetch have a cause, which says more", async () => {
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
    const { message, cause } = await assertRejects(fetchIt, TypeError);
    assert(cause instanceof HttpError && cause.code === expected);
    // Libraries know a network error by its whole message.
    assertEquals(message, "Failed to fetch");
  }
});

Deno.test("Requests: fetch goes to no port that is blocked, also by a redirect", async () => {
  const { network, agent } = serve(() =>
    respond("302 Found", "", { Location: "http://a.test:25/" })
  );
  await using _ = agent;
  for (const url of ["http://a.test:25/", "http://a.test/"]) {
    const { cause } = await assertRejects(() => agent.fetch(url), TypeError);
    assertMatch(`${cause}`, /port 25/);
  }
  assertEquals(network.targets, [{ hostname: "a.test", port: 80 }]);
});

Deno.test('RequestInit: fetch with credentials: "omit" uses no cookies and no credentials but those of a proxy', async () => {
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

Deno.test("Responses: a Response without a body, or that cannot be made, gives its connection back", async () => {
  // Longer than the limit for keeping a connection.
  const reset = respond("205 Reset Content", "x".repeat(300_000));
  const { agent: hidden } = serve(() => reset);
  await using _ = hidden;
  const { body } = await hidden.fetch("http://a.test/");
  await settle();
  assertEquals([body, hidden.stats().busy], [null, 0]);

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

// In quadratic time, it would take hours.
Deno.test("Requests: fetch passes over a million blanks in a data: URL and in a field", async () => {
  const blanks = " ".repeat(2 ** 20);
  const { agent, network } = serve();
  await using _ = agent;
  const response = await agent.fetch(`data:text/plain; a=${blanks}b,x`);
  assertEquals(await response.text(), "x");
  await agent.fetch(URL_A, { headers: { "X-A": `${blanks}a${blanks}b` } });
  assertEquals(network.sent("X-A"), [`a${blanks}b`]);
});

Deno.test("Requests: fetch has the name and the length of the runtime's, and the version of the package", () => {
  const { name, length } = createFetch();
  assertEquals([name, length], ["fetch", 1]);
  const url = new URL("../../deno.json", import.meta.url);
  assertEquals(VERSION, JSON.parse(Deno.readTextFileSync(url)).version);
});

Deno.test("Responses: fetch sends a request once more after a 421, on a new connection, but no stream", async () => {
  const { agent, network } = serve(({ connection, target }) =>
    connection === 1 || target === "/always"
      ? respond("421 Misdirected", "no")
      : ok(`${connection}`)
  );
  await using _ = agent;
  const post = async (body: BodyInit, path = "") => {
    const init = { method: "POST", body, duplex: "half" };
    const before = network.requests.length;
    const response = await agent.fetch(`${URL_A}${path}`, init);
    const sent = network.requests.length - before;
    return [response.status, await response.text(), sent];
  };
  assertEquals(await post(new Blob(["x"]).stream()), [421, "no", 1]);
  assertEquals(await post("x"), [200, "2", 2]);
  assertEquals(await post("x", "always"), [421, "no", 2]);
  const own = agent.with({ retry: true });
  assertEquals((await own.send(`${URL_A}always`)).attempts, 1);
});
