/**
 * Requests: a method, a URL, header fields and a body held in memory.
 *
 * @module
 */

import { quote } from "../core/quote.ts";
import { INSPECT, inspectAs, redactUrl } from "./_redact.ts";
import { isToken } from "./_syntax.ts";
import { parseHttpUrl } from "./_url.ts";
import { HttpHeaders, type HttpHeadersInit } from "./headers.ts";

/** What an {@linkcode HttpRequest} may be given besides method and URL. */
export interface HttpRequestInit {
  /**
   * The header fields, in the order in which they go out.
   *
   * @default {no fields}
   */
  headers?: HttpHeadersInit | undefined;
  /**
   * The body; a string is encoded as UTF-8, an array is not copied.
   *
   * @default {an empty body}
   */
  body?: Uint8Array | string | undefined;
}

const encoder = new TextEncoder();

let peekBody: (request: HttpRequest) => Uint8Array | undefined;

/**
 * A request, of no HTTP version yet (RFC 9110 §9).
 *
 * Nothing is added to what the caller wrote but what the wire needs: see
 * `encodeHttp11Request` for the fields that the encoder writes.
 *
 * @example A request with fields and a body
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpRequest } from "@pimalaya/io-http/rfc9110";
 *
 * const request = HttpRequest.post("https://example.com/notes", {
 *   body: '{"text":"hi"}',
 * }).header("Content-Type", "application/json");
 *
 * assertEquals(request.method, "POST");
 * assertEquals(request.url.pathname, "/notes");
 * assertEquals(request.body.length, 13);
 * ```
 */
export class HttpRequest {
  /** The method: a token, in the case in which it was given. */
  readonly method: string;
  /** The URL, whose scheme is `http:` or `https:`. */
  readonly url: URL;
  /** The header fields. */
  readonly headers: HttpHeaders;
  #body: Uint8Array | undefined;

  static {
    peekBody = (request) => request.#body;
  }

  /**
   * Makes a request.
   *
   * @param method The method, for example `"GET"`.
   * @param url Where the request goes; a `URL` is copied.
   * @param init Header fields and body.
   * @throws {TypeError} If the method is not a token, the URL cannot be parsed
   * or is neither http nor https, or a header field or the body is invalid.
   */
  constructor(method: string, url: string | URL, init?: HttpRequestInit) {
    if (!isToken(method)) {
      throw new TypeError(`Invalid method: ${quote(method)} is not a token`);
    }
    const body = init?.body;
    this.method = method;
    this.url = parseHttpUrl(url);
    this.headers = new HttpHeaders(init?.headers);
    if (
      body !== undefined && typeof body !== "string" &&
      !(body instanceof Uint8Array)
    ) throw new TypeError("Invalid body: it is no Uint8Array and no string");
    this.#body = typeof body === "string" ? encoder.encode(body) : body;
  }

  /** The body, empty where there is none. */
  get body(): Uint8Array {
    // Made when it is asked for: an empty array takes as long as a short URL.
    return this.#body ??= new Uint8Array(0);
  }

  /**
   * Makes a GET request.
   *
   * @param url Where the request goes.
   * @param init Header fields and body.
   * @returns The request.
   * @throws {TypeError} If the URL or a header field is invalid.
   */
  static get(url: string | URL, init?: HttpRequestInit): HttpRequest {
    return new HttpRequest("GET", url, init);
  }

  /**
   * Makes a HEAD request.
   *
   * @param url Where the request goes.
   * @param init Header fields and body.
   * @returns The request.
   * @throws {TypeError} If the URL or a header field is invalid.
   */
  static head(url: string | URL, init?: HttpRequestInit): HttpRequest {
    return new HttpRequest("HEAD", url, init);
  }

  /**
   * Makes a POST request.
   *
   * @param url Where the request goes.
   * @param init Header fields and body.
   * @returns The request.
   * @throws {TypeError} If the URL or a header field is invalid.
   */
  static post(url: string | URL, init?: HttpRequestInit): HttpRequest {
    return new HttpRequest("POST", url, init);
  }

  /**
   * Makes a PUT request.
   *
   * @param url Where the request goes.
   * @param init Header fields and body.
   * @returns The request.
   * @throws {TypeError} If the URL or a header field is invalid.
   */
  static put(url: string | URL, init?: HttpRequestInit): HttpRequest {
    return new HttpRequest("PUT", url, init);
  }

  /**
   * Makes a PATCH request.
   *
   * @param url Where the request goes.
   * @param init Header fields and body.
   * @returns The request.
   * @throws {TypeError} If the URL or a header field is invalid.
   */
  static patch(url: string | URL, init?: HttpRequestInit): HttpRequest {
    return new HttpRequest("PATCH", url, init);
  }

  /**
   * Makes a DELETE request.
   *
   * @param url Where the request goes.
   * @param init Header fields and body.
   * @returns The request.
   * @throws {TypeError} If the URL or a header field is invalid.
   */
  static delete(url: string | URL, init?: HttpRequestInit): HttpRequest {
    return new HttpRequest("DELETE", url, init);
  }

  /**
   * Makes an OPTIONS request.
   *
   * @param url Where the request goes.
   * @param init Header fields and body.
   * @returns The request.
   * @throws {TypeError} If the URL or a header field is invalid.
   */
  static options(url: string | URL, init?: HttpRequestInit): HttpRequest {
    return new HttpRequest("OPTIONS", url, init);
  }

  /**
   * Copies a request of the platform, whose body is read to its end.
   *
   * @param request The platform's request; its body is used up.
   * @returns The same request. Its names are in lowercase, as `Headers` has them.
   * @throws {TypeError} If the body was used already, or the scheme of the URL
   * is neither http nor https.
   */
  static async fromRequest(request: Request): Promise<HttpRequest> {
    const body = new Uint8Array(await request.arrayBuffer());
    const headers = request.headers;
    return new HttpRequest(request.method, request.url, { headers, body });
  }

  /**
   * Adds a field line at the end, for chaining.
   *
   * @param name The field name.
   * @param value The field value.
   * @returns This request.
   * @throws {TypeError} If the name is not a token, or the value holds a control
   * character other than HTAB or a char above 0xFF.
   */
  header(name: string, value: string): this {
    this.headers.append(name, value);
    return this;
  }

  /**
   * Returns what is safe to log: the URL without userinfo, the fields without
   * credentials, and the length of the body in bytes.
   *
   * @returns A plain object for `JSON.stringify`.
   */
  toJSON(): Record<string, unknown> {
    return {
      method: this.method,
      url: redactUrl(this.url),
      headers: this.headers.toJSON(),
      bodyLength: bodyLength(this),
    };
  }

  /**
   * Shows the request in `console.log`, sensitive values redacted.
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
    return inspectAs("HttpRequest", this.toJSON(), options, inspect);
  }
}

/** The length of a request's body, without making an empty one for it. */
export function bodyLength(request: HttpRequest): number {
  return peekBody(request)?.length ?? 0;
}
