/**
 * Content codings (RFC 9110 §8.4): which ones to ask for, and how to decode them.
 *
 * @module
 */

import { readableFrom } from "../client/transport/byte_stream.ts";
import { checkType } from "../core/fault.ts";
import { outOfRange, quote } from "../core/quote.ts";
import { HttpError, type HttpProgress } from "../error.ts";
import { parseTokenList } from "../rfc9110/_syntax.ts";
import { HttpHeaders } from "../rfc9110/headers.ts";
import { HttpResponse, markStreamed } from "../rfc9110/response.ts";
import type { HeldBytes } from "../core/held_bytes.ts";
import { BodyBuffer } from "../rfc9112/_body_buffer.ts";
import { withProgress } from "./_progress.ts";
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

type DecodeOption = boolean | HttpDecodeOptions | undefined;

/**
 * Checks the option `decode`.
 *
 * @throws {TypeError} If a decoder is not a function.
 * @throws {RangeError} If the ratio is not a number of at least 1.
 */
export function checkDecode(decode: DecodeOption): void {
  const { maxRatio = 1000, decoders = {} } = toOptions(decode);
  if (maxRatio !== null && !(maxRatio >= 1)) {
    throw outOfRange("decode.maxRatio", maxRatio, "a number of at least 1");
  }
  for (const [name, create] of Object.entries(decoders)) {
    checkType(`decode.decoders.${name}`, create, "function");
  }
}

function toOptions(decode: DecodeOption): HttpDecodeOptions {
  return typeof decode === "object" ? decode : {};
}

/**
 * Fills in the defaults, once the decoders of the runtime are known; `null` to
 * decode nothing.
 *
 * @throws {TypeError} If a decoder is not a function.
 * @throws {RangeError} If the ratio is not a number of at least 1.
 */
