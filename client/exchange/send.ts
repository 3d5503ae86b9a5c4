// A buffered exchange: the response is folded into one output.

import {
  completeResponse,
  type HttpResponse,
  markStreamed,
} from "../../rfc9110/response.ts";
import { BodyBuffer } from "../../rfc9112/_body_buffer.ts";
import type { HttpFraming } from "../../rfc9112/framing.ts";
import type { HttpSendOptions, HttpSendOutput } from "../../rfc9112/send.ts";
import type { Connection } from "../connection/connection.ts";
import type { BodyConsumer, HeadConsumer, ResponseEnd } from "./consumer.ts";
import { ExchangeDriver, type ExchangeParts } from "./driver.ts";

/** Options of {@linkcode HttpClient.send}. */
export interface HttpClientSendOptions extends HttpSendOptions {
  /**
   * Fails the call with the signal's reason, and closes the connection.
   *
   * @default {none}
   */
  signal?: AbortSignal | undefined;
}

/** The outcome of {@linkcode HttpClient.send}. */
export interface HttpClientOutput extends HttpSendOutput {
  /** Whether the connection had carried an earlier exchange. */
  reused: boolean;
  /** Whether the whole request was sent; an early response may cut it short. */
  uploaded: boolean;
}

/** The parts of a call. */
export interface SendCall extends ExchangeParts {
  readonly maxBodyBytes: number;
  /** Kept from being collected while the call is in flight. */
  readonly owner: object;
  readonly resolve: (output: HttpClientOutput) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends a request and reads the whole response.
 *
 * @throws {TypeError} If the connection cannot carry it.
 * @throws {HttpError} If the connection ended while it was idle.
 */
export function send(connection: Connection, call: SendCall): void {
  const heads = new BufferedHeads(call);
  heads.driver = new ExchangeDriver(connection, call, heads);
  heads.driver.start();
}

class BufferedHeads implements HeadConsumer {
  declare driver: ExchangeDriver;
  readonly #call: SendCall;
  readonly #interim: HttpResponse[] = [];

  constructor(call: SendCall) {
    this.#call = call;
  }

  interim(response: HttpResponse): void {
    this.#interim.push(response);
  }

  head(response: HttpResponse, framing: HttpFraming): BodyConsumer {
    return new BufferedBody(this.#call, this.driver, {
      response,
      framing,
      interim: this.#interim,
    });
  }

  fail(error: unknown): void {
    this.#call.reject(error);
  }
}

class BufferedBody implements BodyConsumer {
  readonly wants = true;
  readonly #call: SendCall;
  readonly #driver: ExchangeDriver;
  readonly #response: HttpResponse;
  readonly #interim: HttpResponse[];
  readonly #buffer: BodyBuffer;

  constructor(
    call: SendCall,
    driver: ExchangeDriver,
    { response, framing, interim }: {
      response: HttpResponse;
      framing: HttpFraming;
      interim: HttpResponse[];
    },
  ) {
    this.#call = call;
    this.#driver = driver;
    this.#response = response;
    this.#interim = interim;
    // Until it is complete: a part of its body is not the whole body.
    markStreamed(response);
    this.#buffer = new BodyBuffer(
      call.maxBodyBytes,
      framing.kind === "length" ? framing.length : null,
    );
  }

  target(): undefined {}

  data(bytes: Uint8Array): void {
    this.#buffer.push(bytes);
  }

  pause(): void {}

  uploaded(): void {}

  end({ trailers, remaining, closeReason, uploaded }: ResponseEnd): void {
    const body = this.#buffer.take();
    const response = completeResponse(this.#response, body, trailers);
    this.#call.resolve({
      response,
      interim: this.#interim,
      remaining,
      redirect: this.#driver.redirectOf(response),
      keepAlive: closeReason === null,
      closeReason,
      upgraded: closeReason === "Upgraded",
      reused: this.#driver.reused,
      uploaded,
    });
  }

  fail(error: unknown): void {
    this.#call.reject(error);
  }
}
