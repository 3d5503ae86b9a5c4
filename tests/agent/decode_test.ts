// docs/policies.md, "Content codings".

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import zlib from "node:zlib";
import type { HttpDecodeOptions } from "@pimalaya/io-http/agent";
import {
  type DecodeRules,
  decodeStream,
  findDecoding,
  resolveDecode,
} from "../../agent/decode.ts";
import { HttpError, HttpHeaders, HttpResponse } from "../../mod.ts";
import { toBytes, toText } from "../_text.ts";
import {
  bodyOf,
  checkCodings,
  decodeAll,
  defaultRules,
  join,
  SAMPLES,
  TEXT,
  UNWATCHED,
} from "./_codings.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const rules = await defaultRules();

async function rulesFor(options: HttpDecodeOptions): Promise<DecodeRules> {
  return await resolveDecode(options) as DecodeRules;
}

/** Decodes a stream, and reads it. */
function read(
  body: ReadableStream<Bytes>,
  coding: string,
  decodeRules: DecodeRules = rules,
) {
  const response = new HttpResponse({ status: 200 });
  const decoding = { codings: [coding], rules: decodeRules, response };
  return decodeStream(body, decoding, UNWATCHED);
}

Deno.test("Content codings: Every coding decodes in every split, and rejects a body that is truncated, corrupt, or followed by bytes", async () => {
  assertEquals(await checkCodings(), []);
});

Deno.test("Content codings: Members of gzip may follow each other", async () => {
  const gzip = SAMPLES.gzip!;
  const twice = join(gzip, gzip);
  for (let at = 0; at <= twice.length; at++) {
    const pieces = [twice.subarray(0, at), twice.subarray(at)];
    assertEquals(await decodeAll(["gzip"], pieces, rules), TEXT + TEXT);
  }
});

Deno.test("Content codings: Accept-Encoding offers the codings that this runtime decodes to the end", async () => {
  assertEquals(rules.acceptEncoding, "gzip, deflate, br");
  assertEquals(await resolveDecode(false), null);
});

Deno.test("Content codings: Codings are undone in reverse order, also x-gzip", async () => {
  const { gzipSync, brotliCompressSync } = zlib;
  const bytes = gzipSync(brotliCompressSync(SAMPLES.deflate!));
  const codings = ["deflate", "br", "x-gzip"];
  assertEquals(await decodeAll(codings, [bytes], rules), TEXT);
});

Deno.test("Content codings: Only known codings are undone, up to 5, and not those of a part or of no body", () => {
  const find = (value: string, method = "GET", status = 200) => {
    const headers = new HttpHeaders({ "Content-Encoding": value });
    const response = new HttpResponse({ status, headers });
    return findDecoding(method, response, rules)?.codings ?? [];
  };
  assertEquals(find("gzip"), ["gzip"]);
  assertEquals(find("GZip , identity,, br"), ["gzip", "br"]);
  assertEquals(find("gzip, ".repeat(5)), Array(5).fill("gzip"));
  for (const value of ["gzip, ".repeat(6), "gzip, rot13", "zstd", ""]) {
    assertEquals(find(value), [], value);
  }
  for (const status of [204, 206, 304]) {
    assertEquals(find("gzip", "GET", status), []);
  }
  assertEquals(find("gzip", "HEAD"), []);
});

Deno.test("Content codings: The fields of a coded body are removed with the coding", () => {
  const headers = new HttpHeaders([
    ["Content-Encoding", "gzip"],
    ["Content-Length", "1"],
    ["ETag", '"x"'],
  ]);
  const response = new HttpResponse({ status: 200, headers });
  const decoding = findDecoding("GET", response, rules);
  assertEquals([...decoding!.response.headers], [["ETag", '"x"']]);
});

Deno.test("Content codings: Bytes are delivered as soon as the coding allows", async () => {
  // Parts that end with a flush, as a server sends each event of a stream.
  const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;
  const raw = zlib.deflateRawSync("data: 1\n\n", { finishFlush: Z_SYNC_FLUSH });
  const flushed = {
    gzip: join(SAMPLES.gzip!.subarray(0, 10), raw),
    deflate: raw,
    br: zlib.brotliCompressSync("data: 1\n\n", {
      finishFlush: BROTLI_OPERATION_FLUSH,
    }),
  };
  for (const [coding, bytes] of Object.entries(flushed)) {
    const open = new ReadableStream<Bytes>({
      start: (controller) => controller.enqueue(new Uint8Array(bytes)),
    });
    const reader = read(open, coding).getReader();
    assertEquals(toText((await reader.read()).value!), "data: 1\n\n");
    await reader.cancel();
  }
});

