/**
 * A client over one connection.
 *
 * @module
 */

import type { HttpCoroutine } from "../coroutine.ts";
import { Http10Send } from "../rfc1945/send.ts";
import type { HttpRequest } from "../rfc9110/request.ts";
import {
  type ReceiveSettings,
  resolveReceiveOptions,
} from "../rfc9112/limits.ts";
import { Http11Send } from "../rfc9112/send.ts";
import type {
  HttpSendOptions,
  HttpSendOutput,
  HttpSendResult,
} from "../rfc9112/send.ts";
import { ConnTransport, isConn } from "./_conn_transport.ts";
import { parseHttpUrl } from "../rfc9110/_url.ts";
import { openConn } from "./_connect.ts";
import { Connection, nextTurn } from "./_connection.ts";
import { copyBytes } from "./_copy.ts";
import { drive } from "./_drive.ts";
import { startExchange } from "./_exchange.ts";
import { StreamTransport } from "./_stream_transport.ts";
import type { HttpConnectOptions } from "./connect.ts";
import type { HttpExchange, HttpExchangeOptions } from "./exchange.ts";
import type {
  HttpClientOptions,
  HttpClientOutput,
  HttpClientSendOptions,
  HttpRunOptions,
  HttpRunResult,
} from "./output.ts";
import type { ByteStream } from "./stream.ts";

