// One exchange over a leased connection: the upload and the response, side by
// side. The driver owns the exchange; consumers receive the response.
//
//   head ──────────> body <──> paused
//     │              ^  └──> settling ──> over
//     └─> upgrading ─┘
//
// "upgrading": another protocol starts once the request is sent (RFC 9110 §7.8).
// "paused": the consumer has enough for now.
// "settling": the response is complete, and the upload has one turn to finish.

import { HttpError, type HttpProgress } from "../../error.ts";
import { type HttpRedirect, redirectOf } from "../../rfc9110/redirect.ts";
import type { HttpRequest } from "../../rfc9110/request.ts";
import {
  type HttpResponse,
  type HttpVersion,
  markStreamed,
} from "../../rfc9110/response.ts";
import type { ReceiveSettings } from "../../rfc9112/limits.ts";
import { endsUpload, finalCloseReason } from "../../rfc9112/persistence.ts";
import type { EndStep } from "../../rfc9112/receive.ts";
import type { Connection } from "../connection/connection.ts";
import type { InputBytes } from "../connection/input.ts";
import type { Lease, LeaseHolder, LeaseMonitor } from "../connection/lease.ts";
import type { Outgoing } from "../transport/transport.ts";
import { nextTurn } from "../transport/turn.ts";
import type { BodyConsumer, HeadConsumer } from "./consumer.ts";
import type { RequestPlan } from "./request_plan.ts";
import { ResponseReader, type ResponseStep } from "./response_reader.ts";
import { isThenable } from "./source.ts";
import { type StartTimer, Upload, type UploadListener } from "./upload.ts";

type Step<Type> = Extract<ResponseStep, { readonly type: Type }>;

/** The parts of an exchange. */
export interface ExchangeParts {
  readonly request: HttpRequest;
  readonly plan: RequestPlan;
  /** The version of the request. */
  readonly version: HttpVersion;
  readonly receive: ReceiveSettings;
  readonly signal: AbortSignal | undefined;
  readonly monitor?: LeaseMonitor | undefined;
  /** Starts the timer of a 100; the runtime's by default. */
  readonly startTimer?: StartTimer | undefined;
}

/** The parts of an exchange of a client. */
export interface ClientParts extends ExchangeParts {
  /** Kept from being collected while the connection is used. */
  readonly owner: object;
}

type State =
  | { readonly at: "head"; readonly consumer: HeadConsumer }
  | { readonly at: "upgrading"; readonly consumer: BodyConsumer }
  | { readonly at: "body"; readonly consumer: BodyConsumer }
  | {
    readonly at: "paused";
    readonly consumer: BodyConsumer;
    readonly step: ResponseStep;
  }
  | {
    readonly at: "settling";
    readonly consumer: BodyConsumer;
    readonly end: EndStep;
  }
  | { readonly at: "over" };

const OVER: State = { at: "over" };

/** Drives one exchange from its start to its end or failure. */
export class ExchangeDriver implements LeaseHolder, UploadListener {
  readonly #method: string;
  readonly #href: string;
  readonly #reader: ResponseReader;
  readonly #upload: Upload;
  readonly #lease: Lease;
  #state: State;
  /** The bytes that the current step may refer to. */
  #bytes: InputBytes | null = null;
  /** The buffer that they were read into, if the consumer gave one. */
  #target: InputBytes | undefined;
  #needsCloseNotify = false;
  #callerFailure: { readonly error: unknown } | null = null;

  /**
   * Leases the connection.
   *
   * @throws {TypeError} If it is in use, or was closed by an earlier call.
   * @throws {HttpError} If it ended while it was idle.
   */
  constructor(
    connection: Connection,
    parts: ExchangeParts,
    consumer: HeadConsumer,
  ) {
    const { request, plan, version, receive, signal, monitor, startTimer } =
      parts;
    // Read now, so that later changes to the request have no effect.
    this.#method = request.method;
    this.#href = request.url.href;
    this.#reader = new ResponseReader(request, version, receive);
    this.#state = { at: "head", consumer };
    this.#upload = new Upload(plan, this, startTimer);
    this.#lease = connection.lease(this, { signal, monitor });
  }

