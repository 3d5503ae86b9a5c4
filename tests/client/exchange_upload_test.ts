// How the body of a streaming exchange goes out: its framing and its trailers,
// by the bytes on the wire.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import {
  type ByteStream,
  HttpClient,
  type HttpExchangeOptions,
} from "@pimalaya/io-http/client";
import { toBytes, toText } from "../_text.ts";
import { transfer } from "../_pure.ts";
import {
  generatorOf,
  get,
  openPipe,
  post,
  rejection,
  SITE,
  streamOf,
} from "./_exchange.ts";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const HEAD = "POST / HTTP/1.1\r\nHost: example.com\r\n";
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;

/** Sends a request whose last bytes are known; gives all that went out. */
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
  assertEquals(await exchange.text(), "ok");
  assertEquals(await exchange.closed, { keepAlive: true, closeReason: null });
  assertEquals(client.reusable, true);
  await client.close();
  return wire + await server.readToEnd();
}

for (const source of [streamOf, generatorOf]) {
  const kind = source === streamOf ? "a stream" : "an async iterable";

  Deno.test(`exchange sends ${kind} in chunks, a piece each`, async () => {
    const { body, taken } = source(["hello", " ", "x".repeat(17)]);
    assertEquals(
      await upload(post(), { body }),
      `${CHUNKED}5\r\nhello\r\n1\r\n \r\n11\r\n${"x".repeat(17)}\r\n0\r\n\r\n`,
    );
    assertEquals(taken(), 3);
  });

  Deno.test(`exchange sends an empty body from ${kind} that is empty`, async () => {
    const wire = await upload(post(), { body: source([]).body });
    assertEquals(wire, `${CHUNKED}0\r\n\r\n`);
  });

  Deno.test(`exchange skips the empty pieces of ${kind}`, async () => {
    const { body } = source(["", "a", "", "", "b", ""]);
    assertEquals(
      await upload(post(), { body }),
      `${CHUNKED}1\r\na\r\n1\r\nb\r\n0\r\n\r\n`,
    );
  });

  Deno.test(`exchange sends large pieces of ${kind} whole`, async () => {
    const pieces = [65535, 65536, 65537, 200_000].map((length, at) =>
      String(at).repeat(length)
    );
    const chunks = pieces.map((piece) =>
      `${piece.length.toString(16)}\r\n${piece}\r\n`
    );
    const wire = await upload(post(), { body: source(pieces).body });
    assertEquals(wire, `${CHUNKED}${chunks.join("")}0\r\n\r\n`);
  });

  Deno.test(`exchange sends ${kind} as it is under a Content-Length`, async () => {
    const { body } = source(["hel", "", "lo", "", "!"]);
    const request = post({ "content-length": "6", "X-After": "1" });
    assertEquals(
      await upload(request, { body }, "hello!"),
      `${HEAD}content-length: 6\r\nX-After: 1\r\n\r\nhello!`,
    );
  });

  Deno.test(`exchange sends ${kind} of a Content-Length in one large piece`, async () => {
    const large = "x".repeat(100_000);
    const { body } = source([large]);
    const request = post({ "Content-Length": "100000" });
    assertEquals(
      await upload(request, { body }, large),
      `${HEAD}Content-Length: 100000\r\n\r\n${large}`,
    );
  });

  Deno.test(`exchange sends ${kind} that is empty under a Content-Length of 0`, async () => {
    const { body } = source([""]);
    assertEquals(
      await upload(post({ "Content-Length": "0" }), { body }, "\r\n\r\n"),
      `${HEAD}Content-Length: 0\r\n\r\n`,
    );
  });

  const WRONG: [string, number, string[]][] = [
    ["shorter", 6, ["hello"]],
    ["shorter", 6, []],
    ["shorter", 6, ["hel", "", "lo", ""]],
    ["longer", 4, ["hello"]],
    ["longer", 5, ["hello", "!"]],
    ["longer", 5, ["hel", "lo", "", "!"]],
    ["longer", 5, ["hel", "lo!"]],
    ["longer", 0, ["!"]],
    ["longer", 0, ["", "!"]],
  ];
  for (const [how, length, pieces] of WRONG) {
    const text = JSON.stringify(pieces);

    Deno.test(`exchange rejects ${kind} of ${text} ${how} than its Content-Length, ${length}`, async () => {
      const { client, server } = openPipe();
      const { body, stopped } = source(pieces);
      const request = post({ "Content-Length": `${length}` });
      const exchanging = client.exchange(request, { body });
      const error = await assertRejects(() => exchanging, TypeError, how);
      assertStringIncludes(error.message, `${length}`);

      // What went out before the connection was closed is no whole request.
      await server.closed;
      let wire = "";
      const end = await rejection(
        (async () => {
          while (true) {
            wire += toText((await server.read())!);
          }
        })(),
      );
      assertEquals(end, error);
      const head = `${HEAD}Content-Length: ${length}\r\n\r\n`;
      assertEquals(wire.length < head.length + length || wire === "", true);
      assertEquals(client.reusable, false);
      if (how === "longer") await stopped;
    });
  }
}

