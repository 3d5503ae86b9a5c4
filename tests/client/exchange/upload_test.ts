// How a request goes out: its bytes on the wire, what is joined in one write,
// how far it goes ahead of the peer, and waiting for a 100 (RFC 9110 §10.1.1).

import {
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import type { HttpExchangeOptions } from "@pimalaya/io-http/client";
import { toBytes, toText } from "../../_text.ts";
import {
  assertClosed,
  carryOne,
  drain,
  endless,
  generatorOf,
  get,
  HeldTimers,
  openPipe,
  pass,
  post,
  rejection,
  settle,
  SITE,
  SOURCES,
  streamOf,
  watchedSignal,
} from "../_client.ts";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const HEAD = "POST / HTTP/1.1\r\nHost: example.com\r\n";
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;

/** Sends a request whose last bytes are known; returns all that went out. */
async function upload(
  request: HttpRequest,
  options: HttpExchangeOptions,
  end = "0\r\n\r\n",
): Promise<string> {
  const { client, server } = openPipe();
  const exchanging = client.exchange(request, options);
  const wire = await server.readUntil(end);
  server.write(ANSWER);
  const exchange = await exchanging;
  assertEquals(await exchange.uploaded, true);
  assertEquals(await exchange.text(), "ok");
  assertEquals(await exchange.closed, { keepAlive: true, closeReason: null });
  await carryOne(client, server);
  await client.close();
  return wire + await server.readToEnd();
}

/** Pieces of a source, stated fields, and what goes out after the head. */
const WIRES: [string[], Record<string, string>, string][] = [
  [
    ["hello", " ", "x".repeat(17)],
    {},
    `5\r\nhello\r\n1\r\n \r\n11\r\n${"x".repeat(17)}\r\n0\r\n\r\n`,
  ],
  [[], {}, "0\r\n\r\n"],
  [["", "a", "", "", "b", ""], {}, "1\r\na\r\n1\r\nb\r\n0\r\n\r\n"],
  [["hel", "", "lo", "", "!"], { "content-length": "6" }, "hello!"],
  [["x".repeat(100_000)], { "Content-Length": "100000" }, "x".repeat(100_000)],
  [[""], { "Content-Length": "0" }, ""],
];

for (const [kind, source] of SOURCES) {
  for (const [pieces, fields, body] of WIRES) {
    const name = JSON.stringify(pieces).slice(0, 40);
    Deno.test(`exchange sends ${kind} of ${name} with ${JSON.stringify(fields)}`, async () => {
      const request = post({ ...fields, "X-After": "1" });
      const wire = await upload(
        request,
        { body: source(pieces).body },
        body === "" ? "\r\n\r\n" : body,
      );
      const [stated] = Object.entries(fields);
      assertEquals(
        wire,
        `${HEAD}${stated === undefined ? "" : `${stated.join(": ")}\r\n`}` +
          `X-After: 1\r\n` +
          `${stated === undefined ? "Transfer-Encoding: chunked\r\n" : ""}` +
          `\r\n${body}`,
      );
    });
  }

  Deno.test(`exchange sends large pieces of ${kind} whole`, async () => {
    const pieces = [16_383, 16_384, 65_537, 600_000].map((length, at) =>
      String(at).repeat(length)
    );
    const chunks = pieces.map((piece) =>
      `${piece.length.toString(16)}\r\n${piece}\r\n`
    );
    const wire = await upload(post(), { body: source(pieces).body });
    assertEquals(wire === `${CHUNKED}${chunks.join("")}0\r\n\r\n`, true);
  });

  for (
    const [how, length, pieces] of [
      ["shorter", 6, ["hello"]],
      ["shorter", 6, []],
      ["shorter", 6, ["hel", "", "lo", ""]],
      ["longer", 4, ["hello"]],
      ["longer", 5, ["hel", "lo", "", "!"]],
      ["longer", 5, ["hel", "lo!"]],
      ["longer", 0, ["", "!"]],
    ] as [string, number, string[]][]
  ) {
    Deno.test(`exchange rejects ${kind} of ${JSON.stringify(pieces)}, which is ${how} than ${length}`, async () => {
      const { client, server } = openPipe();
      const { body, stopped } = source(pieces);
      const request = post({ "Content-Length": `${length}` });
      const exchanging = client.exchange(request, { body });
      const error = await assertRejects(() => exchanging, TypeError, how);
      assertStringIncludes(error.message, `${length}`);
      // What went out before is not a whole request.
      let wire = "";
      await rejection((async () => {
        while (true) wire += toText((await server.read())!);
      })());
      const head = `${HEAD}Content-Length: ${length}\r\n\r\n`;
      assertEquals(wire === "" || wire.length < head.length + length, true);
      assertEquals(client.reusable, false);
      if (how === "longer") await stopped;
    });
  }

  Deno.test(`exchange sends a request whose ${kind} stays open after its length`, async () => {
    for (const [length, pieces] of [[8, ["1234", "5678"]], [0, []]] as const) {
      const { client, server } = openPipe();
      const { body, stopped } = source(pieces, "hang");
      const request = post({ "Content-Length": `${length}` });
      const exchanging = client.exchange(request, { body });
      const wire = await server.readUntil(pieces.at(-1) ?? "\r\n\r\n");
      assertEquals(
        wire,
        `${HEAD}Content-Length: ${length}\r\n\r\n${pieces.join("")}`,
      );
      server.write(ANSWER);
      const exchange = await exchanging;
      assertEquals(await exchange.uploaded, true);
      assertEquals(await exchange.text(), "ok");
      await carryOne(client, server);
      if (source === streamOf) {
        assertInstanceOf(await stopped, DOMException);
      }
      await client.close();
    }
  });

  Deno.test(`exchange fails if ${kind} turns out longer once the request is sent`, async () => {
    const { client, server } = openPipe();
    const gate = Promise.withResolvers<string>();
    const { body } = source === streamOf
      ? { body: gated(gate.promise, "12345678") }
      : { body: gatedIterable(gate.promise, "12345678") };
    const request = post({ "Content-Length": "8" });
    const exchanging = client.exchange(request, { body });
    await server.readUntil("12345678");
    gate.resolve("9");
    await assertRejects(() => exchanging, TypeError, "longer");
    await server.closed;
  });

  Deno.test(`exchange sends the pieces of ${kind} as they were, although it reuses its buffer`, async () => {
    for (const headers of [{}, { "Content-Length": "12" }]) {
      const buffer = new Uint8Array(4);
      let piece = 0;
      const next = () => {
        buffer.fill(0x61 + piece++);
        return buffer;
      };
      const body = source === streamOf
        ? new ReadableStream<Uint8Array>({
          pull(controller) {
            if (piece === 3) {
              buffer.fill(0);
              controller.close();
            } else controller.enqueue(next());
          },
        }, { highWaterMark: 0 })
        : (async function* () {
          while (piece < 3) yield await Promise.resolve(next());
          buffer.fill(0);
        })();
      const isChunked = !("Content-Length" in headers);
      const wire = await upload(
        post(headers),
        { body },
        isChunked ? "0\r\n\r\n" : "cccc",
      );
      assertEquals(
        wire.split("\r\n\r\n")[1],
        isChunked ? "4\r\naaaa\r\n4\r\nbbbb\r\n4\r\ncccc\r\n0" : "aaaabbbbcccc",
      );
    }
  });

  Deno.test(`exchange takes no more of ${kind} than the peer does`, async () => {
    for (const size of [1000, 20_000]) {
      const { client, server } = openPipe({ capacity: 0 });
      const { body, taken } = source(endless(size));
      const exchanging = client.exchange(post(), { body });
      // What one write joins is at most a piece above 16 KiB.
      const ahead = Math.ceil(16_384 / size) + 1;
      let read = 0;
      while (read < 10 * size) {
        read += (await server.read())!.length;
        await settle();
        assertLess(taken(), read / size + ahead);
      }
      await client.close();
      await assertRejects(() => exchanging, DOMException, "closed");
    }
  });
}

async function* gatedIterable(
  gate: Promise<string>,
  first: string,
): AsyncGenerator<Uint8Array> {
  yield toBytes(first);
  yield toBytes(await gate);
}

function gated(
  gate: Promise<string>,
  first: string,
): ReadableStream<Uint8Array> {
  return ReadableStream.from(gatedIterable(gate, first));
}

Deno.test("exchange joins small pieces that are ready, the head, and the end", async () => {
  const { client, server } = openPipe();
  for (
    const [body, pieces] of [
      [generatorOf(["hello"]).body, 1],
      [streamOf(["hel", "lo"]).body, 1],
      ["hello", 1],
      [new Uint8Array(16_000), 1],
      [streamOf([new Uint8Array(20_000)]).body, undefined],
    ] as const
  ) {
    const exchanging = client.exchange(post(), { body });
    let writes = 0;
    let wire = "";
    while (!/0\r\n\r\n$|hello$|\0{16000}$/.test(wire)) {
      wire += toText((await server.read())!);
      writes++;
    }
    if (pieces !== undefined) assertEquals(writes, pieces);
    server.write(ANSWER);
    await (await exchanging).text();
  }
  await client.close();
});

Deno.test("exchange writes what it has if the next piece is not ready", async () => {
  const { client, server } = openPipe();
  const gate = Promise.withResolvers<string>();
  const exchanging = client.exchange(post(), {
    body: gatedIterable(gate.promise, "first"),
  });
  assertStringIncludes(await server.readUntil("first\r\n"), CHUNKED);
  gate.resolve("second");
  assertEquals(
    await server.readUntil("0\r\n\r\n"),
    "6\r\nsecond\r\n0\r\n\r\n",
  );
  server.write(ANSWER);
  await exchanging;
  await client.close();
});

Deno.test("exchange writes the head although its source gives nothing", async () => {
  for (const [, source] of SOURCES) {
    const { client, server } = openPipe();
    const { body } = source([], "hang");
    const exchanging = client.exchange(post(), { body });
    assertEquals(await server.readUntil("\r\n\r\n"), CHUNKED);
    await client.close();
    assertClosed(await rejection(exchanging));
  }
});

Deno.test("exchange keeps the caller's own Transfer-Encoding as it is", async () => {
  const request = post({ "transfer-encoding": "Chunked", "X-After": "1" });
  const wire = `${HEAD}transfer-encoding: Chunked\r\nX-After: 1\r\n\r\n` +
    "1\r\na\r\n0\r\n\r\n";
  const { body } = streamOf(["a"]);
  assertEquals(await upload(request, { body }), wire);
  const own = HttpRequest.post(SITE, { headers: request.headers, body: "a" });
  assertEquals(await upload(own, {}), wire);
});

Deno.test("exchange sends the body and the target that its options give", async () => {
  const request = HttpRequest.post(SITE, { body: "own" });
  assertEquals(
    await upload(request, {}, "own"),
    `${HEAD}Content-Length: 3\r\n\r\nown`,
  );
  assertEquals(
    await upload(request, { body: "given", target: "absolute" }, "given"),
    `POST ${SITE} HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\ngiven`,
  );
  assertEquals(
    await upload(request, { body: null }, "\r\n\r\n"),
    `${HEAD}Content-Length: 0\r\n\r\n`,
  );
  assertEquals(request.body, toBytes("own"));
});

for (
  const [kind, trailers] of [
    ["a record", { "X-Sum": "1", "x-more": "a b" }],
    ["pairs", [["X-Sum", "1"], ["x-more", "a b"]]],
    ["a function", () => ({ "X-Sum": "1", "x-more": "a b" })],
    ["an async function", async () => {
      await settle();
      return { "X-Sum": "1", "x-more": "a b" };
    }],
  ] as [string, HttpExchangeOptions["trailers"]][]
) {
  Deno.test(`exchange sends the trailers of ${kind}`, async () => {
    const { body } = generatorOf(["a"]);
    const end = "0\r\nX-Sum: 1\r\nx-more: a b\r\n\r\n";
    const request = post({ Trailer: "X-Sum" });
    assertEquals(
      await upload(request, { body, trailers }, end),
      `${HEAD}Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n` +
        `1\r\na\r\n${end}`,
    );
    // Trailers need chunks.
    const own = HttpRequest.post(SITE, { body: "own" });
    assertEquals(
      await upload(own, { trailers }, end),
      `${CHUNKED}3\r\nown\r\n${end}`,
    );
  });
}

Deno.test("exchange asks for trailers once, when the source has ended", async () => {
  const calls: string[] = [];
  async function* source() {
    yield await Promise.resolve(new Uint8Array(1));
    calls.push("source");
  }
  await upload(post(), {
    body: source(),
    trailers: () => {
      calls.push("trailers");
      return {};
    },
  });
  assertEquals(calls, ["source", "trailers"]);
});

for (
  const [name, trailers] of [
    ["is invalid", () => ({ "a:": "1" })],
    ["frames", () => ({ "Transfer-Encoding": "x" })],
    ["throws", () => {
      throw new TypeError("No trailers");
    }],
    ["rejects", () => Promise.reject(new TypeError("No trailers"))],
  ] as [string, () => Record<string, string> | Promise<never>][]
) {
  Deno.test(`exchange rejects a function for trailers that ${name}, and leaves the request incomplete`, async () => {
    const { client, server } = openPipe();
    const { body } = streamOf(["a"]);
    const error = await assertRejects(
      () => client.exchange(post(), { body, trailers }),
      TypeError,
    );
    assertStrictEquals(await rejection(server.readUntil("0\r\n")), error);
    await server.closed;
    assertEquals(client.reusable, false);
  });
}

for (
  const [name, request, options] of [
    ["a body with TRACE", new HttpRequest("TRACE", SITE), {}],
    ["a body with CONNECT", new HttpRequest("CONNECT", SITE), {}],
    ["trailers with a Content-Length", post({ "Content-Length": "1" }), {
      trailers: { A: "1" },
    }],
    ["trailers with a Content-Length", post({ "Content-Length": "1" }), {
      trailers: () => ({}),
    }],
    ["a trailer with an invalid name", post(), { trailers: { "a b": "1" } }],
    ["a trailer that frames", post(), { trailers: { "Content-Length": "1" } }],
    [
      "a Content-Length that is no number",
      post({ "Content-Length": "1x" }),
      {},
    ],
    [
      "two framings",
      post({
        "Content-Length": "1",
        "Transfer-Encoding": "chunked",
      }),
      {},
    ],
    ["another transfer coding", post({ "Transfer-Encoding": "gzip" }), {}],
    ["an asterisk with POST", post(), { target: "asterisk" }],
  ] as [string, HttpRequest, HttpExchangeOptions][]
) {
  Deno.test(`exchange rejects ${name}, before it writes or takes a piece`, async () => {
    for (const [, source] of SOURCES) {
      const { client, server } = openPipe();
      const { body, taken } = source(["a"]);
      await assertRejects(
        () => client.exchange(request, { ...options, body }),
        TypeError,
      );
      assertEquals(taken(), 0);
      if (body instanceof ReadableStream) assertEquals(body.locked, false);
      await carryOne(client, server);
      await client.close();
      assertEquals(await server.readToEnd(), "");
    }
  });
}

// Waiting for a 100.

const EXPECT = { Expect: "100-continue" };
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** Every way to have a body, and what it is on the wire. */
const BODIES: [
  name: string,
  make: () => [HttpRequest, HttpExchangeOptions],
  body: string,
][] = [
  [
    "a stream",
    () => [post(EXPECT), { body: streamOf(["own"]).body }],
    "3\r\nown\r\n0\r\n\r\n",
  ],
  ["an iterable of a stated length", () => [
    post({ ...EXPECT, "Content-Length": "3" }),
    { body: generatorOf(["own"]).body },
  ], "own"],
  ["the request's own body", () => [
    HttpRequest.post(SITE, { headers: EXPECT, body: "own" }),
    {},
  ], "own"],
  ["that, with trailers", () => [
    HttpRequest.post(SITE, {
      headers: { expect: "100-Continue" },
      body: "own",
    }),
    { trailers: { A: "1" } },
  ], "3\r\nown\r\n0\r\nA: 1\r\n\r\n"],
];

for (const [name, make, body] of BODIES) {
  Deno.test(`exchange sends ${name} after a 100, and not before`, async () => {
    using timers = new HeldTimers();
    const { client, server } = openPipe();
    const exchanging = client.exchange(...make());
    await server.readUntil("\r\n\r\n");
    await settle();
    assertEquals([server.received, timers.delays], [0, [1000]]);
    // Another interim response says nothing of the body.
    server.write("HTTP/1.1 103 Early Hints\r\n\r\n");
    await settle();
    assertEquals(server.received, 0);
    server.write(CONTINUE);
    assertEquals(await server.readUntil(body), body);
    assertEquals(timers.delays, []);
    server.write(ANSWER);
    const exchange = await exchanging;
    assertEquals(await exchange.text(), "ok");
    await carryOne(client, server);
    await client.close();
  });

  Deno.test(`exchange sends ${name} when its time is up without a 100`, async () => {
    using timers = new HeldTimers();
    for (const continueTimeout of [undefined, 5, 2 ** 31 - 1]) {
      const { client, server } = openPipe();
      const [request, options] = make();
      const exchanging = client.exchange(request, {
        ...options,
        continueTimeout,
      });
      await server.readUntil("\r\n\r\n");
      await settle();
      assertEquals(server.received, 0);
      await timers.fire(continueTimeout ?? 1000);
      assertEquals(await server.readUntil(body), body);
      // A late 100 changes nothing.
      server.write(CONTINUE + ANSWER);
      assertEquals(await (await exchanging).text(), "ok");
      await carryOne(client, server);
      await client.close();
    }
  });

  Deno.test(`exchange never sends ${name} if it is refused first`, async () => {
    using timers = new HeldTimers();
    for (const status of [401, 417, 500]) {
      const { client, server } = openPipe();
      const exchanging = client.exchange(...make());
      await server.readUntil("\r\n\r\n");
      await settle();
      server.write(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`);
      const exchange = await exchanging;
      assertEquals(exchange.response.status, status);
      assertEquals(await exchange.uploaded, false);
      assertEquals(await exchange.text(), "no");
      assertEquals((await exchange.closed).closeReason, "RequestIncomplete");
      await server.closed;
      await client.close();
      assertEquals(timers.delays, []);
      assertEquals(server.received, 0);
    }
  });
}

Deno.test("send waits for a 100 as exchange does", async () => {
  using timers = new HeldTimers();
  const request = HttpRequest.post(SITE, { headers: EXPECT, body: "own" });
  for (const how of ["continues", "times out", "is refused"]) {
    const { client, server } = openPipe();
    const sending = client.send(request);
    await server.readUntil("\r\n\r\n");
    await settle();
    assertEquals([server.received, timers.delays], [0, [1000]]);
    if (how === "continues") server.write(CONTINUE);
    if (how === "times out") await timers.fire(1000);
    if (how !== "is refused") await server.readUntil("own");
    server.write(
      how === "is refused"
        ? "HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nok"
        : ANSWER,
    );
    const { response, uploaded, closeReason, interim } = await sending;
    assertEquals(response.text(), "ok");
    assertEquals(uploaded, how !== "is refused");
    assertEquals(closeReason, uploaded ? null : "RequestIncomplete");
    assertEquals(interim.length, how === "continues" ? 1 : 0);
    await client.close();
  }
  // HTTP/1.0 has no 100.
  const { client, server } = openPipe();
  const sending = client.sendHttp10(request);
  await server.readUntil("own");
  assertEquals(timers.delays, []);
  server.write(ANSWER);
  await sending;
});

Deno.test("exchange starts to wait for a 100 when the head is written", async () => {
  using timers = new HeldTimers();
  for (const isEarly of [true, false]) {
    const { client, server } = openPipe({ capacity: 0 });
    if (isEarly) server.write(CONTINUE);
    const { body } = streamOf(["own"]);
    const exchanging = client.exchange(post(EXPECT), { body });
    await settle();
    assertEquals(timers.delays, []);
    await server.readUntil("\r\n\r\n");
    if (!isEarly) await timers.fire(1000);
    await server.readUntil("0\r\n\r\n");
    assertEquals(timers.delays, []);
    server.write(ANSWER);
    assertEquals(await (await exchanging).text(), "ok");
    await client.close();
  }
});

Deno.test("exchange waits without a timer if the time is no limit, and not at all if it is 0", async () => {
  using timers = new HeldTimers();
  for (const continueTimeout of [Infinity, 2 ** 31, 2 ** 40]) {
    const { client, server } = openPipe();
    const { body } = streamOf(["own"]);
    const exchanging = client.exchange(post(EXPECT), { body, continueTimeout });
    await server.readUntil("\r\n\r\n");
    await settle();
    assertEquals([server.received, timers.delays.length], [0, 0]);
    server.write(CONTINUE);
    await server.readUntil("0\r\n\r\n");
    server.write(ANSWER);
    await exchanging;
    await client.close();
  }
  const { client, server } = openPipe();
  const { body } = streamOf(["own"]);
  const options = { body, continueTimeout: 0 };
  const exchanging = client.exchange(post(EXPECT), options);
  await server.readUntil("0\r\n\r\n");
  server.write(ANSWER);
  await exchanging;
  await client.close();
});

Deno.test("exchange has nothing to wait for without a body, or another expectation", async () => {
  using timers = new HeldTimers();
  for (
    const [request, options] of [
      [get(EXPECT), {}],
      [post(EXPECT), {}],
      [post({ ...EXPECT, "Content-Length": "0" }), { body: streamOf([]).body }],
      [post({ Expect: "more" }), { body: "x" }],
    ] as [HttpRequest, HttpExchangeOptions][]
  ) {
    const { client, server } = openPipe();
    const exchanging = client.exchange(request, options);
    await server.readUntil("\r\n\r\n");
    assertEquals(timers.delays, []);
    server.write(CONTINUE + ANSWER);
    const exchange = await exchanging;
    assertEquals(await exchange.text(), "ok");
    assertEquals((await exchange.closed).keepAlive, true);
    await client.close();
  }
});

Deno.test("exchange ends while its body waits for a 100", async () => {
  using timers = new HeldTimers();
  const reason = new Error("Enough");
  for (const how of ["abort", "close", "reset"]) {
    const { client, server } = openPipe();
    const { body, taken, stopped } = streamOf(["own"]);
    const { signal, abort } = watchedSignal();
    const exchanging = client.exchange(post(EXPECT), { body, signal });
    await server.readUntil("\r\n\r\n");
    await settle();
    assertEquals(timers.delays, [1000]);
    if (how === "abort") abort(reason);
    if (how === "reset") server.abort(reason);
    if (how === "close") await client.close();
    const error = await rejection(exchanging);
    assertStrictEquals(await stopped, error);
    assertEquals([taken(), server.received], [0, 0]);
    assertEquals(timers.delays, []);
    await server.closed;
  }
});

// Letting go of the source.

for (const [kind, source] of SOURCES) {
  Deno.test(`exchange lets go of ${kind} with the reason of its failure`, async () => {
    for (const how of ["abort", "fault", "close"]) {
      const { client, server } = openPipe({ capacity: 0 });
      const { body, stopped } = source(endless(100_000));
      const { signal, abort } = watchedSignal();
      const exchanging = client.exchange(post(), { body, signal });
      await server.readUntil("\r\n\r\n");
      if (how === "abort") abort(new Error("Enough"));
      if (how === "fault") server.write("SMTP");
      if (how === "close") await client.close();
      const error = await rejection(exchanging);
      assertEquals(await stopped, source === streamOf ? error : undefined);
      await server.closed;
    }
  });

  Deno.test(`exchange rejects with what ${kind} throws, and leaves the request incomplete`, async () => {
    const fault = new RangeError("The disk is gone");
    for (const headers of [{}, { "Content-Length": "5" }]) {
      for (const pieces of [[], ["hello"], ["he", ""]]) {
        const { client, server } = openPipe();
        const { body } = source(pieces, fault);
        const exchanging = client.exchange(post(headers), { body });
        assertStrictEquals(await rejection(exchanging), fault);
        assertEquals(client.reusable, false);
        assertStrictEquals(
          await rejection(server.readUntil("\r\n0\r\n")),
          fault,
        );
        await server.closed;
      }
    }
  });

  Deno.test(`exchange leaves ${kind} alone that it need not touch`, async () => {
    const { client } = openPipe();
    const aborted = source(["a"]);
    const signal = AbortSignal.abort("No");
    const options = { body: aborted.body, signal };
    assertEquals(await rejection(client.exchange(post(), options)), "No");
    assertEquals(await drain(ReadableStream.from(aborted.body)), "a");
    await client.close();
    const closed = source(["a"]);
    await assertRejects(
      () => client.exchange(post(), { body: closed.body }),
      TypeError,
    );
    assertEquals(await drain(ReadableStream.from(closed.body)), "a");
  });

  Deno.test(`exchange does not cancel ${kind} that it read to its end`, async () => {
    const { client, server } = openPipe();
    const { body, stopped } = source(["a"]);
    const exchanging = client.exchange(post(), { body });
    await server.readUntil("0\r\n\r\n");
    server.write(ANSWER);
    let isStopped = false;
    stopped.then(() => isStopped = true);
    await (await exchanging).body.cancel("Not needed");
    await settle();
    // A generator that ends runs its `finally` by itself.
    assertEquals(isStopped, source === generatorOf);
    await server.closed;
  });
}

Deno.test("exchange yields to others although its source is always ready and empty", async () => {
  for (
    const body of [
      (async function* () {
        while (true) yield await Promise.resolve(new Uint8Array(0));
      })(),
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(0)),
      }),
    ]
  ) {
    const { client, server } = openPipe();
    const { signal, abort } = watchedSignal();
    const exchanging = rejection(client.exchange(post(), { body, signal }));
    assertEquals(await server.readUntil("\r\n\r\n"), CHUNKED);
    setTimeout(() => abort("Enough"), 1);
    assertEquals(await exchanging, "Enough");
    await pass(10);
  }
});

/** Measures, in another process, how much memory a POST needs. */
async function peakOf(call: string, bytes: number): Promise<number> {
  const program = `
    import { HttpClient } from "@pimalaya/io-http/client";
    import { HttpRequest } from "@pimalaya/io-http";
    const peak = () => Number(
      /VmHWM:\\s+(\\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))[1],
    ) * 1024;
    const [hostname, port] = Deno.args;
    const url = "http://" + hostname + ":" + port + "/";
    const client = await HttpClient.connect(url);
    await client.send(HttpRequest.post(url, { body: "warm" }));
    const before = peak();
    const body = new Uint8Array(${bytes}).fill(1);
    const request = HttpRequest.post(url, { body });
    ${call};
    console.log(peak() - before);`;
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    using conn = await listener.accept();
    const buffer = new Uint8Array(2 ** 20);
    for (const total of [4, bytes]) {
      let head = "";
      while (!head.includes("\r\n\r\n")) {
        head += toText(buffer.subarray(0, (await conn.read(buffer))!));
      }
      let got = head.length - head.indexOf("\r\n\r\n") - 4;
      while (got < total) got += (await conn.read(buffer))!;
      await conn.write(toBytes(ANSWER));
    }
  })();
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      `--config=${new URL("../../../deno.json", import.meta.url).pathname}`,
      `data:application/typescript,${encodeURIComponent(program)}`,
      "127.0.0.1",
      `${listener.addr.port}`,
    ],
    stdout: "piped",
    stderr: "inherit",
  }).output();
  assertEquals(success, true);
  await serving;
  return Number(new TextDecoder().decode(stdout));
}

for (
  const [name, call] of [
    ["send", "await client.send(request)"],
    ["exchange", "await (await client.exchange(request)).text()"],
    [
      "exchange with a body",
      "await (await client.exchange(HttpRequest.post(url), { body })).text()",
    ],
  ] as const
) {
  Deno.test({
    name: `${name} holds at most 1.1 times the body that it sends`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const bytes = 2 ** 27;
      // Collecting garbage and compiling take some MiB more or less.
      assertLess(await peakOf(call, bytes), bytes * 1.1 + 2 ** 22);
    },
  });
}
