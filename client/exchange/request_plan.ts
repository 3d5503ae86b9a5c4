// How a request is sent, decided and checked before a byte is sent: its head, and the
// source and framing of its body.

import { concat } from "@std/bytes/concat";
import { outOfRange } from "../../core/quote.ts";
import type { HttpHeadersInit } from "../../rfc9110/headers.ts";
import { HttpRequest } from "../../rfc9110/request.ts";
import type { HttpVersion } from "../../rfc9110/response.ts";
import { Http11ChunkEncoder } from "../../rfc9112/chunk_encoder.ts";
import {
  encodeHead,
  type HttpEncodeOptions,
  MAX_COPIED_BODY,
  writeRequest,
} from "../../rfc9112/encode.ts";
import { lengthOf } from "../transport/transport.ts";
import {
  type BodySource,
  bytesSource,
  describeBody,
  type HttpBodyInit,
  isThenable,
  type RequestBody,
} from "./source.ts";

/** The trailer fields of a request, or a function that returns them. */
export type HttpTrailersInit =
  | HttpHeadersInit
  | (() => HttpHeadersInit | Promise<HttpHeadersInit>);

/** The parts of a plan besides the request. */
export interface RequestPlanOptions extends HttpEncodeOptions {
  readonly body?: HttpBodyInit | undefined;
  readonly trailers?: HttpTrailersInit | undefined;
  readonly continueTimeout?: number | undefined;
}

/** How a request is sent: a first part, and the rest of the body. */
export type RequestPlan =
  /** A head, as a byte string, or a head and the whole body. */
  | { readonly head: string | Uint8Array; readonly body: null }
  | { readonly head: Uint8Array; readonly body: BodyPlan };

/** How the body of a request is sent after the head. */
export interface BodyPlan {
  /** Opens the source, which is untouched before. */
  open(): BodySource;
  readonly framing: BodyFraming;
  /** How long to wait for a 100, in milliseconds, or `null` not to wait. */
  readonly continueTimeout: number | null;
}

/** Frames the pieces of a body. */
export interface BodyFraming {
  /** Whether the pieces so far are as long as the head announced. */
  readonly isComplete: boolean;
  /** @throws {TypeError} If the piece does not fit. */
  frame(piece: Uint8Array): Uint8Array[];
  /** @throws {TypeError} If a piece is missing. */
  end(): Uint8Array[] | Promise<Uint8Array[]>;
}

const DEFAULT_CONTINUE_TIMEOUT = 1000;

/**
 * Plans a request.
 *
 * @throws {TypeError} If request and options contradict each other.
 * @throws {RangeError} If the timeout is not a non-negative number.
 */
export function planRequest(
  request: HttpRequest,
  options: RequestPlanOptions,
  version: HttpVersion = "HTTP/1.1",
): RequestPlan {
  const { body: init, trailers, continueTimeout: timeout } = options;
  // NaN also fails.
  const isTime = typeof timeout === "number" && timeout >= 0;
  if (timeout !== undefined && !isTime) {
    const range = "a non-negative number of milliseconds";
    throw outOfRange("continueTimeout", timeout, range);
  }
  // There is no 100 in HTTP/1.0 (RFC 9110 §10.1.1).
  const waits = version === "HTTP/1.1" && expectsContinue(request);
  if (init === undefined && trailers === undefined && !waits) {
    return planPieces(writeRequest(request, version, options));
  }
  const body = describeBody(init === undefined ? request.body : init);
  const { bytes: head, framing } = encodeHead(withType(request, body), {
    version,
    length: body.length ?? "unknown",
    hasTrailers: trailers !== undefined,
    options,
  });
  // Without a body, nothing waits for a 100.
  if (framing.kind === "none") return { head, body: null };
  const isEmpty = framing.kind === "length" && framing.length === 0;
  const continueTimeout = waits && !isEmpty
    ? timeout ?? DEFAULT_CONTINUE_TIMEOUT
    : null;
  const { bytes } = body;
  const isJoined = framing.kind === "length" && continueTimeout === null &&
    bytes !== null && bytes.length <= MAX_COPIED_BODY;
  if (isJoined) return { head: concat([head, bytes]), body: null };
  return {
    head,
    body: {
      open: body.open,
      framing: framing.kind === "chunked"
        ? new ChunkedFraming(trailers)
        : new LengthFraming(framing.length),
      continueTimeout,
    },
  };
}

/** Plans a request that has been encoded. */
function planPieces(
  pieces: readonly Uint8Array<ArrayBuffer>[] | string,
): RequestPlan {
  if (typeof pieces === "string") return { head: pieces, body: null };
  const head = pieces[0]!;
  if (pieces.length === 1) return { head, body: null };
  const rest = pieces.slice(1);
  const body = {
    open: () => bytesSource(rest),
    // Its end is known with its last piece: an early response may come before one
    // more write is done.
    framing: new LengthFraming(lengthOf(rest)),
    continueTimeout: null,
  };
  return { head, body };
}

function expectsContinue({ headers }: HttpRequest): boolean {
  return headers.get("expect")?.toLowerCase() === "100-continue";
}

/** Adds the Content-Type that a body implies. */
function withType(request: HttpRequest, { type }: RequestBody): HttpRequest {
  const { method, url, headers } = request;
  if (type === null || headers.has("content-type")) return request;
  return new HttpRequest(method, url, { headers })
    .header("Content-Type", type);
}

class ChunkedFraming implements BodyFraming {
  readonly isComplete = false;
  readonly #encoder = new Http11ChunkEncoder();
  readonly #trailers: HttpTrailersInit | undefined;

  constructor(trailers: HttpTrailersInit | undefined) {
    this.#trailers = trailers;
    // Throws now rather than after the body.
    if (typeof trailers !== "function") new Http11ChunkEncoder().end(trailers);
  }

  frame(piece: Uint8Array): Uint8Array[] {
    return this.#encoder.chunk(piece);
  }

  end(): Uint8Array[] | Promise<Uint8Array[]> {
    if (typeof this.#trailers !== "function") {
      return [this.#encoder.end(this.#trailers)];
    }
    const trailers = this.#trailers();
    return isThenable(trailers)
      ? Promise.resolve(trailers).then((fields) => [this.#encoder.end(fields)])
      : [this.#encoder.end(trailers)];
  }
}

class LengthFraming implements BodyFraming {
  readonly #length: number;
  #left: number;

  constructor(length: number) {
    this.#length = length;
    this.#left = length;
  }

  get isComplete(): boolean {
    return this.#left === 0;
  }

  frame(piece: Uint8Array): Uint8Array[] {
    if (piece.length > this.#left) throw this.#mismatch("longer");
    this.#left -= piece.length;
    return [piece];
  }

  end(): Uint8Array[] {
    if (this.#left > 0) throw this.#mismatch("shorter");
    return [];
  }

  #mismatch(how: string): TypeError {
    return new TypeError(
      `Cannot send the body: it is ${how} than its Content-Length, ` +
        `${this.#length}`,
    );
  }
}
