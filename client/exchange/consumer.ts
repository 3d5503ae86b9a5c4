// Whoever receives a response: its heads first, and then its body.

import type { HttpHeaders } from "../../rfc9110/headers.ts";
import type { HttpResponse } from "../../rfc9110/response.ts";
import type { HttpFraming } from "../../rfc9112/framing.ts";
import type { HttpCloseReason } from "../../rfc9112/persistence.ts";
import type { InputBytes } from "../connection/input.ts";

/** Whoever receives the heads of a response. */
export interface HeadConsumer {
  /** Receives an interim response; what it returns is awaited. */
  interim(response: HttpResponse): unknown;
  /** Receives the final head, and returns whoever receives the body. */
  head(response: HttpResponse, framing: HttpFraming): BodyConsumer;
  /** Learns that the exchange failed before the head. */
  fail(error: unknown): void;
}

/** Whoever receives the body of a response. */
export interface BodyConsumer {
  /** Whether it wants data now. */
  readonly wants: boolean;
  /** Where to read data to, if that matters. */
  target(): InputBytes | undefined;
  /** Receives data, which is valid until it returns. */
  data(bytes: Uint8Array): void;
  /** Learns that nothing is read until {@linkcode ExchangeDriver.resume}. */
  pause(): void;
  /** Learns whether the whole request was sent. */
  uploaded(whole: boolean): void;
  /** Learns that the response is complete. */
  end(end: ResponseEnd): void;
  /** Learns that the exchange failed. */
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
