/**
 * A client over one connection.
 *
 * @module
 */

import { checkMethods, checkType } from "../core/fault.ts";
import { quote } from "../core/quote.ts";
import type { HttpCoroutine, HttpStepOf } from "../coroutine.ts";
import { checkPort, parseHttpUrl, serverOf } from "../rfc9110/_url.ts";
import { checkRequest, type HttpRequest } from "../rfc9110/request.ts";
import type { HttpVersion } from "../rfc9110/response.ts";
import {
  type HttpReceiveOptions,
  type ReceiveSettings,
  resolveReceiveOptions,
} from "../rfc9112/limits.ts";
import { defaultConnector } from "./connect/default.ts";
import { endConnection, openConnection } from "./connect/open.ts";
import { Connection, type ConnectionStart } from "./connection/connection.ts";
import {
  exchange,
  type HttpExchange,
  type HttpExchangeOptions,
} from "./exchange/exchange.ts";
import type { ClientParts } from "./exchange/driver.ts";
import { planRequest } from "./exchange/request_plan.ts";
import { type HttpRunOptions, run } from "./exchange/run.ts";
import {
  type HttpClientOutput,
  type HttpClientSendOptions,
  send as sendRequest,
} from "./exchange/send.ts";
import { DenoTransport, isDenoConn } from "./transport/deno.ts";
import { makeRegistry } from "./transport/garbage.ts";
import type {
  ByteStream,
  HttpAddress,
  HttpConnection,
  HttpConnectionInfo,
  HttpConnector,
  HttpTlsOptions,
} from "./transport/http_connection.ts";
import { StreamTransport } from "./transport/stream.ts";
import { takeTransport, type Transport } from "./transport/transport.ts";

/** Options of an {@linkcode HttpClient}: how to read each response. */
export interface HttpClientOptions extends HttpReceiveOptions {
  /**
   * The origin of every request. A request for another origin is a TypeError,
   * except CONNECT and a request whose target has absolute form. By default,
   * nothing is checked: a stream does not say which origin it leads to.
   *
   * @default {null, or the origin of the URL passed to `HttpClient.connect`}
   */
  origin?: string | URL | null | undefined;
}

/** Options of {@linkcode HttpClient.connect}. */
export interface HttpConnectOptions extends HttpClientOptions {
  /**
   * Aborts connecting, including the TLS handshake. It does not affect the client's
   * calls, which take their own signals.
   *
   * @default {none}
   */
  signal?: AbortSignal | undefined;
  /**
   * Opens the connection.
   *
   * @default {the runtime's own}
   */
  connector?: HttpConnector | undefined;
  /**
   * Options of TLS, for an https URL.
   *
   * @default {none}
   */
  tls?: HttpTlsOptions | undefined;
  /**
   * The host to connect to instead of the URL's. `Host` and the certificate
   * remain those of the URL.
   *
   * @default {the URL's host}
   */
  hostname?: string | undefined;
  /**
   * The port to connect to instead of the URL's.
   *
   * @default {the URL's port}
   */
  port?: number | undefined;
  /**
   * The path of a Unix socket to connect to instead of a host and port.
   *
   * @default {none}
   */
  unixPath?: string | undefined;
}

const NO_OPTIONS = {};

// Everything that uses a connection refers to its client. So once the client has been
// collected, nobody can use or close the connection.
const dropped = makeRegistry<Connection>((connection) => {
  connection.close();
});