  get url(): URL {
    return new URL(this.#href);
  }

  /** Whether the connection has carried an earlier exchange. */
  get reused(): boolean {
    return this.#lease.reused;
  }

  /** The progress of the exchange. */
  get progress(): HttpProgress {
    return this.#lease.progress;
  }

  /** Whether the whole request was sent; `null` if that is not known yet. */
  get isUploaded(): boolean | null {
    if (this.#upload.isSent) return true;
    return this.#upload.isStopped ? false : null;
  }

  /** Returns whether an error is of the body's source, or of `onInterim`. */
  isOfCaller(error: unknown): boolean {
    return this.#callerFailure !== null && this.#callerFailure.error === error;
  }

  get needsCloseNotify(): boolean {
    return this.#needsCloseNotify;
  }

  /** The target of a redirect, or `null` if the response is not one. */
  redirectOf(response: HttpResponse): HttpRedirect | null {
    return redirectOf(this.#method, this.#href, response);
  }

  /** The number of bytes of the body that are ready during a pause. */
  get arrivedBytes(): number {
    const state = this.#state;
    return state.at === "paused" && state.step.type === "Data"
      ? state.step.bytes.length
      : 0;
  }

  /** Starts to send and to receive. */
  start(): void {
    this.#lease.open(() => this.#begin());
  }

  /** Continues after a pause. */
  resume(): void {
    const state = this.#state;
    if (state.at !== "paused") return;
    this.#state = { at: "body", consumer: state.consumer };
    this.#advance(state.step);
  }

  /** Fails the exchange because of the peer. */
  failPeer(error: HttpError): void {
    this.#lease.failPeer(error);
  }

  /**
   * Fails the exchange because of the caller.
   *
   * @param why How a later call describes it.
   */
  abort(reason: unknown, why: string): void {
    this.#lease.fail(reason, why);
  }

  describe(): string {
    const { origin, pathname } = this.url;
    const what = `${this.#method} ${origin}${pathname}`;
    return this.#state.at === "paused" || this.#state.at === "body"
      ? `the response body of ${what} is not read to its end; ` +
        "read it, or call discard() on its exchange"
      : `${what} is in flight; await its response, or use another client`;
  }

  receive(bytes: InputBytes | null): void {
    this.#bytes = bytes;
    this.#reader.push(bytes);
    this.#advance();
  }

  written(): void {
    this.#upload.written();
  }

  failWrite(): void {
    this.#upload.end({ message: "The connection broke" });
    if (this.#state.at === "upgrading") this.#lease.failUnsent();
  }

  fail(error: unknown): void {
    const state = this.#state;
    this.#state = OVER;
    this.#upload.end({ error });
    if (state.at !== "over") state.consumer.fail(error);
  }

  write(data: Outgoing): void {
    this.#lease.write(data);
  }

  sent(): void {
    if (this.#state.at === "head") this.#lease.enter("head");
    const state = this.#state;
    switch (state.at) {
      case "head":
      case "over":
        return;
      case "settling":
        return this.#finish(state.consumer, state.end);
      case "upgrading":
        this.#state = { at: "body", consumer: state.consumer };
        return this.#advance();
      default:
        state.consumer.uploaded(true);
    }
  }

  stopped(): void {
    const state = this.#state;
    if (state.at === "body" || state.at === "paused") {
      state.consumer.uploaded(false);
    }
  }

  failSource(error: unknown): void {
    this.#failCaller(error);
  }

  #failCaller(error: unknown): void {
    this.#callerFailure = { error };
    this.#lease.fail(error);
  }

  #begin(): void {
    this.#upload.start();
    if (this.#state.at === "head") this.#lease.read();
  }

  /** Takes steps until more input is needed, or the consumer has enough. */
  #advance(first?: ResponseStep): void {
    try {
      let step: ResponseStep | null = first ?? this.#reader.next();
      while (step !== null) {
        step = this.#applyTo(this.#state, step) ? this.#reader.next() : null;
      }
    } catch (error) {
      // A limit of the consumer, or memory that is not there.
      if (error instanceof HttpError) this.#lease.failPeer(error);
      else this.#lease.fail(error);
    }
  }

  /** Applies a step. Returns whether to take the next one at once. */
  #applyTo(state: State, step: ResponseStep): boolean {
    if (state.at === "head") return this.#applyToHead(state.consumer, step);
    return state.at === "body" && this.#applyToBody(state.consumer, step);
  }

  #applyToHead(consumer: HeadConsumer, step: ResponseStep): boolean {
    switch (step.type) {
      case "Interim":
        return this.#handleInterim(consumer, step);
      case "Head":
        return this.#startBody(consumer, step);
      case "Err":
        // Its framing is invalid, so nothing of its body will be read.
        if (step.error.response !== null) markStreamed(step.error.response);
        this.#lease.failPeer(step.error);
        return false;
      default:
        this.#read(undefined);
        return false;
    }
  }

  #applyToBody(consumer: BodyConsumer, step: ResponseStep): boolean {
    if (step.type === "End") {
      this.#complete(consumer, step);
      return false;
    }
    if (!consumer.wants) return this.#pause(consumer, step);
    switch (step.type) {
      case "Data": {
        // The consumer may take the buffer that it was read into.
        if (this.#target !== undefined) this.#reader.settle();
        const bytes = consumer.data(step.bytes);
        if (!bytes) return true;
        return this.#pause(consumer, { type: "Data", bytes });
      }
      case "Err":
        this.#lease.failPeer(step.error);
        return false;
      default:
        this.#read(consumer.target());
        return false;
    }
  }

  /** Stops at a step, which is applied after the pause. */
  #pause(consumer: BodyConsumer, step: ResponseStep): false {
    if (step.type === "WantsRead") this.#recycle();
    this.#state = { at: "paused", consumer, step };
    consumer.pause();
    return false;
  }

