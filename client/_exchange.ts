// A streaming exchange: the upload and the download of one call, side by side.
//
//   start ── interims ──> head ──> body ── Data ... ──> end
//     └──────────────┴──────┴───────┴── fail: abort, close, cancel, a fault
//
// Nothing is read from the connection before the body's reader asks for it.

import type { HttpHeaders } from "../rfc9110/headers.ts";
import type { HttpRequest } from "../rfc9110/request.ts";
import { type HttpResponse, isNullBodyStatus } from "../rfc9110/response.ts";
import { BodyBuffer } from "../rfc9112/_body_buffer.ts";
import type { HttpCloseReason } from "../rfc9112/persistence.ts";
import type { HttpLimits } from "../rfc9112/limits.ts";
import { Http11Receive, type Http11ReceiveResult } from "../rfc9112/receive.ts";
import type { Call } from "./_call.ts";
import { type Connection, nextTurn } from "./_connection.ts";
import { copyBytes } from "./_copy.ts";
import { makeDeferred } from "./_deferred.ts";
import { drive } from "./_drive.ts";
import { Upload } from "./_upload.ts";
import { planUpload } from "./_upload_plan.ts";
import type { HttpExchange, HttpExchangeOptions } from "./exchange.ts";

type Step<Type> = Extract<Http11ReceiveResult, { readonly type: Type }>;
type BodyStep = Exclude<Http11ReceiveResult, Step<"Interim" | "Head">>;

// Reading a body in views smaller than this costs more than a copy.
const MIN_TARGET_BYTES = 4096;

const decoder = new TextDecoder();

/** The two directions of one call. */
interface Directions {
  readonly connection: Connection;
  readonly call: Call;
  readonly upload: Upload;
  readonly receive: Http11Receive;
  readonly maxBodyBytes: number;
}

/**
 * Starts an exchange.
 *
 * @returns The exchange, once its head is there.
 * @throws {TypeError} If request and options contradict themselves.
 * @throws {HttpError} If the peer did something wrong.
 */
export async function startExchange(
  connection: Connection,
  request: HttpRequest,
  limits: HttpLimits,
  options: HttpExchangeOptions,
): Promise<HttpExchange> {
  const receive = new Http11Receive(request, limits);
  connection.check();
  const plan = planUpload(request, options);
  const call = connection.begin(options.signal);
  const upload = new Upload(call, plan);
  try {
    call.check();
    await connection.checkSilence(call);
    upload.start();
    const head = await readHead(call, receive, upload, options.onInterim);
    // Another protocol starts when the request is through (RFC 9110 §7.8).
    if (head.framing.kind === "tunnel") await upload.complete();
    else upload.stop(new DOMException("The response has come", "AbortError"));
    const { maxBodyBytes } = limits;
    const exchange = new Exchange(
      { connection, call, upload, receive, maxBodyBytes },
      head,
    );
    await exchange.start();
    return exchange;
  } catch (error) {
    upload.stop(error);
    connection.fail(call, error);
    throw error;
  }
}

async function readHead(
  call: Call,
  receive: Http11Receive,
  upload: Upload,
  onInterim: HttpExchangeOptions["onInterim"],
): Promise<Step<"Head">> {
  while (true) {
    const step = await drive(call, receive);
    if (step.type === "Head") return step;
    // Before the head there is nothing else, but the type does not know it.
    if (step.type === "Interim") {
      if (step.response.status === 100) upload.open();
      const handling: unknown = onInterim?.(step.response);
      if (handling instanceof Promise) await call.unlessItFails(handling);
    }
  }
}

class Exchange implements HttpExchange {
  readonly response: HttpResponse;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly upgraded: boolean;
  readonly #directions: Directions;
  readonly #length: number | null;
  readonly #trailers = makeDeferred<HttpHeaders>();
  readonly #closed = makeDeferred<
    { keepAlive: boolean; closeReason: HttpCloseReason | null }
  >();
  #controller!: ReadableByteStreamController;
  /** The step that the next pull starts with. */
  #step: BodyStep = { type: "WantsRead" };
  #isTaken = false;
  #isEnded = false;