Deno.test("exchange sends the source in place of the request's own body", async () => {
  const request = HttpRequest.post(SITE, { body: "own" });
  const { body } = streamOf(["given"]);
  assertEquals(
    await upload(request, { body }),
    `${CHUNKED}5\r\ngiven\r\n0\r\n\r\n`,
  );
});

Deno.test("exchange sends the request's own body with its length", async () => {
  const request = HttpRequest.post(SITE, { body: "own" });
  assertEquals(
    await upload(request, {}, "own"),
    `${HEAD}Content-Length: 3\r\n\r\nown`,
  );
  assertEquals(
    await upload(post(), {}, "\r\n\r\n"),
    `${HEAD}Content-Length: 0\r\n\r\n`,
  );
});

Deno.test("exchange keeps the caller's own Transfer-Encoding as it is", async () => {
  const request = post({ "transfer-encoding": "Chunked", "X-After": "1" });
  const head = `${HEAD}transfer-encoding: Chunked\r\nX-After: 1\r\n\r\n`;
  const chunks = "1\r\na\r\n0\r\n\r\n";
  const { body } = streamOf(["a"]);
  assertEquals(await upload(request, { body }), head + chunks);

  const own = HttpRequest.post(SITE, { headers: request.headers, body: "a" });
  assertEquals(await upload(own, {}), head + chunks);
});

