/**
 * Requests: a method, a URL, header fields, and a body held in memory.
 *
 * @module
 */

import { invalid } from "../core/quote.ts";
import { makeInspectable } from "./_inspect.ts";
import { checkToken } from "./_syntax.ts";
import { parseHttpUrl, showUrl } from "./_url.ts";
import {
  type HttpFieldValue,
  HttpHeaders,
  type HttpHeadersInit,
} from "./headers.ts";
import { encodeBody, type HttpRequestBodyInit } from "./request_body.ts";

/** The optional parts of an {@linkcode HttpRequest}. At most one is a body. */
export interface HttpRequestInit extends HttpRequestBodyInit {
  /**
   * The header fields, in the order in which they are sent.
   *
   * @default {no fields}
   */
  headers?: HttpHeadersInit | undefined;
}

/**
 * A request of any HTTP version (RFC 9110 §9).
 *
 * Nothing is added to it except the fields that its encoder must write: see
 * `encodeHttp11Request`.
 *
 * Inspecting or serializing a request shows its URL without userinfo, its
 * headers without credentials, and the length of its body.
 *
 * @example A request with fields and a body
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpRequest } from "@pimalaya/io-http/rfc9110";
 *
 * const request = HttpRequest.post("https://example.com/notes", {
 *   json: { text: "hi" },
 * }).header("Accept", "application/json");
 *
 * assertEquals(request.method, "POST");
 * assertEquals(request.url.pathname, "/notes");
 * assertEquals(request.headers.get("content-type"), "application/json");
 * assertEquals(new TextDecoder().decode(request.body), '{"text":"hi"}');
 * ```
 */
export class HttpRequest {
  static readonly #inspectable = /* @__PURE__ */ makeInspectable(
    this,
    "HttpRequest",
  );

  /** The method, a token in the case in which it was given. */
  readonly method: string;
  /** The URL, whose scheme is `http:` or `https:`. */
  readonly url: URL;
  /** The header fields. */
  readonly headers: HttpHeaders;
  #body: Uint8Array<ArrayBuffer> | undefined;

  /**
   * Creates a request.
   *
   * @param method The method, such as `"GET"`.
   * @param url The URL to request. A `URL` is copied.
   * @param init The header fields and the body.
   * @throws {TypeError} If the method is not a token; if the URL cannot be
   * parsed or is neither http nor https; if a header field or the body is
   * invalid; or if more than one of `body`, `json`, and `form` is given.
   */
  constructor(method: string, url: string | URL, init?: HttpRequestInit) {
    checkToken("method", method);
    this.method = method;
    this.url = parseHttpUrl(url);
    this.headers = new HttpHeaders(init?.headers);
    const body = init === undefined ? null : encodeBody(init);
    if (body === null) return;
    this.#body = body.bytes;
    if (body.contentType !== null && !this.headers.has("content-type")) {
      this.headers.append("Content-Type", body.contentType);
    }
  }

  /** The body, which may be empty. */
  get body(): Uint8Array<ArrayBuffer> {
    // Created on demand: an empty array takes as long as a short URL.
    return this.#body ??= new Uint8Array(0);
  }

  /**
   * Creates a GET request.
   *
   * @param url The URL to request.
   * @param init The header fields and the body.
   * @returns The request.
   * @throws {TypeError} If an argument is invalid (see the constructor).
   */
  static get(url: string | URL, init?: HttpRequestInit): HttpRequest {
    return new HttpRequest("GET", url, init);
  }

  /**
   * Creates a HEAD request.
   *
   * @param url The URL to request.
   * @param init The header fields and the body.
   * @returns The request.
   * @throws {TypeError} If an argument is invalid (see the constructor).
   */
  static head(url: string | URL, init?: HttpRequestInit): HttpRequest {
    return new HttpRequest("HEAD", url, init);
  }

  /**
   * Creates a POST request.
   *
   * @param url The URL to request.
   * @param init The header fields and the body.
   * @returns The request.
   * @throws {TypeError} If an argument is invalid (see the constructor).
   */
  static post(url: string | URL, init?: HttpRequestInit): HttpRequest {
    return new HttpRequest("POST", url, init);
  }

  /**
   * Creates a PUT request.
   *
   * @param url The URL to request.
   * @param init The header fields and the body.
   * @returns The request.
   * @throws {TypeError} If an argument is invalid (see the constructor).
   */
  static put(url: string | URL, init?: HttpRequestInit): HttpRequest {
    return new HttpRequest("PUT", url, init);
  }

  /**
   * Creates a PATCH request.
   *
   * @param url The URL to request.
   * @param init The header fields and the body.
   * @returns The request.
   * @throws {TypeError} If an argument is invalid (see the constructor).
   */
  static patch(url: string | URL, init?: HttpRequestInit): HttpRequest {
    return new HttpRequest("PATCH", url, init);
  }

  /**
   * Creates a DELETE request.
   *
   * @param url The URL to request.
   * @param init The header fields and the body.
   * @returns The request.
   * @throws {TypeError} If an argument is invalid (see the constructor).
   */
  static delete(url: string | URL, init?: HttpRequestInit): HttpRequest {
    return new HttpRequest("DELETE", url, init);
  }

  /**
   * Creates an OPTIONS request.
   *
   * @param url The URL to request.
   * @param init The header fields and the body.
   * @returns The request.
   * @throws {TypeError} If an argument is invalid (see the constructor).
   */
  static options(url: string | URL, init?: HttpRequestInit): HttpRequest {
    return new HttpRequest("OPTIONS", url, init);
  }

  /**
   * Copies a request of the platform, reading its body to the end.
   *
   * @param request The platform's request. Its body is used up.
   * @returns The same request. Its field names are in lowercase, as `Headers`
   * returns them.
   * @throws {TypeError} If the body is used already, or the scheme of the URL
   * is neither http nor https.
   */
  static async fromRequest(request: Request): Promise<HttpRequest> {
    const body = await request.arrayBuffer();
    const headers = request.headers;
    return new HttpRequest(request.method, request.url, { headers, body });
  }

  /**
   * Adds a field line at the end.
   *
   * @param name The field name.
   * @param value The field value.
   * @returns This request, for chaining.
   * @throws {TypeError} If the name or the value is invalid (see
   * {@linkcode HttpHeaders.append}).
   */
  header(name: string, value: HttpFieldValue): this {
    this.headers.append(name, value);
    return this;
  }

  /**
   * Returns the parts of the request that are safe to log.
   *
   * @returns A plain object.
   */
  toJSON(): Record<string, unknown> {
    const { method, url, headers } = this;
    return {
      method,
      url: showUrl(url),
      headers: headers.toJSON(),
      bodyLength: bodyLength(this),
    };
  }

  /** @internal */
  private peekBody(): Uint8Array | undefined {
    return this.#body;
  }
}

/** @throws {TypeError} If it is not a request, such as a URL. */
export function checkRequest(request: HttpRequest): void {
  // One of another copy of this package will do.
  if (typeof request?.["peekBody"] === "function") return;
  throw invalid("request", "it is not an HttpRequest");
}

/**
 * Returns the length of a request's body without creating an empty one.
 *
 * @throws {TypeError} If it is not a request.
 */
export function bodyLength(request: HttpRequest): number {
  checkRequest(request);
  return request["peekBody"]()?.length ?? 0;
}
