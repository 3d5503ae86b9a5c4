// docs/policies.md, "Content codings", content codings.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import zlib from "node:zlib";
import {
  type DecodeRules,
  decodeStream,
  findCodings,
  resolveDecode,
  withoutCodings,
} from "../../agent/decode.ts";
import { HttpHeaders, HttpResponse } from "../../mod.ts";
import { toBytes, toText } from "../_text.ts";
import {
  bodyOf,
  checkCodings,
  checkRepeated,
  decodeAll,
  defaultRules,
  join,
  SAMPLES,
  TEXT,
} from "./_codings.ts";

Deno.test("Every coding decodes in every split, and rejects what is truncated, corrupt, or followed by bytes", async () => {
  assertEquals(await checkCodings(), []);
});

Deno.test("Members of gzip may follow each other", async () => {
  assertEquals(await checkRepeated(["gzip"]), []);
});

Deno.test("Accept-Encoding offers what this runtime decodes to the end", async () => {
  assertEquals((await defaultRules()).acceptEncoding, "gzip, deflate, br");
  assertEquals(await resolveDecode(false), null);
});

Deno.test("Codings are undone in reverse order, also x-gzip", async () => {
  const bytes = zlib.gzipSync(zlib.brotliCompressSync(SAMPLES.gzip!));
  const codings = ["gzip", "br", "x-gzip"];
  assertEquals(await decodeAll(codings, [bytes], await defaultRules()), TEXT);
});

Deno.test("Only known codings are undone, up to 5, and not those of a part or of no body", async () => {
  const rules = await defaultRules();
  const find = (value: string, method = "GET", status = 200) => {
    const headers = new HttpHeaders({ "Content-Encoding": value });
    return findCodings(method, new HttpResponse({ status, headers }), rules);
  };
  assertEquals(find("gzip"), ["gzip"]);
  assertEquals(find("GZip , identity,, br"), ["gzip", "br"]);
  assertEquals(find("gzip, ".repeat(5)), Array(5).fill("gzip"));
  assertEquals(find("gzip, ".repeat(6)), []);
  assertEquals(find("gzip, rot13"), []);
  assertEquals(find("zstd"), []);
  assertEquals(find(""), []);
  for (const status of [204, 206, 304]) {
    assertEquals(find("gzip", "GET", status), []);
  }
  assertEquals(find("gzip", "HEAD"), []);
  const headers = new HttpHeaders([
    ["Content-Encoding", "gzip"],
    ["Content-Length", "1"],
    ["ETag", '"x"'],
  ]);
  assertEquals([...withoutCodings(headers)], [["ETag", '"x"']]);
});

Deno.test("Bytes are delivered as soon as the coding allows", async () => {
  const rules = await defaultRules();
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
    const open = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(new Uint8Array(bytes)),
    });
    const reader = decodeStream(open, decodingOf(coding, rules)).getReader();
    assertEquals(toText((await reader.read()).value!), "data: 1\n\n");
    await reader.cancel();
  }
});

function decodingOf(coding: string, rules: DecodeRules) {
  return {
    codings: [coding],
    rules,
    response: new HttpResponse({ status: 200 }),
  };
}

Deno.test("A body that expands more than 1000-fold beyond 1 MiB is too large", async () => {
  const rules = await defaultRules();
  const zeros = new Uint8Array(2 ** 20);
  for (
    const [coding, bytes] of Object.entries({
      gzip: zlib.gzipSync(join(zeros, zeros)),
      br: zlib.brotliCompressSync(join(zeros, zeros)),
    })
  ) {
    assertEquals(await decodeAll([coding], [bytes], rules), "BodyTooLarge");
  }
  const small = await decodeAll(["gzip"], [zlib.gzipSync(zeros)], rules);
  assertEquals(small.length, zeros.length);

  const decode = async (maxRatio: number | null, bytes: Uint8Array) => {
    const rules = await resolveDecode({ maxRatio }) as DecodeRules;
    return (await decodeAll(["gzip"], [bytes], rules)).length;
  };
  const double = zlib.gzipSync(join(zeros, zeros));
  assertEquals(await decode(null, double), 2 ** 21);
  assertEquals(await decode(2000, double), 2 ** 21);
  assertEquals(await decode(10, double), "BodyTooLarge".length);
  for (const maxRatio of [0, NaN, -1]) {
    assertThrows(() => resolveDecode({ maxRatio }), RangeError, "maxRatio");
  }
});

