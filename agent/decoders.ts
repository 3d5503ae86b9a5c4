// The content codings that this runtime can decode.
//
// A decoder that does not report a truncated body is not used: an attacker who cuts
// the connection would decide how a document ends. Nor is a decoder that returns at
// once everything that a few bytes expand to. Measured in 2026:
//
// | runtime  | gzip, deflate         | br                  | zstd                |
// |----------|-----------------------|---------------------|---------------------|
// | Node     | node:zlib             | node:zlib           | node:zlib, if it    |
// |          |                       |                     | reports truncation: |
// |          |                       |                     | 22 and 24.9 do not  |
// | Bun 1.3  | node:zlib             | node:zlib           | the stream, since   |
// |          |                       |                     | node:zlib hides it  |
// | Deno 2.9 | node:zlib; the        | node:zlib, see      | none: node:zlib     |
// |          | stream hides it       | `decode_zlib.ts`;   | hides it            |
// |          |                       | the stream returns  |                     |
// |          |                       | 1 GiB at once       |                     |
// | others   | the stream if it      | none: its pieces    | none                |
// |          | reports truncation    | may have any size   |                     |
//
// The stream is a `DecompressionStream`. It decodes only one member of gzip.

import { concat } from "@std/bytes/concat";
import { isWorkers } from "../client/transport/node_socket.ts";
import { type Decoder, pairDecoder } from "./decode_pair.ts";
import {
  type ZlibBehavior,
  zlibDecoder,
  type ZlibStream,
} from "./decode_zlib.ts";
import { loadOnce } from "./load_once.ts";

/** Decoders by the names of their codings, in order of preference. */
export type Decoders = ReadonlyMap<string, Decoder>;

/** Returns the decoders of this runtime, in a promise until they are known. */
export const runtimeDecoders: () => Decoders | Promise<Decoders> = loadOnce(
  () => zlibDecoders() ?? probeStreams(),
);

type CreateZlib = (options: { chunkSize: number }) => ZlibStream;

/** The members in use of `node:zlib`. */
interface Zlib {
  readonly createGunzip: CreateZlib;
  readonly createInflate: CreateZlib;
  readonly createInflateRaw: CreateZlib;
  readonly createBrotliDecompress: CreateZlib;
  readonly createZstdDecompress?: CreateZlib;
  readonly zstdDecompressSync?: (bytes: Uint8Array) => unknown;
}

interface Runtime {
  process?: {
    getBuiltinModule?(name: string): Zlib | undefined;
    versions?: { bun?: string };
  };
}

// As much as one read from a socket. The default of 16 KiB takes twice as long.
const CHUNK_SIZE = 65_536;

// The first bytes of any body in zstd.
const ZSTD_START = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);

/** Returns the decoders over `node:zlib`, or `null` if there is none. */
function zlibDecoders(): Decoders | null {
  // Deno has it, and takes 15 ms to load it and `process`: not before a body is coded.
  if ("Deno" in globalThis) return decodersOver(() => loadZlib()!);
  const zlib = loadZlib();
  if (zlib === undefined) return null;
  const decoders = decodersOver(() => zlib);
  const zstd = zstdDecoder(zlib);
  if (zstd !== null) decoders.set("zstd", zstd);
  return decoders;
}

function loadZlib(): Zlib | undefined {
  const { process } = globalThis as Runtime;
  // That of Workers has not been measured.
  return isWorkers() ? undefined : process?.getBuiltinModule?.("node:zlib");
}

/** Makes the decoders that `node:zlib` has everywhere. */
function decodersOver(load: () => Zlib): Map<string, Decoder> {
  const decoder = (
    find: (zlib: Zlib) => CreateZlib,
    behavior?: ZlibBehavior,
  ) => zlibDecoder(() => find(load())({ chunkSize: CHUNK_SIZE }), behavior);
  const gzip = decoder((zlib) => zlib.createGunzip);
  const inflate = decoder((zlib) => zlib.createInflate);
  const inflateRaw = decoder((zlib) => zlib.createInflateRaw);
  const brotli = decoder((zlib) => zlib.createBrotliDecompress, {
    hidesTruncation: true,
  });
  return new Map([
    ["gzip", gzip],
    ["x-gzip", gzip],
    ["deflate", deflateDecoder(inflate, inflateRaw)],
    ["br", brotli],
  ]);
}

