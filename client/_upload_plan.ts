// What of a request goes out when: decided, and checked as far as it can be,
// before a byte is sent.

import type { HttpHeadersInit } from "../rfc9110/headers.ts";
import { HttpRequest } from "../rfc9110/request.ts";
import { parseLength } from "../rfc9112/framing.ts";
import { Http11ChunkEncoder } from "../rfc9112/chunk_encoder.ts";
import { encodeHttp11Request } from "../rfc9112/encode.ts";
import { encodeHttp11Head } from "../rfc9112/encode_head.ts";
import { type BodySource, openSource, singlePiece } from "./_source.ts";
import type { HttpExchangeOptions } from "./exchange.ts";

const DEFAULT_CONTINUE_TIMEOUT = 1000;

/** How a request is sent. */
export interface UploadPlan {
  /** What goes out first, `null` where it goes out with the body's end. */
  readonly head: Uint8Array | null;
  /** What follows it, `null` where the head is all. */
  readonly body: {
    readonly source: BodySource;
    readonly framing: BodyFraming;
    /** Milliseconds to wait for a 100, `null` not to wait. */
    readonly continueTimeout: number | null;
  } | null;
}

/** Frames the pieces of a body; it throws where they do not add up. */
export interface BodyFraming {
  piece(data: Uint8Array): Uint8Array[];
  end(): Uint8Array[];
}

/**
 * Plans the upload of a request.
 *
 * @throws {TypeError} If request and options contradict themselves.
 */
export function planUpload(
  request: HttpRequest,
  options: HttpExchangeOptions,
): UploadPlan {
  const { body, trailers } = options;
  const expects = expectsContinue(request);
  if (body === undefined && trailers === undefined) {
    if (!expects || request.body.length === 0) {
      return { head: encodeHttp11Request(request, options), body: null };
    }
  }
  const streamed = addFraming(request, options);
  const head = encodeHttp11Head(streamed, options);
  const length = lengthOf(streamed);
  const framing = length === null
    ? new ChunkedFraming(trailers)
    : new LengthFraming(length, length === 0 ? [head] : []);
  const source = body === undefined
    ? singlePiece(request.body)
    : openSource(body);
  // A head that says that nothing follows is a whole request: it waits for the
  // source to keep that word, and there is nothing to expect a 100 for.
  if (length === 0) {
    return { head: null, body: { source, framing, continueTimeout: null } };
  }
  const continueTimeout = expects
    ? options.continueTimeout ?? DEFAULT_CONTINUE_TIMEOUT
    : null;
  return { head, body: { source, framing, continueTimeout } };
}

function expectsContinue(request: HttpRequest): boolean {
  return request.headers.get("expect")?.toLowerCase() === "100-continue";
}

/** Names the framing of a body that comes from elsewhere, or has trailers. */
function addFraming(
  request: HttpRequest,
  { body, trailers }: HttpExchangeOptions,
): HttpRequest {
  const { method, url, headers } = request;
  const hasLength = headers.has("content-length");
  if (hasLength && trailers !== undefined) {
    throw new TypeError("Cannot send trailers: the body is not chunked");
  }
  const isFramed = hasLength || headers.has("transfer-encoding");
  const streamed = body === undefined
    ? new HttpRequest(method, url, { headers, body: request.body })
    : new HttpRequest(method, url, { headers });
  const needsChunks = body !== undefined || trailers !== undefined;
  return needsChunks && !isFramed
    ? streamed.header("Transfer-Encoding", "chunked")
    : streamed;
}

/** The length of a request's body, `null` where it goes out chunked. */
function lengthOf({ headers, body }: HttpRequest): number | null {
  if (headers.has("transfer-encoding")) return null;
  const named = headers.get("content-length");
  return named === null ? body.length : parseLength(named);
}

class ChunkedFraming implements BodyFraming {
  readonly #encoder = new Http11ChunkEncoder();
  readonly #trailers: HttpExchangeOptions["trailers"];

  constructor(trailers: HttpExchangeOptions["trailers"]) {
    this.#trailers = trailers;
    if (typeof trailers !== "function") checkTrailers(trailers);
  }

  piece(data: Uint8Array): Uint8Array[] {
    return this.#encoder.chunk(data);
  }

  end(): Uint8Array[] {
    const trailers = typeof this.#trailers === "function"
      ? this.#trailers()
      : this.#trailers;
    return [this.#encoder.end(trailers)];
  }
}

/** Throws now what the encoder would throw when the body has been sent. */
function checkTrailers(trailers: HttpHeadersInit | undefined): void {
  new Http11ChunkEncoder().end(trailers);
}

/**
 * Holds a body to its length. The piece that completes it waits for the source
 * to end: a request that turns out too long is then never complete, and no
 * server takes it for one.
 */
class LengthFraming implements BodyFraming {
  readonly #length: number;
  #left: number;
  #last: Uint8Array[];

  /** @param last What waits for the end of a body of no length. */
  constructor(length: number, last: Uint8Array[]) {
    this.#length = length;
    this.#left = length;
    this.#last = last;
  }

  piece(data: Uint8Array): Uint8Array[] {
    if (data.length === 0) return [];
    this.#left -= data.length;
    if (this.#left > 0) return [data];
    if (this.#left < 0) throw this.#mismatch("longer");
    this.#last = [data];
    return [];
  }

  end(): Uint8Array[] {
    if (this.#left > 0) throw this.#mismatch("shorter");
    return this.#last;
  }

  #mismatch(how: string): TypeError {
    return new TypeError(
      `Cannot send the body: it is ${how} than its Content-Length, ` +
        `${this.#length}`,
    );
  }
}