  constructor(directions: Directions, head: Step<"Head">) {
    this.#directions = directions;
    this.response = head.response;
    this.upgraded = head.framing.kind === "tunnel";
    this.#length = head.framing.kind === "length" ? head.framing.length : null;
    this.body = new ReadableStream({
      type: "bytes",
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: (reason) => {
        this.#isTaken = true;
        this.#fail(
          reason ?? new DOMException("The body was cancelled", "AbortError"),
        );
      },
    }, { highWaterMark: 0 });
    directions.call.onFailure = (error) => this.#fail(error);
  }

  get trailers(): Promise<HttpHeaders> {
    return this.#trailers.promise;
  }

  get closed(): Promise<
    { keepAlive: boolean; closeReason: HttpCloseReason | null }
  > {
    return this.#closed.promise;
  }

  /** Looks at what came with the head: a body that is empty ends here. */
  async start(): Promise<void> {
    this.#step = this.#directions.receive.resume() as BodyStep;
    if (this.#step.type === "Ok") await this.#finish(this.#step);
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    this.#take();
    const reader = this.body.getReader();
    try {
      const buffer = new BodyBuffer(
        this.#directions.maxBodyBytes,
        this.#length,
      );
      while (true) {
        const { value, done } = await reader.read();
        if (done) return buffer.take();
        buffer.push(value);
      }
    } catch (error) {
      await reader.cancel(error).catch(() => {});
      throw error;
    }
  }

  async text(): Promise<string> {
    return decoder.decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  toResponse(): Response {
    // Made without this body first: a status out of range must not cost it.
    const response = this.response.toResponse();
    this.#take();
    if (!isNullBodyStatus(response.status)) {
      return new Response(this.body, response);
    }
    // A 205 may have a body all the same, which nobody can read from here on.
    this.body.cancel().catch(() => {});
    return response;
  }

  #take(): void {
    if (this.#isTaken || this.body.locked) {
      throw new TypeError("Cannot read the body: it is taken already");
    }
    this.#isTaken = true;
  }

  /** Gives the stream one piece, or its end. */
  async #pull(): Promise<void> {
    const { call, receive } = this.#directions;
    this.#isTaken = true;
    try {
      const target = this.#target();
      let step = this.#step;
      let read: Uint8Array | null = null;
      while (step.type === "WantsRead") {
        if (read !== null && read.buffer !== target?.buffer) call.recycle(read);
        read = await call.read(target);
        step = receive.resume(read) as BodyStep;
      }
      if (step.type === "Err") throw call.explain(step.error);
      if (step.type === "Data") {
        this.#give(step.bytes, read, target);
        step = receive.resume() as BodyStep;
      }
      this.#step = step;
      if (step.type === "Ok") await this.#finish(step);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The view that the body's reader waits for, to read into it directly. */
  #target(): Uint8Array<ArrayBuffer> | undefined {
    const view = this.#controller.byobRequest?.view;
    if (!view || view.byteLength < MIN_TARGET_BYTES) return undefined;
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  }

  /** Hands a piece to the stream: as it is where that is possible. */
  #give(
    bytes: Uint8Array,
    read: Uint8Array | null,
    target: Uint8Array<ArrayBuffer> | undefined,
  ): void {
    const { call } = this.#directions;
    if (read !== null && read.buffer === target?.buffer) {
      // Behind its framing, or put together elsewhere, it is not at its place.
      if (
        bytes.byteOffset !== read.byteOffset || bytes.buffer !== read.buffer
      ) {
        target.set(bytes);
      }
      this.#controller.byobRequest?.respond(bytes.length);
      return;
    }
    const isLent = call.ownsBuffers && bytes.buffer === read?.buffer &&
      bytes.length * 2 >= bytes.buffer.byteLength;
    this.#controller.enqueue(
      isLent ? bytes as Uint8Array<ArrayBuffer> : copyBytes(bytes),
    );
    if (read !== null && !isLent) call.recycle(read);
  }

  async #finish(end: Step<"Ok">): Promise<void> {
    const { connection, call, upload } = this.#directions;
    if (!upload.isSent) await nextTurn();
    // All of this in one instant: no abort or cancellation comes between, and
    // who has read the stream to its end may send the next request at once.
    const closeReason = connection.end(call, end, upload.isSent);
    this.#isEnded = true;
    this.#trailers.resolve(end.trailers);
    this.#closed.resolve({ keepAlive: closeReason === null, closeReason });
    // Last, for it throws where the body ends inside an element of a view.
    this.#controller.close();
    this.#controller.byobRequest?.respond(0);
  }

  #fail(error: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    // The upload was stopped at the head.
    const { connection, call } = this.#directions;
    connection.fail(call, error);
    this.#controller.error(error);
    this.#trailers.reject(error);
    this.#closed.reject(error);
  }
}
