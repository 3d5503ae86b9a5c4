/**
 * Responses: a status, header fields, a body held in memory, and trailers.
 *
 * @module
 */

import { INSPECT, inspectAs } from "./_redact.ts";
import { HttpChallenge } from "./challenge.ts";
import { HttpHeaders } from "./headers.ts";

/** The versions that a response can be of; a higher minor version counts as 1.1. */
export type HttpVersion = "HTTP/1.0" | "HTTP/1.1";

let fill: (
  response: HttpResponse,
  body: Uint8Array<ArrayBuffer>,
  trailers: HttpHeaders,
) => void;

/** What an {@linkcode HttpResponse} is made of. */
export interface HttpResponseInit {
  /**
   * The version of the protocol.
   *
   * @default {"HTTP/1.1"}
   */
  version?: HttpVersion;
  /** The status code, three digits from 100 on. */
  status: number;
  /**
   * The reason phrase, one char a byte.
   *
   * @default {""}
   */
  reason?: string;
  /**
   * The header fields, which are not copied.
   *
   * @default {no fields}
   */
  headers?: HttpHeaders;
  /**
   * The body, which is not copied.
   *
   * @default {an empty body}
   */
  body?: Uint8Array<ArrayBuffer>;
  /**
   * The trailer fields, which are not copied.
   *
   * @default {no fields}
   */
  trailers?: HttpHeaders;
}

const decoder = new TextDecoder();

const NULL_BODY_STATUSES = [204, 205, 304];

/** Tells whether a `Response` of that status must have no body, not an empty one. */
export function isNullBodyStatus(status: number): boolean {
  return NULL_BODY_STATUSES.includes(status);
}

/**
 * A response as it was received (RFC 9110 §15).
 *
 * @example Read a response
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpResponse } from "@pimalaya/io-http/rfc9110";
 *
 * const response = new HttpResponse({
 *   status: 200,
 *   body: new TextEncoder().encode('{"ok":true}'),
 * });
 *
 * assertEquals(response.isSuccess, true);
 * assertEquals(response.json(), { ok: true });
 * ```
 */
export class HttpResponse {
  /** The version of the protocol. */
  readonly version: HttpVersion;
  /** The status code, from 100 to 999. */
  readonly status: number;
  /** The reason phrase as it was sent, one char a byte, often empty. */
  readonly reason: string;
  /** The header fields. */
  readonly headers: HttpHeaders;
  #body: Uint8Array<ArrayBuffer> | undefined;
  #trailers: HttpHeaders | undefined;

  static {
    fill = (response, body, trailers) => {
      response.#body = body;
      response.#trailers = trailers;
    };
  }

  /**
   * Makes a response.
   *
   * @param init Its parts.
   * @throws {RangeError} If the status is not within 100 to 999.
   */
  constructor(init: HttpResponseInit) {
    this.version = init.version ?? "HTTP/1.1";
    if (!(init.status >= 100 && init.status <= 999)) {
      throw new RangeError(`Invalid status: ${init.status} is not 100 to 999`);
    }
    this.status = init.status;
    this.reason = init.reason ?? "";
    this.headers = init.headers ?? new HttpHeaders();
    this.#body = init.body;
    this.#trailers = init.trailers;
  }

  /** The body, without any transfer coding; content codings are left as they are. */
  get body(): Uint8Array<ArrayBuffer> {
    // Made when it is asked for: an empty array takes as long as a short head.
    return this.#body ??= new Uint8Array(0);
  }

  /** The trailer fields of a chunked body, never merged into the headers. */
  get trailers(): HttpHeaders {
    return this.#trailers ??= new HttpHeaders();
  }

  /**
   * Returns all values of a header field joined with `", "`.
   *
   * @param name The field name, in any case.
   * @returns The joined values, or `null` where there is no such field.
   */
  header(name: string): string | null {
    return this.headers.get(name);
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
   * Decodes the body as UTF-8, whatever the fields say.
   *
   * @returns The text, without a leading BOM; invalid bytes become U+FFFD.
   */
  text(): string {
    return decoder.decode(this.body);
  }

  /**
   * Parses the body as JSON.
   *
   * @returns The value.
   * @throws {SyntaxError} If the body is not JSON.
   */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /**
   * Parses the challenges of a 401 or 407 (RFC 9110 §11.6.1).
   *
   * @param name The field that holds them.
   * @returns The challenges, in order, over all field lines of that name.
   */
  challenges(name = "www-authenticate"): HttpChallenge[] {
    return HttpChallenge.parseAll(this.headers.get(name) ?? "");
  }

  /**
   * Copies the response into the platform's `Response`. Trailers have no place
   * there.
   *
   * @returns A new `Response`.
   * @throws {RangeError} If the status is not within 200 to 599, which is all
   * that a `Response` can hold.
   */
  toResponse(): Response {
    if (this.status < 200 || this.status > 599) {
      // Said here, for runtimes do not agree on 101.
      throw new RangeError(
        `Invalid status: a Response cannot hold ${this.status}`,
      );
    }
    const body = isNullBodyStatus(this.status) ? null : this.body;
    return new Response(body, {
      status: this.status,
      statusText: this.reason,
      headers: this.headers.toHeaders(),
    });
  }

  /**
   * Returns what is safe to log: the fields without credentials, and the length
   * of the body in bytes.
   *
   * @returns A plain object for `JSON.stringify`.
   */
  toJSON(): Record<string, unknown> {
    return {
      version: this.version,
      status: this.status,
      reason: this.reason,
      headers: this.headers.toJSON(),
      bodyLength: this.body.length,
      trailers: this.trailers.toJSON(),
    };
  }

  /**
   * Shows the response in `console.log`, sensitive values redacted.
   *
   * @param _depth How deep the value stands in what is inspected.
   * @param options The inspection's options.
   * @param inspect The runtime's own inspection.
   * @returns The text to show.
   */
  [INSPECT](
    _depth: unknown,
    options: unknown,
    inspect?: (value: unknown, options: unknown) => string,
  ): unknown {
    return inspectAs("HttpResponse", this.toJSON(), options, inspect);
  }
}

/** Gives a head that nobody has seen yet what came after it. */
export function completeResponse(
  head: HttpResponse,
  body: Uint8Array<ArrayBuffer>,
  trailers: HttpHeaders,
): HttpResponse {
  fill(head, body, trailers);
  return head;
}