Deno.test("10 GB of zeros cost no memory while nobody reads them, and end early", async () => {
  // One member of 16 MiB, over and over: what a server would send.
  const member = zlib.gzipSync(new Uint8Array(2 ** 24));
  let members = 0;
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      members++;
      controller.enqueue(new Uint8Array(member));
    },
  }, { highWaterMark: 0 });
  const rules = await resolveDecode({ maxRatio: null }) as DecodeRules;
  const reader = decodeStream(endless, decodingOf("gzip", rules)).getReader();
  let size = 0;
  while (size < 2 ** 23) size += (await reader.read()).value!.length;
  // No more was taken than was needed for what was read.
  assertEquals(members, 1);
  await reader.cancel();

  // Brotli makes as much of a few hundred bytes.
  const brotli = zlib.brotliCompressSync(new Uint8Array(2 ** 28), {
    params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 2 },
  });
  const before = Deno.memoryUsage().rss;
  assertEquals(
    await decodeAll(["br"], [brotli], await defaultRules()),
    "BodyTooLarge",
  );
  assert(Deno.memoryUsage().rss - before < 2 ** 27);
});

Deno.test("A decoder of the caller's is offered, and takes the place of the runtime's", async () => {
  const flip = () =>
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (piece, controller) =>
        controller.enqueue(piece.map((byte) => byte ^ 1)),
    });
  const rules = await resolveDecode({
    decoders: { GZIP: flip, flip },
  }) as DecodeRules;
  assertEquals(rules.acceptEncoding, "gzip, deflate, br, flip");
  const pieces = [toBytes("`b"), toBytes("e")];
  assertEquals(await decodeAll(["flip"], pieces, rules), "acd");
  assertEquals(await decodeAll(["gzip", "flip"], pieces, rules), "`be");

  const fail = () =>
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      flush: () => {
        throw new Error("No end");
      },
    });
  const failing = await resolveDecode({ decoders: { fail } }) as DecodeRules;
  assertEquals(
    await decodeAll(["fail"], pieces, failing),
    "InvalidContentCoding",
  );
});

Deno.test("Errors of the source are passed on, and cancellation reaches it", async () => {
  const flip = () => new TransformStream<Uint8Array<ArrayBuffer>>();
  const rules = await resolveDecode({ decoders: { flip } }) as DecodeRules;
  for (const coding of ["gzip", "deflate", "br", "flip"]) {
    const reason = new Error("Lost");
    const bytes = coding === "flip"
      ? toBytes("x")
      : SAMPLES[coding]!.slice(0, 60);
    let count = 0;
    const broken = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (count++ === 0) controller.enqueue(bytes);
        else controller.error(reason);
      },
    });
    const body = decodeStream(broken, decodingOf(coding, rules));
    await assertRejects(() => new Response(body).arrayBuffer(), Error, "Lost");

    for (const reads of [0, 1]) {
      let canceled: unknown;
      const idle = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start: (controller) => controller.enqueue(bytes.slice()),
        cancel: (reason) => {
          canceled = reason;
        },
      });
      const reader = decodeStream(idle, decodingOf(coding, rules)).getReader();
      // This one waits for more, which never comes.
      const pending = reads === 1 ? reader.read() : null;
      await reader.cancel("enough");
      assertEquals(canceled, "enough");
      await pending;
    }
  }
});

Deno.test("A decoded body is a byte stream that holds no memory of others", async () => {
  const { readable } = { readable: bodyOf([SAMPLES.gzip!]) };
  const body = decodeStream(readable, decodingOf("gzip", await defaultRules()));
  const reader = body.getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(10));
  assertEquals(toText(value!), TEXT.slice(0, 10));
  assertEquals(value!.buffer.byteLength, 10);
  await reader.cancel();
});
