/**
 * Streamed exchanges: the response is read as it arrives, while the request is
 * still being sent.
 *
 * @module
 */

import { type HeldBytes, toOwnBytes, toText } from "../../core/held_bytes.ts";
import { appendToPlatform, HttpHeaders } from "../../rfc9110/headers.ts";
import type { HttpRedirect } from "../../rfc9110/redirect.ts";
import {
  HttpResponse,
  isNullBodyStatus,
  markStreamed,
} from "../../rfc9110/response.ts";
import type { HttpCloseReason } from "../../rfc9112/persistence.ts";
import type { HttpFraming } from "../../rfc9112/framing.ts";
import type { HttpSendOptions } from "../../rfc9112/send.ts";
import type { Connection } from "../connection/connection.ts";
import { makeByteStream } from "../transport/byte_stream.ts";
import type { HttpConnection } from "../transport/http_connection.ts";
import type { Pending } from "../transport/transport.ts";
import { discardedError, StreamedBody } from "./body.ts";
import { type ClientParts, ExchangeDriver } from "./driver.ts";
import type { HttpTrailersInit } from "./request_plan.ts";
import type { HttpBodyInit } from "./source.ts";

/** Options of {@linkcode HttpClient.exchange}. */
export interface HttpExchangeOptions extends HttpSendOptions {
  /**
   * Fails the exchange with the signal's reason, up to the end of the response
   * body, and closes the connection.
   *
   * @default {none}
   */
  signal?: AbortSignal | undefined;
  /**
   * The body, which replaces the request's. It is chunked unless its length is known
   * or the request states a `Content-Length`, which must match.
   *
   * @default {the request's body}
   */
  body?: HttpBodyInit | undefined;
  /**
   * The trailer fields, or a function that returns them after the body has been
   * sent. They make the body chunked.
   *
   * @default {none}
   */
  trailers?: HttpTrailersInit | undefined;
  /**
   * With `Expect: 100-continue`, the time in milliseconds to wait for a 100 before
   * the body is sent anyway: many servers never send one.
   *
   * @default {1000}
   */
  continueTimeout?: number | undefined;
  /**
   * Called with each interim response (1xx) other than 101. The exchange waits
   * for the promise it may return, and fails with the error it throws.
   *
   * @default {none}
   */
  onInterim?: ((response: HttpResponse) => unknown) | undefined;
}

/** A response whose body is read as it arrives. Disposing it discards the rest. */
export interface HttpExchange extends AsyncDisposable {
  /** The head. Reading a body from it is a TypeError. */
  readonly response: HttpResponse;
  /** The target of the redirect, or `null` if the response is not one. */
  readonly redirect: HttpRedirect | null;
  /** How the body is delimited. */
  readonly framing: HttpFraming;
  /**
   * The body as a byte stream. It reads from the connection only while it is read.
   * Canceling it closes the connection.
   */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The trailer fields, once the body was read to its end. */
  readonly trailers: Promise<HttpHeaders>;
  /** Whether the whole request was sent. Resolves as soon as that is known. */
  readonly uploaded: Promise<boolean>;
  /**
   * Whether the connection may carry another request, once everything was sent
   * and read.
   */
  readonly closed: Promise<
    { keepAlive: boolean; closeReason: HttpCloseReason | null }
  >;
  /** Whether the connection now speaks another protocol: see `detach`. */
  readonly upgraded: boolean;
  /** Whether the connection had carried an earlier exchange. */
  readonly reused: boolean;
  /**
   * Gives up the connection after an upgrade or CONNECT, unread bytes first.
   *
   * @returns The connection. The client no longer uses it.
   * @throws {TypeError} If the exchange did not upgrade the connection, or it
   * was detached or closed.
   */
  detach(): HttpConnection;
  /**
   * Reads the body to its end.
   *
   * @returns The bytes.
   * @throws {HttpError} If the body is invalid, or above `maxBodyBytes`.
   * @throws {TypeError} If the body was read, or its stream is locked.
   */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Reads the body to its end, as UTF-8.
   *
   * @returns The text, without a leading BOM. Invalid bytes become U+FFFD.
   * @throws {HttpError} If the body is invalid, or above `maxBodyBytes`.
   * @throws {TypeError} If the body was read, or its stream is locked.
   */
  text(): Promise<string>;
  /**
   * Reads the body to its end, as JSON.
   *
   * @returns The value.
   * @throws {SyntaxError} If the body is not JSON.
   * @throws {HttpError} If the body is invalid, or above `maxBodyBytes`.
   * @throws {TypeError} If the body was read, or its stream is locked.
   */
  json(): Promise<unknown>;
  /**
   * Reads and drops the rest of the body, so that the connection can carry
   * another request. If more than 256 KiB or 50 ms are left, the connection is
   * closed instead. A read that is pending fails. Never rejects.
   */
  discard(): Promise<void>;
  /**
   * Creates a platform `Response` that streams the body. The response owns the
   * body: disposing the exchange no longer discards it.
   *
   * @returns The response.
   * @throws {RangeError} If the status is not in 200 to 599.
   * @throws {TypeError} If the body was read, or its stream is locked.
   */
  toResponse(): Response;
}