/**
 * A client over one connection, for one exchange at a time.
 *
 * A failure rejects with an `HttpError`, which names the peer and says how far
 * the call had come; the connection is then closed. An aborted signal rejects
 * with its reason. A caller's mistake rejects with a `TypeError` or
 * `RangeError`, if possible before a byte is sent.
 *
 * While no call is in flight, the client watches the connection: if bytes, end of
 * file, or a reset arrives, it closes it, and `ended` resolves. An idle connection
 * does not keep the process alive. A client that is dropped is closed when it is
 * collected.
 *
 * @example Over a stream that you opened
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpRequest } from "@pimalaya/io-http";
 * import { HttpClient } from "@pimalaya/io-http/client";
 *
 * // A server in memory that has responded already.
 * const readable = new Response("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
 *   .body!;
 * const writable = new WritableStream<Uint8Array>();
 *
 * await using client = new HttpClient({ readable, writable });
 * const { response, keepAlive } = await client.send(
 *   HttpRequest.get("http://example.com/"),
 * );
 *
 * assertEquals(response.text(), "hi");
 * assertEquals(keepAlive, true);
 * ```
 */
export class HttpClient implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #settings: ReceiveSettings;
  /** The origin of every request, and its URLs up to the path. */
  readonly #origin: { readonly origin: string; readonly prefix: string } | null;

  /**
   * Takes over a connection.
   *
   * @param stream A connector's connection, a `Deno.Conn`, or any pair of streams.
   * The client locks the streams.
   * @param options How to read each response, and the origin of each request.
   * @throws {TypeError} If a stream is locked, the connection is in use, or the
   * origin is not an http or https URL.
   * @throws {RangeError} If a limit is not a non-negative integer.
   */
  constructor(
    stream: ByteStream | HttpConnection,
    options: HttpClientOptions = {},
  ) {
    const { origin = null } = options;
    this.#settings = resolveReceiveOptions(options);
    const base = origin === null ? null : parseHttpUrl(origin).origin;
    this.#origin = base === null ? null : { origin: base, prefix: `${base}/` };
    const { transport, start } = openTransport(stream);
    this.#connection = new Connection(transport, start);
    dropped.register(this, this.#connection);
  }

  /**
   * Opens a connection to the origin of a URL: TCP, and TLS for https.
   *
   * @param url A URL of the origin. Its path and query do not matter.
   * @param options Where and how to connect, and the client's options.
   * @returns A client over the new connection, for requests to that origin.
   * @throws {HttpError} If the connection cannot be opened (`ConnectFailed`,
   * `TlsFailed`).
   * @throws {TypeError} If the URL is neither http nor https, or the options
   * contradict each other.
   * @throws {RangeError} If a limit is not a non-negative integer, or the port is
   * out of range.
   */
  static async connect(
    url: string | URL,
    options: HttpConnectOptions = {},
  ): Promise<HttpClient> {
    const base = parseHttpUrl(url);
    const { signal, connector, origin = base.origin } = options;
    // Read before anything is opened.
    const settings = resolveReceiveOptions(options);
    if (origin !== null && origin !== base.origin) parseHttpUrl(origin);
    const tls = tlsOptions(base, options.tls);
    const connection = await openConnection({
      connector: checkMethods("connector", connector, "connect") ??
        defaultConnector(),
      target: connectTarget(base, options),
      tls,
      // `null` is no signal, as in `fetch`.
      signal: signal ?? undefined,
    });
    try {
      const client = new HttpClient(connection, { ...settings, origin });
      client.#connection.expectSilence();
      return client;
    } catch (error) {
      // One of its streams is locked, for example.
      endConnection(connection, error);
      throw error;
    }
  }

  /** Whether a request can be sent, as of the last turn of the event loop. */
  get reusable(): boolean {
    return this.#connection.isReusable;
  }

  /**
   * Resolves when no more requests can be sent, for any reason, even while no
   * call is in flight. Never rejects. Waiting for it does not keep the process
   * alive.
   */
  get ended(): Promise<void> {
    return this.#connection.ended;
  }

  /** Facts of the connection, or `null` if they are unknown. */
  get info(): HttpConnectionInfo | null {
    return this.#connection.transport.info;
  }

  /**
   * Sends a request over HTTP/1.1 and reads the whole response.
   *
   * The response is read while the request is sent. An early final response
   * stops the upload, unless it is a 2xx: then the upload goes on until the
   * response is complete.
   *
   * @param request The request.
   * @param options Limits, the form of the request target, and a signal.
   * @returns The response, and the state of the connection.
   * @throws {HttpError} If the peer or the connection fails.
   * @throws {TypeError} If the request contradicts itself or is for another
   * origin, or the connection is in use or cannot be used again.
   * @throws {RangeError} If a limit is not a non-negative integer.
   */
  send(
    request: HttpRequest,
    options: HttpClientSendOptions = NO_OPTIONS,
  ): Promise<HttpClientOutput> {
    return this.#send(request, "HTTP/1.1", options);
  }

  /**
   * Sends a request over HTTP/1.0 and reads the whole response, of either
   * version.
   *
   * @param request The request.
   * @param options Limits, the form of the request target, and a signal.
   * @returns The response, and the state of the connection.
   * @throws {HttpError} If the peer or the connection fails.
   * @throws {TypeError} If the request contradicts itself or is for another
   * origin, or the connection is in use or cannot be used again.
   * @throws {RangeError} If a limit is not a non-negative integer.
   */
  sendHttp10(
    request: HttpRequest,
    options: HttpClientSendOptions = NO_OPTIONS,
  ): Promise<HttpClientOutput> {
    return this.#send(request, "HTTP/1.0", options);
  }

  /**
   * Sends a request over HTTP/1.1, and resolves when the head of the response
   * has arrived. The body is then read as it arrives, while the rest of the
   * request is sent, as in {@linkcode HttpClient.send}.
   *
   * @param request The request.
   * @param options The body and trailers to stream, limits, and a signal.
   * @returns The exchange. Read its body, or call `discard`, before the next
   * call.
   * @throws {HttpError} If the peer or the connection fails.
   * @throws {TypeError} If request and options contradict each other, the
   * request is for another origin, or the connection is in use or cannot be
   * used again.
   * @throws {RangeError} If a limit is not a non-negative integer, or the timeout
   * is negative.
   * @throws {unknown} The error of the body's source, if it throws.
   */
  exchange(
    request: HttpRequest,
    options: HttpExchangeOptions = NO_OPTIONS,
  ): Promise<HttpExchange> {
    return new Promise((resolve, reject) => {
      const { onInterim } = options;
      checkType("onInterim", onInterim, "function");
      const parts = this.#prepare(request, "HTTP/1.1", options);
      exchange(this.#connection, parts, onInterim, { resolve, reject });
    });
  }

  /**
   * Drives any coroutine over the connection, up to its first step that is
   * neither I/O nor an error.
   *
   * After that, the connection is reusable only if the step has
   * `keepAlive: true`. Otherwise, only another `run` or `detach` can use it; both
   * start with the bytes in the step's `remaining`. A write that the coroutine
   * asked for is finished before theirs, unless the step ends the exchange: an
   * `Ok`, or any step that has `keepAlive`. The rest of it is then not sent.
   *
   * @typeParam C The coroutine.
   * @param coroutine The coroutine. It may have been driven before, also over
   * another connection.
   * @param options A signal.
   * @returns The step.
   * @throws {HttpError} If the peer or the connection fails.
   * @throws {TypeError} If the connection is in use or cannot be used again.
   * @throws {unknown} If the coroutine throws, its error. If the coroutine has
   * neither written nor read anything, the connection stays as it was; otherwise it
   * is closed.
   */
  run<C extends HttpCoroutine<{ readonly type: string }>>(
    coroutine: C,
    options: HttpRunOptions = NO_OPTIONS,
  ): Promise<HttpStepOf<C>> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      signal?.throwIfAborted();
      const call = { signal, owner: this, resolve, reject };
      run(this.#connection, coroutine, call);
    });
  }

  /**
   * Gives up the connection, typically after an upgrade or CONNECT. Unread bytes
   * come first, and a write that `run` left pending is finished before any other.
   *
   * @returns The connection, which the caller must close. Its `startTls` works if a
   * connector opened it.
   * @throws {TypeError} If a call is in flight, or the connection is closed.
   */
  detach(): HttpConnection {
    return this.#connection.detach();
  }

  /**
   * Closes the connection. A call in flight rejects with an `AbortError`, and a
   * write that `run` left pending is dropped.
   * Closing again, or after `detach`, does nothing.
   */
  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Closes the connection at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection.close();
  }

  #send(
    request: HttpRequest,
    version: HttpVersion,
    options: HttpClientSendOptions,
  ): Promise<HttpClientOutput> {
    return new Promise((resolve, reject) => {
      const parts = this.#prepare(request, version, options);
      sendRequest(this.#connection, parts, { resolve, reject });
    });
  }

  /** Checks a request, and plans how to send it and to read its response. */
  #prepare(
    request: HttpRequest,
    version: HttpVersion,
    options: HttpExchangeOptions,
  ): ClientParts {
    this.#check(request, options);
    return {
      request,
      plan: planRequest(request, options, version),
      version,
      receive: this.#settingsOf(options),
      signal: options.signal,
      owner: this,
    };
  }

  /** Checks everything that does not depend on the body. */
  #check(
    request: HttpRequest,
    { signal, target }: HttpClientSendOptions,
  ): void {
    signal?.throwIfAborted();
    checkRequest(request);
    this.#connection.check(request);
    const { method, url } = request;
    const origin = this.#origin;
    if (origin === null || url.href.startsWith(origin.prefix)) return;
    if (method === "CONNECT" || target === "absolute") return;
    if (url.origin === origin.origin) return;
    throw new TypeError(
      `Cannot send a request for ${quote(url.origin)} over a connection to ` +
        quote(origin.origin),
    );
  }

  /** The settings of a call: the client's, unless it has its own. */
  #settingsOf(options: HttpReceiveOptions): ReceiveSettings {
    return options === NO_OPTIONS
      ? this.#settings
      : resolveReceiveOptions(options, this.#settings);
  }
}

