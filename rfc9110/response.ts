/**
 * Responses: a status, header fields, a body held in memory, and trailers.
 *
 * @module
 */

import { toPlainBytes } from "../core/bytes.ts";
import { type HeldBytes, toOwnBytes, toText } from "../core/held_bytes.ts";
import { outOfRange } from "../core/quote.ts";
import { makeInspectable } from "./_inspect.ts";
import { HttpChallenge } from "./challenge.ts";
import {
  appendToPlatform,
  HttpHeaders,
  type HttpHeadersInit,
} from "./headers.ts";

/** The versions of a response. A higher minor version counts as 1.1. */
export type HttpVersion = "HTTP/1.0" | "HTTP/1.1";

/** The parts of an {@linkcode HttpResponse}. */
export interface HttpResponseInit {
  /**
   * The protocol version.
   *
   * @default {"HTTP/1.1"}
   */
  version?: HttpVersion | undefined;
  /** The status code, an integer from 100 to 999. */
  status: number;
  /**
   * The reason phrase, one character per byte.
   *
   * @default {""}
   */
  reason?: string | undefined;
  /**
   * The header fields. `HttpHeaders` are not copied.
   *
   * @default {no fields}
   */
  headers?: HttpHeadersInit | undefined;
  /**
   * The body, which is not copied.
   *
   * @default {an empty body}
   */
  body?: Uint8Array<ArrayBuffer> | undefined;
  /**
   * The trailer fields. `HttpHeaders` are not copied.
   *
   * @default {no fields}
   */
  trailers?: HttpHeadersInit | undefined;
}

const NULL_BODY_STATUSES = [204, 205, 304];

/** Returns whether a `Response` with a status must have no body at all. */
export function isNullBodyStatus(status: number): boolean {
  return NULL_BODY_STATUSES.includes(status);
}

/**
 * A response as it was received (RFC 9110 §15).
 *
 * Inspecting or serializing a response shows its headers and trailers without
 * credentials, and the length of its body.
 *
 * @example Read a response
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpResponse } from "@pimalaya/io-http/rfc9110";
 *
 * const response = new HttpResponse({
 *   status: 200,
 *   body: new TextEncoder().encode('{"done":true}'),
 * });
 *
 * assertEquals(response.ok, true);
 * assertEquals(response.json(), { done: true });
 * ```
 */