  #handleInterim(
    consumer: HeadConsumer,
    { response }: Step<"Interim">,
  ): boolean {
    if (response.status === 100) this.#upload.open();
    const state = this.#state;
    const fail = (error: unknown) => this.#failCaller(error);
    try {
      const handling = consumer.interim(response);
      if (!isThenable(handling)) return true;
      Promise.resolve(handling).then(() => {
        if (this.#state === state) this.#advance();
      }, fail);
    } catch (error) {
      fail(error);
    }
    return false;
  }

  /** Starts the body, and decides about the rest of the upload (RFC 9112 §9.5). */
  #startBody(
    consumer: HeadConsumer,
    { response, framing }: Step<"Head">,
  ): boolean {
    this.#lease.enter("body");
    this.#lease.response = response;
    this.#needsCloseNotify = framing.kind === "close";
    const state = this.#state;
    const body = consumer.head(response, framing);
    // The caller's own code, such as a cookie jar, may have ended the exchange.
    if (this.#state !== state) return false;
    const isTunnel = framing.kind === "tunnel";
    const isUpgrading = isTunnel && !this.#upload.isSent;
    this.#state = { at: isUpgrading ? "upgrading" : "body", consumer: body };
    if (!isTunnel && endsUpload(response)) {
      this.#upload.stop({ message: "The server has responded" });
      if (this.#upload.isStopped) this.#lease.stopUpload();
    } else {
      this.#upload.open();
    }
    return !isUpgrading;
  }

  #complete(consumer: BodyConsumer, end: EndStep): void {
    if (this.isUploaded !== null) return this.#finish(consumer, end);
    // The peer may have responded to the last byte before we learn that it was
    // written.
    const state: State = { at: "settling", consumer, end };
    this.#state = state;
    nextTurn().then(() => {
      if (this.#state === state) this.#finish(consumer, end);
    });
  }

  #finish(
    consumer: BodyConsumer,
    { trailers, headReason }: EndStep,
  ): void {
    const uploaded = this.#upload.isSent;
    const remaining = this.#reader.takeRest();
    const closeReason = finalCloseReason(headReason, uploaded, remaining);
    this.#recycle();
    this.#state = OVER;
    this.#upload.end({ message: "The response is complete" });
    // First, so that the caller's next request goes out before the connection
    // is watched.
    consumer.end({ trailers, remaining, closeReason, uploaded });
    if (closeReason === "Upgraded") this.#lease.leave("upgraded", remaining);
    else this.#lease.finish(closeReason);
  }

  #read(target: InputBytes | undefined): void {
    this.#recycle();
    this.#target = target;
    this.#lease.read(target);
  }

  /** Returns the buffer that was read last. */
  #recycle(): void {
    this.#reader.settle();
    const bytes = this.#bytes;
    this.#bytes = null;
    // The consumer's own buffer is not shared.
    if (bytes === null || bytes.buffer === this.#target?.buffer) return;
    this.#lease.recycle(bytes);
  }
}