Deno.test("exchange sends a body with any method but TRACE and CONNECT", async () => {
  for (const method of ["GET", "DELETE", "HEAD", "PUT", "PROPFIND"]) {
    const { client, server } = openPipe();
    const { body } = streamOf(["a"]);
    const exchanging = client.exchange(new HttpRequest(method, SITE), { body });
    const wire = await server.readUntil("0\r\n\r\n");
    assertStringIncludes(wire, `${method} / HTTP/1.1\r\n`);
    assertStringIncludes(wire, "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    server.write("HTTP/1.1 204 No Content\r\n\r\n");
    await exchanging;
    await client.close();
  }
});

Deno.test("exchange sends the form of the request target that is asked for", async () => {
  const request = get();
  const wire = await upload(request, { target: "absolute" }, "\r\n\r\n");
  assertEquals(wire.split("\r\n")[0], `GET ${SITE} HTTP/1.1`);
  const { body } = streamOf(["a"]);
  const streamed = await upload(post(), { target: "absolute", body });
  assertEquals(streamed.split("\r\n")[0], `POST ${SITE} HTTP/1.1`);
});

for (
  const trailers of [
    { "X-Sum": "1", "x-more": "a b" },
    [["X-Sum", "1"], ["x-more", "a b"]] as [string, string][],
    () => ({ "X-Sum": "1", "x-more": "a b" }),
  ]
) {
  const kind = typeof trailers === "function"
    ? "a function gives"
    : Array.isArray(trailers)
    ? "pairs give"
    : "a record gives";

  Deno.test(`exchange sends the trailers that ${kind}`, async () => {
    const { body } = generatorOf(["a"]);
    const end = "0\r\nX-Sum: 1\r\nx-more: a b\r\n\r\n";
    const request = post({ Trailer: "X-Sum" });
    assertEquals(
      await upload(request, { body, trailers }, end),
      `${HEAD}Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n` +
        `1\r\na\r\n${end}`,
    );
    // The request's own body goes out chunked then, for trailers need chunks.
    const own = HttpRequest.post(SITE, { body: "own" });
    assertEquals(
      await upload(own, { trailers }, end),
      `${CHUNKED}3\r\nown\r\n${end}`,
    );
    assertEquals(
      await upload(post(), { trailers }, end),
      `${CHUNKED}${end}`,
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

const AT_ONCE: [string, HttpRequest, HttpExchangeOptions][] = [
  ["a body with TRACE", new HttpRequest("TRACE", SITE), {}],
  ["a body with CONNECT", new HttpRequest("CONNECT", SITE), {}],
  ["trailers with CONNECT", new HttpRequest("CONNECT", SITE), {
    trailers: {},
  }],
  ["trailers beside a Content-Length", post({ "Content-Length": "1" }), {
    trailers: { A: "1" },
  }],
  [
    "a function for trailers beside a Content-Length",
    post({
      "Content-Length": "1",
    }),
    { trailers: () => ({}) },
  ],
  ["a trailer with an invalid name", post(), { trailers: { "a b": "1" } }],
  ["a trailer with an invalid value", post(), { trailers: { a: "1\n2" } }],
  ["a trailer that frames", post(), { trailers: { "Content-Length": "1" } }],
  ["a Content-Length that is no number", post({ "Content-Length": "1x" }), {}],
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
];

for (const [name, request, options] of AT_ONCE) {
  Deno.test(`exchange rejects ${name}, before it writes or takes a piece`, async () => {
    for (const { body, taken } of [streamOf(["a"]), generatorOf(["a"])]) {
      const { client, server } = openPipe();
      await assertRejects(
        () => client.exchange(request, { ...options, body }),
        TypeError,
      );
      assertEquals(taken(), 0);
      if (body instanceof ReadableStream) assertEquals(body.locked, false);
      assertEquals(client.reusable, true);
      await client.close();
      assertEquals(await server.readToEnd(), "");
    }
  });
}

const BAD_FUNCTIONS: [string, () => Record<string, string>, typeof Error][] = [
  ["an invalid trailer", () => ({ "a:": "1" }), TypeError],
  ["a trailer that frames", () => ({ "Transfer-Encoding": "x" }), TypeError],
  ["a function that throws", () => {
    throw new RangeError("No trailers");
  }, RangeError],
];

for (const [name, trailers, Class] of BAD_FUNCTIONS) {
  Deno.test(`exchange rejects ${name} at the end, and leaves the request incomplete`, async () => {
    const { client, server } = openPipe();
    const { body } = streamOf(["a"]);
    const exchanging = client.exchange(post(), { body, trailers });
    const error = await assertRejects(() => exchanging, Class);
    assertEquals(await rejection(server.readUntil("0\r\n")), error);
    await server.closed;
    assertEquals(client.reusable, false);
  });
}

/** A connection that takes the arrays away that it is given to write. */
function takingStream(end: string): ByteStream {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let wire = "";
  const readable = new ReadableStream<Uint8Array>({
    start: (made) => {
      controller = made;
    },
  });
  const writable = new WritableStream<Uint8Array>({
    write(bytes) {
      wire += toText(bytes);
      transfer(bytes);
      if (wire.endsWith(end)) controller.enqueue(toBytes(ANSWER));
    },
  });
  return { readable, writable };
}

Deno.test("exchange leaves the request's own body as it was, to send it again", async () => {
  const expect = { Expect: "100-continue" };
  const cases: [Record<string, string>, HttpExchangeOptions, string][] = [
    [{}, {}, "own"],
    [{}, { trailers: { A: "1" } }, "A: 1\r\n\r\n"],
    [expect, { continueTimeout: 0 }, "own"],
    [expect, { continueTimeout: 0, trailers: {} }, "0\r\n\r\n"],
  ];
  for (const [headers, options, end] of cases) {
    const request = HttpRequest.post(SITE, { headers, body: "own" });
    await using client = new HttpClient(takingStream(end));
    const exchange = await client.exchange(request, options);
    assertEquals(await exchange.text(), "ok");
    assertEquals((await exchange.closed).keepAlive, true);
    assertEquals(request.body, toBytes("own"));
  }
});