export function resolveDecode(
  decode: DecodeOption,
): DecodeRules | null | Promise<DecodeRules> {
  if (decode === false) return null;
  checkDecode(decode);
  const options = toOptions(decode);
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

type BodyReader = ReadableStreamDefaultReader<Uint8Array>;

/**
 * Decodes a body piece by piece, each as soon as possible. Passes on the errors of
 * the source.
 *
 * @param open Starts to read the body.
 * @throws {HttpError} If the body is not valid in its codings, or expands too far.
 */
async function* decodePieces(
  open: () => BodyReader,
  { codings, rules, response }: Decoding,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const source = readPieces(open);
  const first = await source.next();
  // An empty body is not valid in any coding, but servers label it all the same.
  if (first.done) return;
  let given = 0;
  async function* coded(): AsyncGenerator<Uint8Array, void> {
    let next: IteratorResult<Uint8Array, void> = first;
    for (; !next.done; next = await source.next()) {
      given += next.value.length;
      yield next.value;
    }
  }
  let pieces: AsyncIterable<Uint8Array> = coded();
  for (const coding of codings.toReversed()) {
    const decoder = rules.decoders.get(coding)!;
    pieces = decodeOne(coding, decoder(pieces), response);
  }
  let size = 0;
  for await (const piece of pieces) {
    // A byte stream accepts no empty piece, but the caller's decoder may return one.
    if (piece.length === 0) continue;
    size += piece.length;
    if (size > FREE_BYTES && size > given * rules.maxRatio) {
      throw new HttpError(
        "BodyTooLarge",
        `Cannot decode the body: ${given} bytes expand more than ` +
          `${rules.maxRatio}-fold (maxRatio)`,
        { response },
      );
    }
    yield piece as Uint8Array<ArrayBuffer>;
  }
}

/** Reads a body in pieces of a limited size, none of which is empty. */
async function* readPieces(
  open: () => BodyReader,
): AsyncGenerator<Uint8Array, void> {
  const reader = open();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (let at = 0; at < value.length; at += MAX_PIECE) {
      yield value.subarray(at, at + MAX_PIECE);
    }
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

/**
 * {@linkcode decodePieces} for a stream, with backpressure.
 *
 * @param watch Learns of the body while it is not read.
 * @param explain Returns the error for the reader of the stream.
 */
export function decodeStream(
  body: ReadableStream<Uint8Array>,
  decoding: Decoding,
  watch: BodyWatch,
  explain: (error: unknown) => unknown = (error) => error,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const decoded = new DecodedBody(body, decoding, watch);
  return readableFrom({
    async read() {
      try {
        const { done, value } = await decoded.next();
        return done ? null : value;
      } catch (error) {
        throw explain(decoded.fail(error));
      }
    },
    cancel: (reason) => decoded.cancel(reason),
  });
}

/**
 * {@linkcode decodePieces} into memory. Only decoded bytes count toward its size.
 *
 * @param watch Learns of the body while it is not read.
 * @throws {HttpError} If it is not valid in its codings, or too large.
 */
export async function decodeWhole(
  body: ReadableStream<Uint8Array>,
  decoding: Decoding,
  watch: BodyWatch,
  maxBodyBytes: number,
): Promise<HeldBytes> {
  const buffer = new BodyBuffer(maxBodyBytes, null, decoding.response);
  const decoded = new DecodedBody(body, decoding, watch);
  try {
    for (;;) {
      const { done, value } = await decoded.next();
      if (done) return buffer.take();
      buffer.push(value);
    }
  } catch (error) {
    throw decoded.fail(error);
  }
}

/** Watches a body that is decoded. */
export interface BodyWatch {
  /** Rejects if the body fails, also while it is not read. */
  readonly ended: Promise<unknown>;
  /** Returns the progress of its exchange. */
  progress(): HttpProgress;
}

/** A body while it is decoded. Its failure does not wait for a decoder. */
class DecodedBody {
  readonly #body: ReadableStream<Uint8Array>;
  /** `null` until the body is used: until then, it may be read in another way. */
  #reader: BodyReader | null = null;
  readonly #pieces: AsyncGenerator<Uint8Array<ArrayBuffer>, void>;
  readonly #failure = new BodyFailure();
  readonly #watch: BodyWatch;

  constructor(
    body: ReadableStream<Uint8Array>,
    decoding: Decoding,
    watch: BodyWatch,
  ) {
    this.#body = body;
    this.#pieces = decodePieces(() => this.#open(), decoding);
    this.#watch = watch;
    this.#failure.watch(watch.ended);
  }

  /** Returns the next piece. */
  next(): Promise<IteratorResult<Uint8Array<ArrayBuffer>, void>> {
    return this.#failure.unless(this.#pieces.next());
  }

  /** Cancels the body, and adds its progress to the error of a decoder. */
  fail(error: unknown): unknown {
    this.cancel(error).catch(() => {});
    return withProgress(error, this.#watch.progress());
  }

  /** Cancels the body, without waiting for a decoder. */
  async cancel(reason: unknown): Promise<void> {
    this.#pieces.return().catch(() => {});
    await this.#open().cancel(reason);
  }

  #open(): BodyReader {
    return this.#reader ??= this.#body.getReader();
  }
}

/**
 * The failure of a body. The sources of failures refer to this, so this refers to a
 * reader only while that waits: an exchange that nobody reads must be collected.
 */
class BodyFailure {
  #failure: { readonly error: unknown } | null = null;
  #reject: ((error: unknown) => void) | null = null;

  /** Learns that the body fails if a promise rejects. */
  watch(ended: Promise<unknown>): void {
    ended.catch((error) => {
      this.#failure = { error };
      this.#reject?.(error);
    });
  }

  /** Waits for something, but rejects if the body fails before. */
  unless<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      if (this.#failure !== null) reject(this.#failure.error);
      this.#reject = reject;
      // Before whoever waits for this piece waits for the next one.
      promise.finally(() => this.#reject = null).then(resolve, reject);
    });
  }
}
