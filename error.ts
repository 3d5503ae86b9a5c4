/**
 * What a peer can do wrong. What the caller does wrong is a `TypeError` or a
 * `RangeError`, thrown where it is handed in.
 *
 * @module
 */

/**
 * The kinds of fault that a peer can commit, stable across versions.
 *
 * | code | what was wrong |
 * |---|---|
 * | `InvalidStatusLine` | the first line is not an HTTP/1.x status line |
 * | `InvalidHeader` | a field line of the head breaks the grammar |
 * | `HeadTooLarge` | the head is longer than `maxHeadBytes` |
 * | `TooManyInterimResponses` | more 1xx responses than `maxInterimResponses` |
 * | `UnexpectedUpgrade` | a 101 that no `Upgrade` field asked for |
 * | `InvalidContentLength` | `Content-Length` is not one number up to 2^53-1 |
 * | `InvalidTransferEncoding` | `chunked` twice or not last, or an empty list |
 * | `UnsupportedTransferCoding` | a transfer coding that was not asked for |
 * | `BodyTooLarge` | a buffered body is longer than `maxBodyBytes` |
 * | `InvalidChunkSize` | the chunk size is not 1 to 16 hexadecimal digits |
 * | `InvalidChunkExtension` | a control character in a chunk extension |
 * | `ChunkExtensionsTooLarge` | extensions above `maxChunkExtensionBytes` |
 * | `InvalidChunkTerminator` | CRLF is missing after a chunk's size or data |
 * | `InvalidTrailer` | a field line of the trailer section breaks the grammar |
 * | `TrailersTooLarge` | the trailer section is longer than `maxTrailerBytes` |
 * | `UnexpectedEof` | end of file before the message was complete |
 * | `EventTooLarge` | a server-sent event is longer than `maxEventBytes` |
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
  | "UnexpectedEof"
  | "EventTooLarge";

/**
 * A fault of the peer.
 *
 * The {@linkcode HttpError.code | code} is stable. The message is for people:
 * it names the offending thing, cut short and escaped, so it is safe to log.
 *
 * @example Tell one fault from another
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

  /** The kind of fault. */
  readonly code: HttpErrorCode;

  /**
   * Makes an error.
   *
   * @param code The kind of fault.
   * @param message What failed, for people.
   * @param options The error's cause, where there is one.
   */
  constructor(code: HttpErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