export class HttpResponse {
  static readonly #inspectable = /* @__PURE__ */ makeInspectable(
    this,
    "HttpResponse",
  );

  /** The protocol version. */
  readonly version: HttpVersion;
  /** The status code, from 100 to 999. */
  readonly status: number;
  /** The reason phrase as it was sent, one character per byte. Often empty. */
  readonly reason: string;
  /** The header fields. */
  readonly headers: HttpHeaders;
  /** `null` if it is streamed, `undefined` if there is none yet. */
  #body: HeldBytes | null | undefined;
  #trailers: HttpHeaders | null = null;

  /**
   * Creates a response.
   *
   * @param init The parts of the response.
   * @throws {RangeError} If the status is not an integer from 100 to 999.
   * @throws {TypeError} If a field is invalid, or the body is not a `Uint8Array`.
   */
  constructor(init: HttpResponseInit) {
    const { version = "HTTP/1.1", status, reason = "" } = init;
    if (!(Number.isInteger(status) && status >= 100 && status <= 999)) {
      throw outOfRange("status", status, "an integer from 100 to 999");
    }
    this.version = version;
    this.status = status;
    this.reason = reason;
    this.headers = toHttpHeaders(init.headers);
    const { body } = init;
    this.#body = body === undefined ? body : toPlainBytes(body);
    if (init.trailers !== undefined) {
      this.#trailers = toHttpHeaders(init.trailers);
    }
  }

  /**
   * The body without transfer codings. Content codings are not decoded.
   *
   * @throws {TypeError} If the body is streamed by an exchange.
   */
  get body(): Uint8Array<ArrayBuffer> {
    // Created on demand: an empty array takes as long as a short head.
    return this.#body = toOwnBytes(this.#held() ?? new Uint8Array(0));
  }

  /** The trailer fields of a chunked body, never merged into the headers. */
  get trailers(): HttpHeaders {
    return this.#trailers ??= new HttpHeaders();
  }

  /**
   * Returns all values of a header field joined with `", "`.
   *
   * @param name The field name, in any case.
   * @returns The joined values, or `null` if there is no such field.
   */
  header(name: string): string | null {
    return this.headers.get(name);
  }

  /** Whether the status is 2xx, as in the platform's `Response`. */
  get ok(): boolean {
    return this.isSuccess;
  }

  /** Whether the status is 1xx. */
  get isInformational(): boolean {
    return this.status < 200;
  }

  /** Whether the status is 2xx. */
  get isSuccess(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** Whether the status is 3xx. */
  get isRedirection(): boolean {
    return this.status >= 300 && this.status < 400;
  }

  /** Whether the status is 4xx. */
  get isClientError(): boolean {
    return this.status >= 400 && this.status < 500;
  }

  /** Whether the status is 5xx, or above, which counts as 5xx (RFC 9110 §15). */
  get isServerError(): boolean {
    return this.status >= 500;
  }

  /**
   * Decodes the body as UTF-8, regardless of the fields.
   *
   * @returns The text, without a leading BOM. Invalid bytes become U+FFFD.
   * @throws {TypeError} If the body is streamed by an exchange.
   */
  text(): string {
    const body = this.#held();
    return body === undefined ? "" : toText(body);
  }

  /**
   * Parses the body as JSON.
   *
   * @returns The value.
   * @throws {SyntaxError} If the body is not JSON.
   * @throws {TypeError} If the body is streamed by an exchange.
   */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /**
   * Parses the challenges of a 401 or 407 (RFC 9110 §11.6.1), each field line
   * separately.
   *
   * @param name The name of the field. Defaults to `"www-authenticate"`.
   * @returns The challenges, in order.
   */
  challenges(name = "www-authenticate"): HttpChallenge[] {
    return this.headers.getAll(name).flatMap(HttpChallenge.parseAll);
  }

  /**
   * Copies the response into the platform's `Response`, which holds no
   * trailers.
   *
   * @returns A new `Response`.
   * @throws {RangeError} If the status is not from 200 to 599, the only ones
   * that a `Response` can hold.
   * @throws {TypeError} If the body is streamed by an exchange.
   */
  toResponse(): Response {
    const { status, reason: statusText } = this;
    if (status < 200 || status > 599) {
      // Checked here, because runtimes disagree on 101.
      throw new RangeError(`Invalid status: a Response cannot hold ${status}`);
    }
    const body = isNullBodyStatus(status) ? null : this.body;
    const response = new Response(body, { status, statusText });
    // Twice as fast as passing `Headers`, which the constructor copies.
    appendToPlatform(this.headers, response.headers);
    return response;
  }

  /**
   * Returns the parts of the response that are safe to log.
   *
   * @returns A plain object. `bodyLength` is `null` if the body is streamed by
   * an exchange.
   */
  toJSON(): Record<string, unknown> {
    const { version, status, reason, headers, trailers } = this;
    const body = this.#body;
    return {
      version,
      status,
      reason,
      headers: headers.toJSON(),
      bodyLength: body === null ? null : body?.length ?? 0,
      trailers: trailers.toJSON(),
    };
  }

  #held(): HeldBytes | undefined {
    if (this.#body !== null) return this.#body;
    throw new TypeError(
      "Cannot read the body: it is streamed, so call `exchange.text()` or " +
        "another method of the exchange",
    );
  }

  // For the functions below, which are for this package alone.

  /** @internal */
  private complete(
    body: HeldBytes,
    trailers: HttpHeaders | null,
  ): void {
    this.#body = body;
    this.#trailers = trailers;
  }

  /** @internal */
  private markStreamed(): void {
    this.#body = null;
  }
}

/** Adds the body and trailers to a response not yet exposed. */
export function completeResponse(
  head: HttpResponse,
  body: HeldBytes,
  trailers: HttpHeaders | null,
): HttpResponse {
  head["complete"](body, trailers);
  return head;
}

/** Makes asking a response for its body a TypeError: it is streamed. */
export function markStreamed(head: HttpResponse): HttpResponse {
  head["markStreamed"]();
  return head;
}

function toHttpHeaders(init: HttpHeadersInit | undefined): HttpHeaders {
  return init instanceof HttpHeaders ? init : new HttpHeaders(init);
}
