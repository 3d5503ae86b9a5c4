// A buffered exchange: the response is folded into one output.

import {
  completeResponse,
  type HttpResponse,
  markStreamed,
} from "../../rfc9110/response.ts";
import type { HttpFraming } from "../../rfc9112/framing.ts";
import type { HttpSendOptions, HttpSendOutput } from "../../rfc9112/send.ts";
import type { Connection } from "../connection/connection.ts";
import type { BodyConsumer, HeadConsumer } from "./consumer.ts";
import type { Pending } from "../transport/transport.ts";
import { type ClientParts, ExchangeDriver } from "./driver.ts";
import {
  WholeBody,
  type WholeListener,
  type WholeResponse,
} from "./whole_body.ts";

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

/**
 * Sends a request and reads the whole response.
 *
 * @throws {TypeError} If the connection cannot carry it.
 * @throws {HttpError} If the connection ended while it was idle.
 */
export function send(
  connection: Connection,
  parts: ClientParts,
  call: Pending<HttpClientOutput>,
): void {
  const sending = new Sending(parts, call);
  sending.driver = new ExchangeDriver(connection, parts, sending);
  sending.driver.start();
}

class Sending implements HeadConsumer, WholeListener {
  declare driver: ExchangeDriver;
  readonly #parts: ClientParts;
  readonly #call: Pending<HttpClientOutput>;
  readonly #interim: HttpResponse[] = [];

  constructor(parts: ClientParts, call: Pending<HttpClientOutput>) {
    this.#parts = parts;
    this.#call = call;
  }

  get maxBodyBytes(): number {
    return this.#parts.receive.maxBodyBytes;
  }

  interim(response: HttpResponse): void {
    this.#interim.push(response);
  }

  head(response: HttpResponse, framing: HttpFraming): BodyConsumer {
    // Until it is complete: the part that has arrived is not the whole body.
    return new WholeBody(markStreamed(response), framing, this);
  }

  resolve({ response: head, body, end }: WholeResponse): void {
    const { trailers, remaining, closeReason, uploaded } = end;
    const response = completeResponse(head, body, trailers);
    this.#call.resolve({
      response,
      interim: this.#interim,
      remaining,
      redirect: this.driver.redirectOf(response),
      keepAlive: closeReason === null,
      closeReason,
      upgraded: closeReason === "Upgraded",
      reused: this.driver.reused,
      uploaded,
    });
  }

  fail(error: unknown): void {
    this.#call.reject(error);
  }
}