/** Finds the best way to drive a stream, and how to start. */
function openTransport(
  stream: ByteStream | HttpConnection,
): { transport: Transport; start: ConnectionStart } {
  const own = takeTransport(stream);
  if (own !== null) return { transport: own, start: "watched" };
  if (isDenoConn(stream)) {
    return { transport: new DenoTransport(stream), start: "filled" };
  }
  const start = "info" in stream ? "watched" : "filled";
  return { transport: new StreamTransport(stream), start };
}

function connectTarget(
  url: URL,
  { hostname, port, unixPath }: HttpConnectOptions,
): HttpAddress {
  if (port !== undefined) checkPort("address", port);
  if (unixPath === undefined) {
    const server = serverOf(url);
    return {
      hostname: hostname ?? server.hostname,
      port: port ?? server.port,
    };
  }
  if (hostname === undefined && port === undefined) return { unixPath };
  throw new TypeError(
    "Cannot connect: `unixPath` goes with neither `hostname` nor `port`",
  );
}

function tlsOptions(
  url: URL,
  tls: HttpTlsOptions | undefined,
): (HttpTlsOptions & { serverName: string }) | null {
  if (url.protocol === "https:") {
    // One by one: they may be getters of a class.
    const { caCerts, cert, key, alpnProtocols, serverName } =
      checkType("tls", tls, "object") ?? {};
    // Texts would be lists of letters.
    checkType("tls.caCerts", caCerts, "object");
    checkType("tls.alpnProtocols", alpnProtocols, "object");
    return {
      ...tls,
      ...(caCerts && { caCerts }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(alpnProtocols && { alpnProtocols }),
      serverName: serverName ?? serverOf(url).hostname,
    };
  }
  if (tls === undefined) return null;
  throw new TypeError("Cannot connect: `tls` is for https URLs");
}
