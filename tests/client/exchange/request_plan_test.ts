// The bytes of a request, for every kind of body, and requests that are refused before
// a byte is written.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { runInNewContext } from "node:vm";
import { HttpRequest } from "@pimalaya/io-http";
import type {
  HttpBodyInit,
  HttpExchangeOptions,
} from "@pimalaya/io-http/client";
import { transfer } from "../../_pure.ts";
import { toBytes, toText } from "../../_text.ts";
import {
  carryOne,
  HI,
  openPipe,
  post,
  settle,
  SITE,
  SOURCES,
  streamOf,
} from "../_client.ts";

/** The pieces of a body, each as a chunk, and the end. */
function chunksOf(pieces: string[], trailers = ""): string {
  const chunks = pieces.filter((piece) => piece !== "")
    .map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
  return `${chunks.join("")}0\r\n${trailers}\r\n`;
}

/** A request, and its bytes: the lines after `Host`, and the body. */
type Sent = [string, HttpRequest, HttpExchangeOptions, string[], string];

const CHUNKED = "Transfer-Encoding: chunked";

/** Some bytes, in the same buffer each time. It is cleared at the end. */
function* inOneBuffer(texts: string[]): Generator<Uint8Array> {
  const buffer = new Uint8Array(4);
  for (const text of texts) {
    buffer.set(toBytes(text));
    yield buffer;
  }
  buffer.fill(0);
}

const LARGE = [16_383, 16_384, 65_537, 600_000];
const PIECES: [name: string, pieces: string[], make?: typeof inOneBuffer][] = [
  ["no piece", []],
  ["three pieces", ["hello", " ", "x".repeat(17)]],
  ["empty pieces", ["", "a", "", "", "b", ""]],
  ["only an empty piece", [""]],
  ["large pieces", LARGE.map((length, at) => `${at}`.repeat(length))],
  ["pieces in one buffer", ["aaaa", "bbbb", "cccc"], inOneBuffer],
];

const FROM_SOURCES = SOURCES.flatMap(([kind, source]) =>
  PIECES.flatMap(([name, pieces, make = (texts) => texts]): Sent[] => {
    const all = pieces.join("");
    const own = { "content-length": `${all.length}`, "X-After": "1" };
    const stated = [`content-length: ${all.length}`, "X-After: 1"];
    const lines = ["X-After: 1", CHUNKED];
    const options = () => ({ body: source(make(pieces)).body });
    const of = `${kind} of ${name}`;
    return [
      [of, post({ "X-After": "1" }), options(), lines, chunksOf(pieces)],
      [`${of} and a stated length`, post(own), options(), stated, all],
    ];
  })
);

const SHARED = new Uint8Array(new SharedArrayBuffer(5));
SHARED.set(toBytes("hello"));
const QUERY = new URLSearchParams({ a: "b c" });
const FORM = "Content-Type: application/x-www-form-urlencoded;charset=UTF-8";

const alien = runInNewContext("Uint8Array").from(toBytes("hello"));

/** Bodies of a known length, the bytes of each, and the lines for its type. */
const KNOWN: [string, HttpBodyInit, body: string, ...lines: string[]][] = [
  ["a Uint8Array", toBytes("hello"), "hello"],
  ["a part of a Buffer", Buffer.from("hello!").subarray(0, 5), "hello"],
  ["shared memory", SHARED, "hello"],
  ["an ArrayBuffer", toBytes("hello").buffer, "hello"],
  ["one of another realm", alien.buffer, "hello"],
  ["a string, as UTF-8", "h€llo", "h\xe2\x82\xacllo"],
  ["a Blob", new Blob(["hello"], { type: "text/plain" }), "hello"],
  ["URLSearchParams", QUERY, "a=b+c", FORM],
  ["an empty string", "", ""],
  ["an empty Blob", new Blob(), ""],
  ["null", null, ""],
];

const FROM_KNOWN = KNOWN.flatMap(([name, body, text, ...lines]): Sent[] => {
  const { length } = text;
  // It is replaced.
  const own = HttpRequest.post(SITE, { body: "own" });
  const stated = post({ "content-length": `${length}` });
  const asking = post({ "Transfer-Encoding": "chunked" });
  const chunks = chunksOf([text]);
  const trailed = { body, trailers: {} };
  return [
    [name, own, { body }, [...lines, `Content-Length: ${length}`], text],
    [`${name} of a stated length`, stated, { body }, [
      `content-length: ${length}`,
      ...lines,
    ], text],
    [`${name} asked for in chunks`, asking, { body }, [
      CHUNKED,
      ...lines,
    ], chunks],
    [`${name} with trailers`, post(), trailed, [...lines, CHUNKED], chunks],
  ];
});

