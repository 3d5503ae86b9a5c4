// A response that is read into memory.

import type { HeldBytes } from "../../core/held_bytes.ts";
import type { HttpResponse } from "../../rfc9110/response.ts";
import { type BodyBuffer, bufferFor } from "../../rfc9112/_body_buffer.ts";
import type { HttpFraming } from "../../rfc9112/framing.ts";
import type { BodyConsumer, ResponseEnd } from "./consumer.ts";

/** A response that has been read to its end. */
export interface WholeResponse {
  readonly response: HttpResponse;
  readonly body: HeldBytes;
  readonly end: ResponseEnd;
}

/** Code that waits for a whole response. */
export interface WholeListener {
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
  readonly #listener: WholeListener;

  /** @throws {HttpError} If its length is above the limit. */
  constructor(
    response: HttpResponse,
    framing: HttpFraming,
    listener: WholeListener,
  ) {
    this.#response = response;
    this.#buffer = bufferFor(response, framing, listener.maxBodyBytes);
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