function zstdDecoder(
  { createZstdDecompress: create, zstdDecompressSync }: Zlib,
): Decoder | null {
  if (create === undefined || zstdDecompressSync === undefined) return null;
  try {
    zstdDecompressSync(ZSTD_START);
  } catch {
    // It reports truncation.
    return zlibDecoder(() => create({ chunkSize: CHUNK_SIZE }), {
      repeats: true,
    });
  }
  const { process } = globalThis as Runtime;
  return process?.versions?.bun === undefined ? null : streamDecoder("zstd");
}

// In `deflate`, bytes expand at most 1032-fold, so that this is 4 MiB.
const MAX_PIECE = 4096;

function streamDecoder(format: string, maxPiece?: number): Decoder {
  return pairDecoder(
    () => new DecompressionStream(format as CompressionFormat),
    maxPiece,
  );
}

// "a", in each format.
const SAMPLES = {
  gzip: [
    ...[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 4, 0],
    ...[0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0],
  ],
  deflate: [0x78, 0x9c, 0x4b, 4, 0, 0, 0x62, 0, 0x62],
  "deflate-raw": [0x4b, 4, 0],
};

/** Tests which formats a `DecompressionStream` decodes to their end. */
async function probeStreams(): Promise<Decoders> {
  const [gzip, zlib, raw] = await Promise.all([
    probeStream("gzip"),
    probeStream("deflate"),
    probeStream("deflate-raw"),
  ]);
  const decoders = new Map<string, Decoder>();
  if (gzip !== null) decoders.set("gzip", gzip).set("x-gzip", gzip);
  if (zlib !== null && raw !== null) {
    decoders.set("deflate", deflateDecoder(zlib, raw));
  }
  return decoders;
}

async function probeStream(
  format: keyof typeof SAMPLES,
): Promise<Decoder | null> {
  const decoder = streamDecoder(format, MAX_PIECE);
  const sample = Uint8Array.from(SAMPLES[format]);
  const accepts = async (bytes: Uint8Array) => {
    try {
      for await (const _ of decoder(once(bytes)));
      return true;
    } catch {
      return false;
    }
  };
  const isSound = await accepts(sample) && !await accepts(sample.slice(0, -1));
  return isSound ? decoder : null;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield await bytes;
}

/**
 * Makes a decoder for `deflate`. It is the zlib format (RFC 9110 §8.4.1.2), but some
 * servers send the raw format inside it.
 */
function deflateDecoder(zlib: Decoder, raw: Decoder): Decoder {
  return async function* (pieces) {
    const source = pieces[Symbol.asyncIterator]();
    let start = new Uint8Array(0);
    while (start.length < 2) {
      const { done, value } = await source.next();
      if (done) break;
      start = concat([start, value]);
    }
    const decoder = isZlib(start) ? zlib : raw;
    yield* decoder(resume(start, source));
  };
}

/**
 * Recognizes the header of the zlib format (RFC 1950 §2.2): method 8, and a multiple
 * of 31. In the raw format, such a first byte would begin a stored block with
 * padding that is not zero.
 */
function isZlib([first, second]: Uint8Array): boolean {
  if (first === undefined) return true;
  const isDeflate = (first & 0x0f) === 8 && first >> 4 <= 7;
  return isDeflate &&
    (second === undefined || ((first << 8) | second) % 31 === 0);
}

async function* resume(
  start: Uint8Array,
  source: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield start;
    for (;;) {
      const { done, value } = await source.next();
      if (done) return;
      yield value;
    }
  } finally {
    await source.return?.();
  }
}
