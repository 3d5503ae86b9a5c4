// The receivers of a response: first of its heads, then of its body.

import type { HttpHeaders } from "../../rfc9110/headers.ts";
import type { HttpResponse } from "../../rfc9110/response.ts";
import type { HttpFraming } from "../../rfc9112/framing.ts";
import type { HttpCloseReason } from "../../rfc9112/persistence.ts";
import type { InputBytes } from "../connection/input.ts";

/** Receives the heads of a response. */
export interface HeadConsumer {
  /** Receives an interim response. If it returns a promise, that is awaited. */
  interim(response: HttpResponse): unknown;
  /** Receives the final head, and returns the receiver of the body. */
  head(response: HttpResponse, framing: HttpFraming): BodyConsumer;
  /** Called if the exchange fails before the head. */
  fail(error: unknown): void;
}

/** Receives the body of a response. */
export interface BodyConsumer {
  /** Whether it wants data now. */
  readonly wants: boolean;
  /** The buffer to read into, if any. */
  target(): InputBytes | undefined;
  /**
   * Receives data, which is valid until it returns.
   *
   * @returns The end of the data, if there was no room for it. It stays valid, and
   * comes first after the pause that follows.
   */
  data(bytes: InputBytes): InputBytes | void;
  /** Called when nothing is read until {@linkcode ExchangeDriver.resume}. */
  pause(): void;
  /** Called when it is known whether the whole request was sent. */
  uploaded(whole: boolean): void;
  /** Called when the response is complete. */
  end(end: ResponseEnd): void;
  /** Called if the exchange fails. */
  fail(error: unknown): void;
}

/** How a response ended. */
export interface ResponseEnd {
  /** The fields of the trailer section, or `null` if there is none. */
  readonly trailers: HttpHeaders | null;
  readonly remaining: InputBytes;
  readonly closeReason: HttpCloseReason | null;
  /** Whether the whole request was sent. */
  readonly uploaded: boolean;
}