/**
 * Sends a request, and resolves when the head of the response has arrived.
 *
 * @throws {TypeError} If the connection cannot carry it.
 * @throws {HttpError} If the connection ended while it was idle.
 */
export function exchange(
  connection: Connection,
  parts: ClientParts,
  onInterim: HttpExchangeOptions["onInterim"],
  { resolve, reject }: Pending<HttpExchange>,
): void {
  const { receive: { maxBodyBytes }, owner } = parts;
  const driver: ExchangeDriver = new ExchangeDriver(connection, parts, {
    interim: (response) => onInterim?.(response),
    head(response, framing) {
      markStreamed(response);
      const parts = { driver, response, framing, maxBodyBytes };
      const body = new StreamedBody(parts, {
        resolve: () =>
          resolve(new Exchange(body, { connection, driver, owner })),
        reject,
      });
      return body;
    },
    fail: reject,
  });
  driver.start();
}

/** The use of the body so far. */
type Use =
  | { readonly by: "anyone" }
  | { readonly by: "stream"; readonly stream: BodyStream }
  | { readonly by: "method"; readonly name: string }
  | { readonly by: "response" };

/** A body as a byte stream. */
export type BodyStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/** Returns the error for the reader of a stream. */
export type Explain = (error: unknown) => unknown;

const ANYONE: Use = { by: "anyone" };

/** The parts of an exchange whose head has arrived. */
export interface ExchangeInit {
  readonly connection: Connection;
  readonly driver: ExchangeDriver;
  /**
   * Kept from being collected while the body is read.
   *
   * @default {the exchange}
   */
  readonly owner?: object;
  /**
   * The response to show.
   *
   * @default {the body's}
   */
  readonly response?: HttpResponse | undefined;
}

/** An exchange, as its caller uses it. */
export class Exchange implements HttpExchange {
  readonly response: HttpResponse;
  readonly redirect: HttpRedirect | null;
  readonly framing: HttpFraming;
  readonly upgraded: boolean;
  readonly reused: boolean;
  readonly #body: StreamedBody;
  readonly #connection: Connection;
  readonly #owner: object;
  #use: Use = ANYONE;
  #trailers: Promise<HttpHeaders> | null = null;
  #uploaded: Promise<boolean> | null = null;
  #closed: HttpExchange["closed"] | null = null;
  #discarding: Promise<void> | null = null;

  constructor(body: StreamedBody, init: ExchangeInit) {
    const { connection, driver, owner, response } = init;
    this.response = response ?? body.response;
    this.redirect = driver.redirectOf(body.response);
    this.framing = body.framing;
    this.upgraded = body.framing.kind === "tunnel";
    this.reused = driver.reused;
    this.#body = body;
    this.#connection = connection;
    this.#owner = owner ?? this;
  }

