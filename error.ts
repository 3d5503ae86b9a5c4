/**
 * Failures of a peer, a connection, or a policy. Mistakes of the caller are a
 * `TypeError` or a `RangeError`, thrown when the value is passed in.
 *
 * @module
 */

import type { HttpResponse } from "./rfc9110/response.ts";

/**
 * The kinds of failure, stable across versions.
 *
 * | code | meaning |
 * |---|---|
 * | `InvalidStatusLine` | the first line is not an HTTP/1.x status line |
 * | `InvalidHeader` | a field line of the head breaks the grammar |
 * | `HeadTooLarge` | the head is longer than `maxHeadBytes` or `maxHeaderFields` |
 * | `TooManyInterimResponses` | more 1xx responses than `maxInterimResponses` |
 * | `UnexpectedUpgrade` | a 101 that no `Upgrade` field asked for |
 * | `InvalidContentLength` | `Content-Length` is not one number up to 2^53-1 |
 * | `InvalidTransferEncoding` | `chunked` twice or not last, or an empty list |
 * | `UnsupportedTransferCoding` | a transfer coding that was not asked for |
 * | `BodyTooLarge` | a buffered body is longer than `maxBodyBytes`, or expands too far |
 * | `InvalidChunkSize` | the chunk size is not 1 to 16 hexadecimal digits |
 * | `InvalidChunkExtension` | a control character in a chunk extension |
 * | `ChunkExtensionsTooLarge` | extensions above `maxChunkExtensionBytes` |
 * | `InvalidChunkTerminator` | CRLF is missing after a chunk's size or data |
 * | `InvalidTrailer` | a field line of the trailer section breaks the grammar |
 * | `TrailersTooLarge` | the trailers are above `maxTrailerBytes` or `maxHeaderFields` |
 * | `EventTooLarge` | a server-sent event is longer than `maxEventBytes` |
 * | `NoResponse` | the connection ended before any byte of a response |
 * | `UnexpectedEof` | the connection ended inside a response |
 * | `UnexpectedBytes` | bytes arrived on an idle connection |
 * | `ConnectFailed` | no address accepted a connection, or the name is unknown |
 * | `TlsFailed` | the TLS handshake failed, or the certificate was refused |
 * | `ConnectionLost` | a reset, a broken pipe, or TLS ended without close_notify |
 * | `Timeout` | a time limit passed; {@linkcode HttpError.timeout} names it |
 * | `TooManyRedirects` | more redirects than the limit |
 * | `UnexpectedRedirect` | a redirect that the options do not allow |
 * | `ProxyRefused` | the proxy refused to reach the origin |
 * | `InvalidProxyReply` | the proxy's reply breaks its protocol |
 * | `InvalidContentCoding` | a coded body is truncated or corrupt |
 * | `InvalidAuthenticationInfo` | the server's `rspauth` is wrong |
 */
export type HttpErrorCode =
  | "InvalidStatusLine"
  | "InvalidHeader"
  | "HeadTooLarge"
  | "TooManyInterimResponses"
  | "UnexpectedUpgrade"
  | "InvalidContentLength"
  | "InvalidTransferEncoding"
  | "UnsupportedTransferCoding"
  | "BodyTooLarge"
  | "InvalidChunkSize"
  | "InvalidChunkExtension"
  | "ChunkExtensionsTooLarge"
  | "InvalidChunkTerminator"
  | "InvalidTrailer"
  | "TrailersTooLarge"
  | "EventTooLarge"
  | "NoResponse"
  | "UnexpectedEof"
  | "UnexpectedBytes"
  | "ConnectFailed"
  | "TlsFailed"
  | "ConnectionLost"
  | "Timeout"
  | "TooManyRedirects"
  | "UnexpectedRedirect"
  | "ProxyRefused"
  | "InvalidProxyReply"
  | "InvalidContentCoding"
  | "InvalidAuthenticationInfo";

/**
 * The progress of a call when it failed. Code that resends requests can tell
 * from it whether that is safe.
 */
export interface HttpProgress {
  /** The stage that the call had reached. */
  readonly phase:
    | "queue"
    | "connect"
    | "tls"
    | "idle"
    | "request"
    | "head"
    | "body";
  /** Whether the connection had carried an earlier exchange. */
  readonly reused: boolean;
  /** The number of bytes of the request handed to the transport. */
  readonly requestBytes: number;
  /** The number of bytes of a response received. */
  readonly responseBytes: number;
}

