/**
 * Content codings (RFC 9110 §8.4): which ones to ask for, and how to decode them.
 *
 * @module
 */

import { quote } from "../core/quote.ts";
import { HttpError } from "../error.ts";
import { parseTokenList } from "../rfc9110/_syntax.ts";
import { HttpHeaders } from "../rfc9110/headers.ts";
import { HttpResponse, markStreamed } from "../rfc9110/response.ts";
import { BodyBuffer } from "../rfc9112/_body_buffer.ts";
import { DecodeFailure, pairDecoder } from "./decode_pair.ts";
import { type Decoders, runtimeDecoders } from "./decoders.ts";
import type { HttpDecodeOptions } from "./options.ts";

/** {@linkcode HttpDecodeOptions} with the defaults filled in. */
export interface DecodeRules {
  readonly decoders: Decoders;
  /** The value of `Accept-Encoding`. */
  readonly acceptEncoding: string;
  readonly maxRatio: number;
}

const MAX_CODINGS = 5;
// Below this size, no ratio does any harm.
const FREE_BYTES = 2 ** 20;

// The ratio counts every byte that a decoder has been given, so it is given pieces of
// this size. One of them can become 32 MiB before that is noticed.
const MAX_PIECE = 32_768;

/**
 * Fills in the defaults, once the decoders of the runtime are known; `null` to
 * decode nothing.
 *
 * @throws {RangeError} If the ratio is not a number of at least 1.
 */
export function resolveDecode(
  decode: boolean | HttpDecodeOptions | undefined,
): DecodeRules | null | Promise<DecodeRules> {
  if (decode === false) return null;
  const options = typeof decode === "object" ? decode : {};
  const { maxRatio = 1000 } = options;
  if (maxRatio !== null && !(maxRatio >= 1)) {
    throw new RangeError(
      `Invalid decode.maxRatio: ${maxRatio} is not a number of at least 1`,
    );
  }
  const decoders = runtimeDecoders();
  return decoders instanceof Promise
    ? decoders.then((decoders) => rulesFor(decoders, options))
    : rulesFor(decoders, options);
}

function rulesFor(runtime: Decoders, options: HttpDecodeOptions): DecodeRules {
  const { maxRatio = 1000, decoders: own = {} } = options;
  const decoders = new Map(runtime);
  for (const [name, create] of Object.entries(own)) {
    decoders.set(name.toLowerCase(), pairDecoder(create));
  }
  const names = [...decoders.keys()].filter((name) => name !== "x-gzip");
  return {
    decoders,
    acceptEncoding: names.join(", ") || "identity",
    maxRatio: maxRatio ?? Infinity,
  };
}

/** Plans how to decode a response; `null` to leave the body as it is. */
export function findDecoding(
  method: string,
  response: HttpResponse,
  rules: DecodeRules | null,
): Decoding | null {
  const value = response.headers.get("content-encoding");
  if (rules === null || value === null) return null;
  const { version, status, reason } = response;
  // The first have no body, and 206 has a part of a coded one.
  if (method === "HEAD" || [204, 206, 304].includes(status)) return null;
  const codings = parseTokenList(value).filter((name) => name !== "identity");
  const isKnown = codings.length > 0 && codings.length <= MAX_CODINGS &&
    codings.every((name) => rules.decoders.has(name));
  if (!isKnown) return null;
  const headers = new HttpHeaders(response.headers);
  headers.delete("content-encoding");
  headers.delete("content-length");
  const decoded = new HttpResponse({ version, status, reason, headers });
  return { codings, rules, response: markStreamed(decoded) };
}

/** The codings of a body, and their decoders. */
export interface Decoding {
  /** The codings, in the order in which they were applied. */
  readonly codings: string[];
  readonly rules: DecodeRules;
  /** The response without its codings. */
  readonly response: HttpResponse;
}

