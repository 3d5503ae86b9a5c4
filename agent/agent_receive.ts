// The collector of a response's body, if the call reads it by itself.

import type { BodyConsumer, ResponseEnd } from "../client/exchange/consumer.ts";
import type { HeldBytes } from "../core/held_bytes.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import { BodyBuffer } from "../rfc9112/_body_buffer.ts";
import type { HttpFraming } from "../rfc9112/framing.ts";

/** A response that has been read to its end. */
export interface WholeResponse {
  readonly response: HttpResponse;
  readonly body: HeldBytes;
  readonly end: ResponseEnd;
}

/** Code that waits for a response. */
export interface ResponseListener {
  readonly maxBodyBytes: number;
  resolve(received: WholeResponse): void;
  /** Called if the exchange fails before its end. */
  fail(error: unknown): void;
}

/** Reads a body to its end. */
export class WholeBody implements BodyConsumer {
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
    const body = this.#buffer.take();
    this.#listener.resolve({ response: this.#response, body, end });
  }

  fail(error: unknown): void {
    this.#listener.fail(error);
  }
}