const TRAILERS = { "X-Sum": "1", "x-more": "a b" };
const TRAILER = { Trailer: "X-Sum" };
const TRAILED = HttpRequest.post(SITE, { headers: TRAILER, body: "a" });
const FROM_TRAILERS = ([
  ["a record", TRAILERS],
  ["pairs", Object.entries(TRAILERS)],
  ["a function", () => TRAILERS],
  ["an async function", () => settle().then(() => TRAILERS)],
] as [string, HttpExchangeOptions["trailers"]][]).flatMap(
  ([kind, trailers]): Sent[] => {
    const chunks = chunksOf(["a"], "X-Sum: 1\r\nx-more: a b\r\n");
    const lines = ["Trailer: X-Sum", CHUNKED];
    const { body } = streamOf(["a"]);
    const name = `trailers of ${kind}`;
    return [
      [name, post(TRAILER), { body, trailers }, lines, chunks],
      [`${name} after its own body`, TRAILED, { trailers }, lines, chunks],
    ];
  },
);

const OWN = HttpRequest.post(SITE, { body: "own" });
const ENCODED = { "transfer-encoding": "Chunked" };
const OWN_CODED = HttpRequest.post(SITE, { headers: ENCODED, body: "a" });
const CODED = ["transfer-encoding: Chunked"];
const STREAM = streamOf(["a"]).body;
const TYPED = post({ "content-type": "x/y" });
const FIVE = "Content-Length: 5";

const OTHERS: Sent[] = [
  ["its own body", OWN, {}, ["Content-Length: 3"], "own"],
  ["a body", post(), { body: "given", target: "absolute" }, [FIVE], "given"],
  ["a stream", post(ENCODED), { body: STREAM }, CODED, chunksOf(["a"])],
  ["its own body in chunks", OWN_CODED, {}, CODED, chunksOf(["a"])],
  ["a form", TYPED, { body: QUERY }, ["content-type: x/y", FIVE], "a=b+c"],
  ...["GET", "DELETE", "HEAD", "PUT", "PROPFIND"].map((method): Sent => {
    const request = new HttpRequest(method, SITE);
    return [
      `a body with ${method}`,
      request,
      { body: "12345" },
      [FIVE],
      "12345",
    ];
  }),
];

const ALL = [...FROM_SOURCES, ...FROM_KNOWN, ...FROM_TRAILERS, ...OTHERS];

for (const [name, request, options, lines, body] of ALL) {
  const target = options.target === "absolute" ? SITE : "/";
  const title = `${name}, with ${lines.join(", ")}`;
  Deno.test(`exchange sends ${title}, and the connection goes on`, async () => {
    const { client, server } = openPipe();
    const own = request.body.slice();
    const exchanging = client.exchange(request, options);
    const first = `${request.method} ${target} HTTP/1.1`;
    const head = [first, "Host: example.com", ...lines, "", ""].join("\r\n");
    let wire = "";
    while (wire.length < head.length + body.length) {
      wire += toText((await server.read())!);
    }
    assertEquals(wire, head + body);
    server.write("HTTP/1.1 204 No Content\r\n\r\n");
    const exchange = await exchanging;
    assertEquals(await exchange.uploaded, true);
    assertEquals(await exchange.closed, { keepAlive: true, closeReason: null });
    assertEquals(request.body, own);
    await carryOne(client, server);
    await client.close();
    assertEquals(await server.readToEnd(), "");
  });
}

Deno.test("exchange sends FormData as multipart, with its boundary and its length", async () => {
  const body = new FormData();
  body.append("a", "1");
  body.append("file", new Blob(["content"]), "name.txt");
  const { client, server } = openPipe();
  client.exchange(post(), { body });
  const wire = await server.readUntil("--\r\n");
  server.write(HI);
  const [, boundary] = /Content-Type: multipart\/form-data; ?boundary=(\S+)/i
    .exec(wire)!;
  const { length } = wire.slice(wire.indexOf("\r\n\r\n") + 4);
  assertStringIncludes(wire, `Content-Length: ${length}\r\n`);
  for (const part of [`--${boundary}--`, 'filename="name.txt"', "content"]) {
    assertStringIncludes(wire, part);
  }
  const other = openPipe();
  other.client.exchange(post({ "content-type": "x/y" }), { body });
  const head = await other.server.answer(HI);
  assertEquals(head.match(/content-type: .*/gi), ["content-type: x/y"]);
  await client.close();
});