/**
 * Decodes a body piece by piece, each as soon as possible. Passes on the errors of
 * the source.
 *
 * @throws {HttpError} If the body is not valid in its codings, or expands too far.
 */
export async function* decodePieces(
  source: AsyncIterable<Uint8Array>,
  { codings, rules, response }: Decoding,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const coded = new CodedBody(source);
  // An empty body is not valid in any coding, but servers label it all the same.
  if (await coded.isEmpty()) return;
  let pieces: AsyncIterable<Uint8Array> = coded.pieces();
  for (const coding of codings.toReversed()) {
    const decoder = rules.decoders.get(coding)!;
    pieces = decodeOne(coding, decoder(pieces), response);
  }
  let size = 0;
  for await (const piece of pieces) {
    // A byte stream accepts no empty piece, but the caller's decoder may return one.
    if (piece.length === 0) continue;
    size += piece.length;
    if (size > FREE_BYTES && size > coded.size * rules.maxRatio) {
      throw new HttpError(
        "BodyTooLarge",
        `Cannot decode the body: ${coded.size} bytes expand more than ` +
          `${rules.maxRatio}-fold (maxRatio)`,
        { response },
      );
    }
    yield piece as Uint8Array<ArrayBuffer>;
  }
}

async function* decodeOne(
  coding: string,
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
  response: HttpResponse,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  try {
    yield* pieces;
  } catch (error) {
    if (!(error instanceof DecodeFailure)) throw error;
    throw new HttpError(
      "InvalidContentCoding",
      `Cannot decode the body from ${quote(coding)}: ${error.message}`,
      { cause: error.cause ?? error, response },
    );
  }
}

/** A body before it is decoded. */
class CodedBody {
  /** The number of bytes given to the decoder. */
  size = 0;
  readonly #source: AsyncIterator<Uint8Array>;
  #first: IteratorResult<Uint8Array> | null = null;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async isEmpty(): Promise<boolean> {
    this.#first = await this.#source.next();
    while (!this.#first.done && this.#first.value.length === 0) {
      this.#first = await this.#source.next();
    }
    return this.#first.done ?? false;
  }

  async *pieces(): AsyncGenerator<Uint8Array, void> {
    try {
      let next = this.#first ?? await this.#source.next();
      while (!next.done) {
        const { value } = next;
        for (let at = 0; at < value.length; at += MAX_PIECE) {
          const piece = value.subarray(at, at + MAX_PIECE);
          this.size += piece.length;
          yield piece;
        }
        next = await this.#source.next();
      }
    } finally {
      await this.#source.return?.();
    }
  }
}

/**
 * {@linkcode decodePieces} for a stream, with backpressure.
 *
 * @param explain Returns the error for the reader of the stream.
 */
export function decodeStream(
  body: ReadableStream<Uint8Array>,
  decoding: Decoding,
  explain: (error: unknown) => unknown = (error) => error,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  const pieces = decodePieces(readPieces(reader), decoding);
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      try {
        const { done, value } = await pieces.next();
        if (!done) return controller.enqueue(value);
        controller.close();
        controller.byobRequest?.respond(0);
      } catch (error) {
        reader.cancel(error).catch(() => {});
        throw explain(error);
      }
    },
    async cancel(reason) {
      await reader.cancel(reason);
      await pieces.return();
    },
  }, { highWaterMark: 0 });
}

/**
 * {@linkcode decodePieces} into memory. Only decoded bytes count toward its size.
 *
 * @throws {HttpError} If it is not valid in its codings, or too large.
 */
export async function decodeWhole(
  body: ReadableStream<Uint8Array>,
  decoding: Decoding,
  maxBodyBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new BodyBuffer(maxBodyBytes, null, decoding.response);
  const reader = body.getReader();
  try {
    for await (const piece of decodePieces(readPieces(reader), decoding)) {
      buffer.push(piece);
    }
  } catch (error) {
    reader.cancel(error).catch(() => {});
    throw error;
  }
  return buffer.take();
}

async function* readPieces(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