Deno.test("Content codings: A body that expands more than 1000-fold beyond 1 MiB, or another ratio, is too large", async () => {
  const [one, two] = [new Uint8Array(2 ** 20), new Uint8Array(2 ** 21)];
  const brotli = zlib.brotliCompressSync(two);
  assertEquals(await decodeAll(["br"], [brotli], rules), "BodyTooLarge");
  for (
    const [maxRatio, zeros, isFine] of [
      [undefined, two, false],
      [undefined, one, true],
      [null, two, true],
      [2000, two, true],
      [10, two, false],
      [10, one, true],
    ] as const
  ) {
    const gzip = zlib.gzipSync(zeros);
    const decoded = await decodeAll(
      ["gzip"],
      [gzip],
      await rulesFor({ maxRatio }),
    );
    if (isFine) assertEquals(decoded.length, zeros.length);
    else assertEquals(decoded, "BodyTooLarge");
  }
  for (const maxRatio of [0, NaN, -1]) {
    assertThrows(() => resolveDecode({ maxRatio }), RangeError, "maxRatio");
  }
});

Deno.test("Content codings: 10 GB of zeros cost no memory while nobody reads them, and end early", async () => {
  // One member of 16 MiB, again and again, as a server would send it.
  const member = zlib.gzipSync(new Uint8Array(2 ** 24));
  let members = 0;
  const endless = new ReadableStream<Bytes>({
    pull(controller) {
      members++;
      controller.enqueue(new Uint8Array(member));
    },
  }, { highWaterMark: 0 });
  const unlimited = await rulesFor({ maxRatio: null });
  const reader = read(endless, "gzip", unlimited).getReader();
  let size = 0;
  while (size < 2 ** 23) size += (await reader.read()).value!.length;
  // No more input was taken than the output that was read needs.
  assertEquals(members, 1);
  await reader.cancel();

  // Bytes that come at once do not count at once.
  const bomb = join(...Array(64).fill(member));
  const decoding = read(bodyOf([bomb]), "gzip").pipeTo(new WritableStream());
  await assertRejects(() => decoding, HttpError, "body: 32768 bytes expand");

  // Brotli makes as much of a few hundred bytes.
  const brotli = zlib.brotliCompressSync(new Uint8Array(2 ** 28), {
    params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 2 },
  });
  const before = Deno.memoryUsage().rss;
  assertEquals(await decodeAll(["br"], [brotli], rules), "BodyTooLarge");
  assert(Deno.memoryUsage().rss - before < 2 ** 27);
});

Deno.test("Content codings: A decoder of the caller's is offered, and takes the place of the runtime's", async () => {
  const flip = () =>
    new TransformStream<Bytes, Bytes>({
      transform: (piece, controller) =>
        controller.enqueue(piece.map((byte) => byte ^ 1)),
    });
  const own = await rulesFor({ decoders: { GZIP: flip, flip } });
  assertEquals(own.acceptEncoding, "gzip, deflate, br, flip");
  const pieces = [toBytes("`b"), toBytes("e")];
  assertEquals(await decodeAll(["flip"], pieces, own), "acd");
  assertEquals(await decodeAll(["gzip", "flip"], pieces, own), "`be");

  const fail = () =>
    new TransformStream<Bytes, Bytes>({
      flush: () => {
        throw new Error("No end");
      },
    });
  const split = (what: unknown) => () =>
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(piece, controller) {
        controller.enqueue(what as Uint8Array<ArrayBuffer>);
        controller.enqueue(piece);
      },
    });
  const others = await rulesFor({
    decoders: { fail, empty: split(new Uint8Array(0)), text: split("a") },
  });
  assertEquals(await decodeAll(["empty"], pieces, others), "`be");
  for (const coding of ["fail", "text"]) {
    assertEquals(
      await decodeAll([coding], pieces, others),
      "InvalidContentCoding",
    );
  }
});

for (const coding of ["gzip", "deflate", "br", "flip"]) {
  Deno.test(`Content codings: Errors of the source are passed on, and cancellation reaches it, through ${coding}`, async () => {
    const flip = () => new TransformStream<Bytes>();
    const withFlip = await rulesFor({ decoders: { flip } });
    const bytes = (SAMPLES[coding] ?? toBytes("x")).slice(0, 60);
    let count = 0;
    const broken = new ReadableStream<Bytes>({
      pull(controller) {
        if (count++ === 0) controller.enqueue(bytes.slice());
        else controller.error(new Error("Lost"));
      },
    });
    const body = read(broken, coding, withFlip);
    await assertRejects(() => new Response(body).arrayBuffer(), Error, "Lost");

    for (const reads of [0, 1]) {
      let canceled: unknown;
      const idle = new ReadableStream<Bytes>({
        start: (controller) => controller.enqueue(bytes.slice()),
        cancel: (reason) => void (canceled = reason),
      });
      const reader = read(idle, coding, withFlip).getReader();
      // This one waits for more, which never comes.
      const pending = reads === 1 ? reader.read() : null;
      await reader.cancel("enough");
      assertEquals(canceled, "enough");
      await pending;
    }
  });
}

Deno.test("Content codings: A decoded body is a byte stream that holds no memory of others", async () => {
  const body = read(bodyOf([SAMPLES.gzip!]), "gzip");
  const reader = body.getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(10));
  assertEquals(toText(value!), TEXT.slice(0, 10));
  assertEquals(value!.buffer.byteLength, 10);
  await reader.cancel();
});
