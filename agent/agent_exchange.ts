// A streamed exchange of an agent: the client's, without content codings.

import { type HeldBytes, toOwnBytes, toText } from "../core/held_bytes.ts";
import type { StreamedBody } from "../client/exchange/body.ts";
import {
  Exchange,
  type Explain,
  type HttpExchange,
} from "../client/exchange/exchange.ts";
import type {
  HttpConnection,
  HttpConnectionInfo,
} from "../client/transport/http_connection.ts";
import type { HttpProgress } from "../error.ts";
import { appendToPlatform, type HttpHeaders } from "../rfc9110/headers.ts";
import type { HttpRedirect } from "../rfc9110/redirect.ts";
import { HttpResponse, isNullBodyStatus } from "../rfc9110/response.ts";
import type { HttpFraming } from "../rfc9112/framing.ts";
import type { AgentCall, CallResult } from "./agent_call.ts";
import type { BodyUse } from "./agent_unread.ts";
import {
  type BodyWatch,
  decodeStream,
  decodeWhole,
  type Decoding,
} from "./decode.ts";
import type { HttpAgentExchange, HttpTimings } from "./facts.ts";
import type { HttpHop } from "./redirects.ts";

type BodyStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/** A streamed exchange of an agent. */
export class AgentExchange implements HttpAgentExchange {
  readonly response: HttpResponse;
  /** The head as it was received. */
  readonly head: HttpResponse;
  readonly #inner: Exchange;
  readonly #call: AgentCall;
  readonly #result: CallResult<StreamedBody>;
  readonly #decoding: Decoding | null;
  readonly #explain: Explain | undefined;
  readonly #use: BodyUse = { isTaken: false, streams: [] };
  #stream: BodyStream | null = null;

  /** @param explain Returns the error for the reader of the stream. */
  constructor(
    call: AgentCall,
    result: CallResult<StreamedBody>,
    explain?: Explain,
  ) {
    const { received, attempt, decoding } = result;
    this.head = received.response;
    this.#call = call;
    this.#result = result;
    this.#decoding = decoding;
    this.#explain = explain;
    const { parts } = attempt;
    this.#inner = new Exchange(received, { ...parts, owner: this, explain });
    this.response = decoding?.response ?? received.response;
    call.handOver(this, this.#use);
  }

  get url(): URL {
    return this.#result.attempt.request.url;
  }

  get hops(): HttpHop[] {
    return this.#result.end.hops;
  }

  get attempts(): number {
    return this.#result.end.attempts;
  }

  get info(): HttpConnectionInfo | null {
    return this.#result.attempt.info;
  }

  get timings(): HttpTimings {
    return this.#result.attempt.timings;
  }

  get decoded(): string[] {
    return this.#decoding?.codings ?? [];
  }

  progress(): HttpProgress {
    return this.#result.attempt.progress;
  }

  get redirect(): HttpRedirect | null {
    return this.#inner.redirect;
  }

  get framing(): HttpFraming {
    return this.#inner.framing;
  }

  get trailers(): Promise<HttpHeaders> {
    return this.#inner.trailers;
  }

  get uploaded(): Promise<boolean> {
    return this.#inner.uploaded;
  }

  get closed(): HttpExchange["closed"] {
    return this.#inner.closed;
  }

  get upgraded(): boolean {
    return this.#inner.upgraded;
  }

  get reused(): boolean {
    return this.#inner.reused;
  }

  get body(): BodyStream {
    if (this.#stream !== null) return this.#stream;
    const { body } = this.#inner;
    // It is locked if the body was read in another way.
    this.#stream = this.#decoding === null || body.locked ? body : decodeStream(
      body,
      this.#decoding,
      this.#watch(),
      this.#explain,
    );
    this.handOut(this.#stream, null);
    return this.#stream;
  }

  /**
   * Registers a stream that the body is read through.
   *
   * @param replaced The stream that it replaces, if any.
   */
  handOut(stream: ReadableStream, replaced: ReadableStream | null): void {
    const others = this.#use.streams.filter((ref) => ref.deref() !== replaced);
    this.#use.streams = [...others, new WeakRef(stream)];
  }

  detach(): HttpConnection {
    const connection = this.#inner.detach();
    this.#result.attempt.detach();
    return connection;
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#read(
      () => this.#inner.bytes(),
      async (decoding) => toOwnBytes(await this.#decode("bytes", decoding)),
    );
  }

  text(): Promise<string> {
    return this.#read(
      () => this.#inner.text(),
      async (decoding) => toText(await this.#decode("text", decoding)),
    );
  }

  json(): Promise<unknown> {
    return this.#read(
      () => this.#inner.json(),
      async (decoding) =>
        JSON.parse(toText(await this.#decode("json", decoding))),
    );
  }

  async discard(): Promise<void> {
    await this.#inner.discard();
    this.#result.attempt.close();
  }

  toResponse(): Response {
    const decoding = this.#decoding;
    if (decoding === null) {
      const response = this.#inner.toResponse();
      if (response.body) this.handOut(response.body, null);
      return response;
    }
    const { version, status, reason, headers } = this.response;
    // Without the body at first: a status out of range must not consume it.
    const head = new HttpResponse({ version, status, reason }).toResponse();
    this.#takeStream();
    const { body } = this.#inner.toResponse();
    const response = new Response(
      body === null || isNullBodyStatus(status) ? null : decodeStream(
        body as BodyStream,
        decoding,
        this.#watch(),
      ),
      head,
    );
    appendToPlatform(headers, response.headers);
    if (response.body) this.handOut(response.body, null);
    return response;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.discard();
  }

  /** Reads the body to its end, as it is or decoded. */
  async #read<Value>(
    plain: () => Promise<Value>,
    decoded: (decoding: Decoding) => Promise<Value>,
  ): Promise<Value> {
    const decoding = this.#decoding;
    const { isTaken } = this.#use;
    this.#use.isTaken = true;
    try {
      return await (decoding === null ? plain() : decoded(decoding));
    } catch (error) {
      // It may be that somebody else has it.
      this.#use.isTaken = isTaken;
      throw error;
    }
  }

  async #decode(name: string, decoding: Decoding): Promise<HeldBytes> {
    this.#takeStream();
    const body = this.#inner.take(name);
    const { maxBodyBytes } = this.#call.plan.sendOptions.receive;
    return await decodeWhole(body, decoding, this.#watch(), maxBodyBytes);
  }

  #watch(): BodyWatch {
    const { received, attempt } = this.#result;
    return { ended: received.whenEnded(), progress: () => attempt.progress };
  }

  /**
   * Locks the decoded stream, if there is one: another reader takes its place.
   *
   * @throws {TypeError} If it is in use, or was used.
   */
  #takeStream(): void {
    const stream = this.#stream;
    if (stream === null) return;
    if (stream.locked) {
      throw new TypeError("Cannot read the body: its stream is locked");
    }
    if (this.#result.received.isTouched) {
      throw new TypeError("Cannot read the body: it was read from its stream");
    }
    stream.getReader();
  }
}