/** Limits on time, in milliseconds; `null` is no limit. */
export interface HttpTimeouts {
  /**
   * Resolving names, connecting, and the handshake with a proxy. Lost packets are
   * sent again after 1, 3, and 7 s; a host that misses all of them is down.
   *
   * @default {10_000}
   */
  connect?: number | null | undefined;
  /**
   * The TLS handshake, for which the same holds.
   *
   * @default {10_000}
   */
  tls?: number | null | undefined;
  /**
   * From the last byte of the request to the end of the response head. Some
   * services compute for minutes, and other clients wait as long.
   *
   * @default {300_000}
   */
  head?: number | null | undefined;
  /**
   * Between two pieces of a body while someone waits for it, or one write that is
   * blocked. Event streams pause, but rarely for longer without a comment.
   *
   * @default {300_000}
   */
  body?: number | null | undefined;
  /**
   * Waiting for a 100 after `Expect: 100-continue`, before the body is sent
   * anyway: many servers never send one.
   *
   * @default {1000}
   */
  continue?: number | null | undefined;
  /**
   * Waiting in the queue of the pool, while no connection of its key is freed: as
   * long as the call before it may wait for its head.
   *
   * @default {300_000}
   */
  queue?: number | null | undefined;
  /**
   * One attempt, from its connection to the end of its response body. There is
   * none, because downloads and event streams may take any time.
   *
   * @default {null}
   */
  attempt?: number | null | undefined;
  /**
   * The whole call: hops, waits, and the body to its end. There is none, for the
   * same reason.
   *
   * @default {null}
   */
  total?: number | null | undefined;
}

/** Further facts of an {@linkcode HttpError}. */
export interface HttpErrorOptions extends ErrorOptions {
  /** The progress of the call. */
  progress?: HttpProgress | null | undefined;
  /** The response, if its head had arrived. */
  response?: HttpResponse | null | undefined;
  /** The time limit that passed. */
  timeout?: keyof HttpTimeouts | null | undefined;
}

/**
 * A failure of the peer, the connection, or a policy.
 *
 * The {@linkcode HttpError.code | code} is stable. The message is for people:
 * it names the offending item, shortened and escaped, so it is safe to log.
 *
 * @example Tell one failure from another
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Http11ReceiveHead } from "@pimalaya/io-http";
 *
 * const step = new Http11ReceiveHead().resume(
 *   new TextEncoder().encode("HTTP/2 200\r\n\r\n"),
 * );
 *
 * assertEquals(step.type === "Err" && step.error.code, "InvalidStatusLine");
 * ```
 */
export class HttpError extends Error {
  /** The name of the class, as every `Error` has it. */
  override readonly name = "HttpError";
  /** The kind of failure. */
  readonly code: HttpErrorCode;
  /** The progress of the call, or `null` if no connection was involved. */
  readonly progress: HttpProgress | null;
  /** The response, or `null` if its head had not arrived. */
  readonly response: HttpResponse | null;
  /** The time limit that passed, or `null` if the code is not `Timeout`. */
  readonly timeout: keyof HttpTimeouts | null;

  /**
   * Creates an error.
   *
   * @param code The kind of failure.
   * @param message The failure, described for people.
   * @param options The cause and further facts.
   */
  constructor(
    code: HttpErrorCode,
    message: string,
    { cause, progress, response, timeout }: HttpErrorOptions = {},
  ) {
    // An undefined cause would be shown.
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.progress = progress ?? null;
    this.response = response ?? null;
    this.timeout = timeout ?? null;
  }

  /**
   * Returns the parts of the error that are safe to log. `JSON.stringify` would
   * show none of an ordinary `Error`.
   *
   * @returns A plain object with the name, the code, the message, and those of
   * `progress`, `timeout`, and `response` that are not `null`.
   */
  toJSON(): Record<string, unknown> {
    const { name, code, message, progress, timeout, response } = this;
    return {
      name,
      code,
      message,
      ...(progress && { progress }),
      ...(timeout && { timeout }),
      ...(response && { response }),
    };
  }
}
