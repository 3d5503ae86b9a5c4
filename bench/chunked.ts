// How fast a chunked body is decoded, in reads of 64 KiB.

import { assertEquals } from "@std/assert";
import { printGroup } from "./_group.ts";
import { type Contender, measure } from "./_measure.ts";
import {
  type ChunkDecoder,
  jsChunkDecoder,
  llhttpChunkDecoder,
  ourChunkDecoder,
} from "./_peers_parse.ts";
import { bytesPerSecond, ratioRows, type Row } from "./_table.ts";

const TITLE = "chunked: a chunked body in memory decoded in reads of 64 KiB, " +
  "each piece of data taken as a view; data a second";

const READ_BYTES = 65536;
const SMALL_CHUNK = 64;
const SMALL_CHUNKS = 200_000;
const LARGE_CHUNK = 16384;
const LARGE_CHUNKS = 800;

if (import.meta.main) await printGroup(TITLE, measureChunked);

async function measureChunked(): Promise<Row[]> {
  return [
    ...await measureSmallChunks(),
    ...await measureLargeChunks(),
  ];
}

async function measureSmallChunks(): Promise<Row[]> {
  const reads = encodeChunks(SMALL_CHUNK, SMALL_CHUNKS);
  const length = SMALL_CHUNK * SMALL_CHUNKS;
  const decoders = [ourChunkDecoder(), llhttpChunkDecoder(), jsChunkDecoder()];
  const [ours, llhttp, js] = await measure(
    decoders.map((decoder) => makeContender(decoder, reads, length)),
  );
  return ratioRows(
    "200,000 chunks of 64 bytes",
    ours!,
    [[llhttp!, { atLeast: 1.5 }], [js!, { atLeast: 5 }]],
    bytesPerSecond(length),
  );
}

async function measureLargeChunks(): Promise<Row[]> {
  const reads = encodeChunks(LARGE_CHUNK, LARGE_CHUNKS);
  const length = LARGE_CHUNK * LARGE_CHUNKS;
  const decoders = [ourChunkDecoder(), copier(), llhttpChunkDecoder()];
  const [ours, copy, llhttp] = await measure(
    decoders.map((decoder) => makeContender(decoder, reads, length)),
  );
  return ratioRows(
    "800 chunks of 16 KiB",
    ours!,
    [[copy!, { atLeast: 0.5 }], [llhttp!, null]],
    bytesPerSecond(length),
  );
}

/** The limit: the input is copied, framing and all. */
function copier(): ChunkDecoder {
  const copy = new Uint8Array(READ_BYTES);
  return {
    name: "plain copy",
    decode(reads) {
      for (const read of reads) copy.set(read);
      return LARGE_CHUNK * LARGE_CHUNKS;
    },
  };
}

function makeContender(
  decoder: ChunkDecoder,
  reads: readonly Uint8Array[],
  length: number,
): Contender {
  assertEquals(decoder.decode(reads), length);
  return {
    name: decoder.name,
    run(times) {
      for (let i = 0; i < times; i++) decoder.decode(reads);
    },
  };
}

/** Makes a chunked body, cut into reads. */
function encodeChunks(size: number, count: number): Uint8Array[] {
  const chunk = new TextEncoder().encode(
    `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`,
  );
  const end = new TextEncoder().encode("0\r\n\r\n");
  const body = new Uint8Array(chunk.length * count + end.length);
  for (let i = 0; i < count; i++) body.set(chunk, i * chunk.length);
  body.set(end, body.length - end.length);
  const reads: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += READ_BYTES) {
    reads.push(body.subarray(at, at + READ_BYTES));
  }
  return reads;
}
