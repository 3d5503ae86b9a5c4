// Receives the response of an attempt. As soon as its head is there, the call
// decides what becomes of the body:
//
//   head ── the call's, for send() ────────> WholeResponse, once it is read
//     └──── the call's, for exchange() ─┬──> StreamedBody, which nobody reads yet
//     └──── a redirect, a 503, ... ─────┘

import { StreamedBody } from "../client/exchange/body.ts";
import type {
  BodyConsumer,
  ExchangeDriver,
  HeadConsumer,
  ResponseEnd,
} from "../client/exchange/driver.ts";
import { type HttpResponse, markStreamed } from "../rfc9110/response.ts";
import { BodyBuffer } from "../rfc9112/_body_buffer.ts";
import type { HttpFraming } from "../rfc9112/framing.ts";

/** A response that was read to its end. */
export interface WholeResponse {
  readonly response: HttpResponse;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly end: ResponseEnd;
}

/** Whoever waits for a response. */
export interface ResponseListener {
  readonly maxBodyBytes: number;
  /** Receives an interim response; what it returns is awaited. */
  interim(response: HttpResponse): unknown;
  /** Receives the head. Returns whether to collect the body. */
  head(response: HttpResponse): boolean;
  /** Receives the response: whole, or its body not read yet. */
  readonly resolve: (received: WholeResponse | StreamedBody) => void;
  /** Learns that the exchange failed before that. */
  readonly reject: (error: unknown) => void;
}

/** Receives the heads of a response. */
export class HeadReceiver implements HeadConsumer {
  /** Set before anything is received. */
  driver: ExchangeDriver | null = null;
  readonly #listener: ResponseListener;

  constructor(listener: ResponseListener) {
    this.#listener = listener;
  }

  interim(response: HttpResponse): unknown {
    return this.#listener.interim(response);
  }

  head(response: HttpResponse, framing: HttpFraming): BodyConsumer {
    const listener = this.#listener;
    const { maxBodyBytes, resolve, reject } = listener;
    markStreamed(response);
    if (listener.head(response)) {
      return new WholeBody(response, framing, listener);
    }
    const driver = this.driver!;
    const parts = { driver, response, framing, maxBodyBytes };
    const body: StreamedBody = new StreamedBody(parts, {
      resolve: () => resolve(body),
      reject,
    });
    return body;
  }

  fail(error: unknown): void {
    this.#listener.reject(error);
  }
}

/** Reads a body to its end. */
class WholeBody implements BodyConsumer {
  readonly wants = true;
  readonly #response: HttpResponse;
  readonly #buffer: BodyBuffer;
  readonly #listener: ResponseListener;

  /** @throws {HttpError} If its length is above the limit. */
  constructor(
    response: HttpResponse,
    framing: HttpFraming,
    listener: ResponseListener,
  ) {
    const length = framing.kind === "length" ? framing.length : null;
    this.#response = response;
    this.#buffer = new BodyBuffer(listener.maxBodyBytes, length, response);
    this.#listener = listener;
  }

  target(): undefined {}

  data(bytes: Uint8Array): void {
    this.#buffer.push(bytes);
  }

  pause(): void {}

  uploaded(): void {}

  end(end: ResponseEnd): void {
    const bytes = this.#buffer.take();
    this.#listener.resolve({ response: this.#response, bytes, end });
  }

  fail(error: unknown): void {
    this.#listener.reject(error);
  }
}