Deno.test("exchange asks for trailers once, when the source has ended", async () => {
  const calls: string[] = [];
  async function* body() {
    yield await Promise.resolve(new Uint8Array(1));
    calls.push("source");
  }
  const trailers = () => {
    calls.push("trailers");
    return {};
  };
  const { client, server } = openPipe();
  const exchanging = client.exchange(post(), { body: body(), trailers });
  await server.readUntil("0\r\n\r\n");
  server.write(HI);
  await (await exchanging).bytes();
  assertEquals(calls, ["source", "trailers"]);
});

function detached(): Uint8Array {
  const bytes = new Uint8Array(3);
  transfer(bytes);
  return bytes;
}

const LENGTH_1 = { "Content-Length": "1" };

const HOSTS: [string, string][] = [["Host", "a"], ["Host", "b"]];
const WRONG = HttpRequest.post(SITE, { headers: LENGTH_1, body: "xy" });
const LOCKED = new ReadableStream();
LOCKED.getReader();

type Given = Omit<HttpExchangeOptions, "body"> & { body?: unknown };

/** Requests that contradict themselves, and invalid bodies. */
const REFUSED: [name: string, request?: HttpRequest, options?: Given][] = [
  ["a body with TRACE", new HttpRequest("TRACE", SITE, { body: "x" })],
  ["a body with CONNECT", new HttpRequest("CONNECT", SITE, { body: "x" })],
  ["two Host fields", HttpRequest.post(SITE, { headers: HOSTS })],
  ["a length that is not its own body's", WRONG, { body: undefined }],
  ["trailers with a length", post(LENGTH_1), { trailers: { A: "1" } }],
  ["a trailer function with one", post(LENGTH_1), { trailers: () => ({}) }],
  ["an invalid trailer", post(), { trailers: { "a b": "1" } }],
  ["a trailer that frames", post(), { trailers: LENGTH_1 }],
  ["a length that is no number", post({ "Content-Length": "1x" })],
  ["two framings", post({ ...LENGTH_1, "Transfer-Encoding": "chunked" })],
  ["another transfer coding", post({ "Transfer-Encoding": "gzip" })],
  ["an asterisk with POST", post(), { target: "asterisk" }],
  ["a number", post(), { body: 5 }],
  ["an object", post(), { body: {} }],
  ["an array of pieces", post(), { body: [toBytes("a")] }],
  ["a DataView", post(), { body: new DataView(new ArrayBuffer(1)) }],
  ["a detached Uint8Array", post(), { body: detached() }],
  ["a detached ArrayBuffer", post(), { body: detached().buffer }],
  ["a locked stream", post(), { body: LOCKED }],
  ...KNOWN.map(([name, body, { length }]): typeof REFUSED[number] => [
    `${name} that is shorter than its Content-Length`,
    post({ "Content-Length": `${length + 1}` }),
    { body },
  ]),
];

Deno.test("a client rejects an invalid request, continueTimeout, or onInterim, before it writes", async () => {
  const { client, server } = openPipe();
  for (const value of [-1, NaN, "5"]) {
    const continueTimeout = value as number;
    await assertRejects(
      () => client.exchange(post(), { continueTimeout }),
      RangeError,
      `continueTimeout: ${continueTimeout} is not`,
    );
  }
  const text = SITE as unknown as HttpRequest;
  await assertRejects(() => client.send(text), TypeError, "an HttpRequest");
  const noFunction = { onInterim: 1 } as object;
  await assertRejects(() => client.exchange(post(), noFunction), TypeError);
  await carryOne(client, server);
  await client.close();
});

for (const [name, request = post(), options = {}] of REFUSED) {
  Deno.test(`a client rejects ${name}, before it writes or takes a piece`, async () => {
    for (const [, source] of SOURCES) {
      const { client, server } = openPipe();
      const { body, taken } = source(["a"]);
      const all = { body, ...options } as HttpExchangeOptions;
      await assertRejects(() => client.exchange(request, all), TypeError);
      const isBuffered = (options.body ?? options.trailers) === undefined;
      for (const call of isBuffered ? ["send", "sendHttp10"] as const : []) {
        await assertRejects(() => client[call](request, all), TypeError);
      }
      assertEquals(taken(), 0);
      if (body instanceof ReadableStream) assertEquals(body.locked, false);
      await carryOne(client, server);
      await client.close();
      assertEquals(await server.readToEnd(), "");
    }
  });
}