/**
 * A client over one connection, one exchange at a time.
 *
 * What the peer does wrong rejects with an `HttpError`, an aborted signal with
 * its reason; the connection is then closed. What the caller does wrong is a
 * `TypeError` or `RangeError`, before a byte is sent, unless it shows only later,
 * as a streamed body that does not have the length that was named.
 *
 * @example Over a stream that you opened
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpRequest } from "@pimalaya/io-http";
 * import { HttpClient } from "@pimalaya/io-http/client";
 *
 * // A server in memory, which answers whatever it is asked.
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
  readonly #limits: ReceiveSettings;

  /**
   * Takes over a stream. A connection of Deno's is read and written directly,
   * and its streams are not touched; of any other pair, both streams are locked.
   *
   * @param stream The connection, for example what `Deno.connect` gives.
   * @param options The limits of each call, unless it has its own.
   * @throws {TypeError} If one of the streams to lock is locked already.
   * @throws {RangeError} If a limit is not a whole number from 0 on.
   */
  constructor(stream: ByteStream, options: HttpClientOptions = {}) {
    this.#limits = resolveReceiveOptions(options);
    this.#connection = new Connection(
      isConn(stream) ? new ConnTransport(stream) : new StreamTransport(stream),
    );
  }

  /**
   * Opens a connection to the origin of a URL: TCP for http, TLS for https. It
   * needs Deno, and its permission for the network.
   *
   * @param url A URL of the origin; its path and query do not matter here.
   * @param options Where and how to connect, a signal to give up, and the limits
   * of each call, unless it has its own.
   * @returns A client over the new connection.
   * @throws {TypeError} If the URL is neither http nor https, or the options
   * contradict each other.
   * @throws {RangeError} If a limit is not a whole number from 0 on.
   */
  static async connect(
    url: string | URL,
    options: HttpConnectOptions = {},
  ): Promise<HttpClient> {
    const limits = resolveReceiveOptions(options);
    return new HttpClient(await openConn(parseHttpUrl(url), options), limits);
  }

  /**
   * Whether another request may be sent here. It is false as well after bytes
   * that nobody asked for, whatever `keepAlive` said of the response.
   */
  get reusable(): boolean {
    return this.#connection.isIdle;
  }

  /**
   * Sends a request over HTTP/1.1 and reads the response, whole.
   *
   * @param request What to send.
   * @param options Limits, the form of the request target, and a signal.
   * @returns The response, where it points if it is a redirect, and whether the
   * connection may be used again.
   * @throws {HttpError} If the peer did something wrong.
   * @throws {TypeError} If the request contradicts itself, or another call is
   * under way, or the connection may not be used again.
   * @throws {RangeError} If a limit is not a whole number from 0 on.
   */
  send(
    request: HttpRequest,
    options?: HttpClientSendOptions,
  ): Promise<HttpClientOutput> {
    return this.#send(
      () => new Http11Send(request, this.#withLimits(options)),
      options?.signal,
    );
  }

  /**
   * Sends a request over HTTP/1.0 and reads the response, whole.
   *
   * @param request What to send.
   * @param options Limits, the form of the request target, and a signal.
   * @returns The response, where it points if it is a redirect, and whether the
   * connection may be used again.
   * @throws {HttpError} If the peer did something wrong.
   * @throws {TypeError} If the request contradicts itself, or another call is
   * under way, or the connection may not be used again.
   * @throws {RangeError} If a limit is not a whole number from 0 on.
   */
  sendHttp10(
    request: HttpRequest,
    options?: HttpClientSendOptions,
  ): Promise<HttpClientOutput> {
    return this.#send(
      () => new Http10Send(request, this.#withLimits(options)),
      options?.signal,
    );
  }

  /**
   * Sends a request over HTTP/1.1 and resolves at the head of the response,
   * whose body is then read as it comes in.
   *
   * The response is read while the request is written. Where the final response
   * comes first, the rest of the request is not sent, and the connection is not
   * used again. So a server that answers piece by piece while it reads, as an
   * echo does, gets no more than what was sent before its answer began.
   *
   * @param request What to send.
   * @param options The body and trailers to stream, limits, and a signal.
   * @returns The exchange. Its body has to be read, or cancelled, before the
   * next request.
   * @throws {HttpError} If the peer did something wrong.
   * @throws {TypeError} If request and options contradict themselves, or another
   * call is under way, or the connection may not be used again.
   * @throws {RangeError} If a limit is not a whole number from 0 on.
   * @throws {unknown} If the source of the body throws, what it throws.
   */
  async exchange(
    request: HttpRequest,
    options: HttpExchangeOptions = {},
  ): Promise<HttpExchange> {
    const limits = resolveReceiveOptions(options, this.#limits);
    return await startExchange(this.#connection, request, limits, options);
  }

  /**
   * Drives any coroutine over the connection, up to its first step that is
   * neither I/O nor a fault.
   *
   * A coroutine that has more steps is driven on by another `run`; no exchange
   * starts before it is through. A `WantsRedirect` ends an exchange as its `Ok`
   * does, which holds the same response. The bytes that the last step of another
   * coroutine left in `remaining` come first in what is read next.
   *
   * @typeParam C The coroutine.
   * @param coroutine What to drive.
   * @param options A signal.
   * @returns The step.
   * @throws {HttpError} If the peer did something wrong.
   * @throws {TypeError} If another call is under way, or the connection may not
   * be used again.
   */
  async run<C extends HttpCoroutine<{ readonly type: string }>>(
    coroutine: C,
    options?: HttpRunOptions,
  ): Promise<HttpRunResult<C>> {
    const call = this.#connection.begin(options?.signal, true);
    try {
      const step = await drive(call, coroutine, copyBytes) as HttpRunResult<C>;
      if (isOutput(step)) {
        if (!call.isWritten) await nextTurn();
        this.#connection.end(call, step, call.isWritten);
      } else {
        await call.flush();
        this.#connection.pause(call, step);
      }
      return step;
    } catch (error) {
      this.#connection.fail(call, error);
      throw error;
    }
  }

  /**
   * Gives up the connection as a pair of streams, after an upgrade or CONNECT
   * above all. The bytes that were read and not used come first.
   *
   * @returns The streams. Closing them is up to the caller from here on.
   * @throws {TypeError} If a call is under way, or the connection is gone.
   */
  detach(): ByteStream {
    return this.#connection.detach();
  }

  /**
   * Closes the connection. A call that is under way rejects with an
   * `AbortError`. Closing twice, or after `detach`, does nothing.
   */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** Closes the connection at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #send(
    makeCoroutine: () => HttpCoroutine<HttpSendResult>,
    signal: AbortSignal | undefined,
  ): Promise<HttpClientOutput> {
    const coroutine = makeCoroutine();
    const call = this.#connection.begin(signal);
    try {
      await this.#connection.checkSilence(call);
      const step = await drive(call, coroutine);
      if (!call.isWritten) await nextTurn();
      const closeReason = this.#connection.end(call, step, call.isWritten);
      const { response, interim, remaining, upgraded } = step;
      return {
        response,
        interim,
        remaining,
        keepAlive: closeReason === null,
        closeReason,
        upgraded,
        redirect: step.redirect,
      };
    } catch (error) {
      this.#connection.fail(call, error);
      throw error;
    }
  }

  /** The options of a call, with the client's limits where it has none. */
  #withLimits(options: HttpSendOptions | undefined): HttpSendOptions {
    return options === undefined
      ? this.#limits
      : { ...options, ...resolveReceiveOptions(options, this.#limits) };
  }
}

/** Tells whether a step ends an exchange, and says how. */
function isOutput(
  step: { readonly type: string },
): step is { readonly type: string } & Readonly<HttpSendOutput> {
  return "keepAlive" in step && "closeReason" in step && "remaining" in step;
}
