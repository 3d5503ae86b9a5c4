/**
 * Streaming exchanges: the response while it comes in, the request while it
 * goes out.
 *
 * @module
 */

import type { HttpHeaders, HttpHeadersInit } from "../rfc9110/headers.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import type { HttpCloseReason } from "../rfc9112/persistence.ts";
import type { HttpEncodeOptions } from "../rfc9112/encode_head.ts";
import type { HttpLimits } from "../rfc9112/limits.ts";
import type { HttpRunOptions } from "./output.ts";

/** Options of a streaming exchange. */
export interface HttpExchangeOptions
  extends Partial<HttpLimits>, HttpEncodeOptions, HttpRunOptions {
  /**
   * The body, in place of the request's own. It goes out chunked, unless the
   * request names a `Content-Length`, to which it is then held.
   *
   * @default {the request's body}
   */
  body?: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | undefined;
  /**
   * The trailer fields after a chunked body, or a function that gives them when
   * the body has been sent.
   *
   * @default {none}
   */
  trailers?: HttpHeadersInit | (() => HttpHeadersInit) | undefined;
  /**
   * With `Expect: 100-continue`: how many milliseconds the body waits for a 100
   * before it is sent all the same.
   *
   * @default {1000}
   */
  continueTimeout?: number | undefined;
  /**
   * Is called with each interim (1xx) response, 103 Early Hints above all, and
   * waited for, if it is async. What it throws ends the exchange.
   *
   * @default {none}
   */
  onInterim?: ((response: HttpResponse) => void) | undefined;
}

/** A response whose body is still to be read. */
export interface HttpExchange {
  /** The head; its body is empty. */
  readonly response: HttpResponse;
  /**
   * The body as a byte stream, which reads from the connection as it is read
   * itself. Cancelling it closes the connection.
   */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /**
   * The trailer fields, once the body was read to its end. It rejects with what
   * ended the exchange before that.
   */
  readonly trailers: Promise<HttpHeaders>;
  /**
   * Whether the connection persists, once all was sent and the body was read. It
   * rejects with what ended the exchange before that.
   */
  readonly closed: Promise<
    { keepAlive: boolean; closeReason: HttpCloseReason | null }
  >;
  /** Whether the connection speaks another protocol now: see `detach`. */
  readonly upgraded: boolean;
  /**
   * Reads the body to its end.
   *
   * @returns The bytes.
   * @throws {HttpError} If the body is invalid, or longer than `maxBodyBytes`.
   * @throws {TypeError} If the body is being read, or was read, already.
   */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Reads the body to its end, as UTF-8.
   *
   * @returns The text, without a leading BOM; invalid bytes become U+FFFD.
   * @throws {HttpError} If the body is invalid, or longer than `maxBodyBytes`.
   * @throws {TypeError} If the body is being read, or was read, already.
   */
  text(): Promise<string>;
  /**
   * Reads the body to its end, as JSON.
   *
   * @returns The value.
   * @throws {SyntaxError} If the body is not JSON.
   * @throws {HttpError} If the body is invalid, or longer than `maxBodyBytes`.
   * @throws {TypeError} If the body is being read, or was read, already.
   */
  json(): Promise<unknown>;
  /**
   * Makes a standard `Response` that streams this body.
   *
   * @returns A new `Response`, which takes the body over.
   * @throws {RangeError} If the status is not within 200 to 599.
   * @throws {TypeError} If the body is being read, or was read, already.
   */
  toResponse(): Response;
}