  get body(): BodyStream {
    const use = this.#use;
    if (use.by === "stream") return use.stream;
    const stream = this.stream();
    if (use.by === "anyone") this.#use = { by: "stream", stream };
    // Like the body of a Response that was used.
    else stream.getReader();
    return stream;
  }

  get trailers(): Promise<HttpHeaders> {
    return this.#trailers ??= handled(
      this.#body.whenEnded().then(({ trailers }) =>
        trailers ?? new HttpHeaders()
      ),
    );
  }

  get uploaded(): Promise<boolean> {
    return this.#uploaded ??= this.#body.whenUploaded();
  }

  get closed(): HttpExchange["closed"] {
    return this.#closed ??= handled(
      this.#body.whenEnded().then(({ closeReason }) => ({
        keepAlive: closeReason === null,
        closeReason,
      })),
    );
  }

  detach(): HttpConnection {
    if (this.upgraded) return this.#connection.detach();
    throw new TypeError("Cannot detach: the exchange was not upgraded");
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#read("bytes", toOwnBytes);
  }

  text(): Promise<string> {
    return this.#read("text", toText);
  }

  json(): Promise<unknown> {
    return this.#read("json", (bytes) => JSON.parse(toText(bytes)));
  }

  discard(): Promise<void> {
    if (this.#use.by === "response") return Promise.resolve();
    return this.#discarding ??= this.#body.discard(this.#owner);
  }

  toResponse(): Response {
    const { version, status, reason, headers } = this.response;
    // Without the body at first: a status out of range must not consume it.
    const head = new HttpResponse({ version, status, reason }).toResponse();
    this.#take("toResponse");
    const isEmpty = isNullBodyStatus(status) || this.framing.kind === "none";
    // A 205 may have a body, which nobody can read anymore.
    if (isEmpty) this.#body.discard(this.#owner);
    const body = isEmpty ? null : this.stream();
    this.#use = { by: "response" };
    const response = new Response(body, head);
    appendToPlatform(headers, response.headers);
    return response;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.discard();
  }

  /**
   * Creates a stream of the body.
   *
   * @param explain Returns the error for its reader.
   */
  protected stream(explain?: Explain): BodyStream {
    return makeStream(this.#body, this.#owner, explain);
  }

  /** Reads the body, which has been taken, to its end. */
  protected collect<T>(convert: Convert<T>): Promise<T> {
    return this.#body.collect(convert, this.#owner);
  }

  #read<T>(name: string, convert: Convert<T>): Promise<T> {
    try {
      this.#take(name);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.collect(convert);
  }

  /** @throws {TypeError} If the body was read, or its stream is locked. */
  #take(name: string): void {
    const use = this.#use;
    if (use.by === "stream") {
      if (use.stream.locked) {
        throw new TypeError("Cannot read the body: its stream is locked");
      }
      if (this.#body.isTouched) {
        throw new TypeError(
          "Cannot read the body: it was read from its stream",
        );
      }
      use.stream.getReader();
    } else if (use.by !== "anyone") {
      const by = use.by === "response" ? "toResponse" : use.name;
      throw new TypeError(`Cannot read the body: ${by}() has taken it`);
    } else if (this.#discarding !== null) {
      throw discardedError();
    }
    this.#use = { by: "method", name };
  }
}

/** Converts a whole body. */
export type Convert<T> = (bytes: HeldBytes) => T;

/** Creates the stream of a body, which does not refer to its exchange. */
function makeStream(
  body: StreamedBody,
  owner: object,
  explain: Explain | undefined,
): BodyStream {
  return makeByteStream({
    pull: (controller) => {
      const pulled = body.pull(controller, owner);
      return explain === undefined ? pulled : pulled.catch((error) => {
        throw explain(error);
      });
    },
    cancel: (reason) =>
      body.abort(
        reason ?? new DOMException("The body was canceled", "AbortError"),
        "the last response body was canceled (discard() can keep it open)",
      ),
  });
}

/** Marks a promise as handled: its rejection is not reported. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
