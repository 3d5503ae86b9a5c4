// Reading one response, step by step.
//
// Like `Http11Receive`, but the input stays borrowed after a step: the client owns its
// buffers, and need not copy the bytes that follow a head.

import { Input } from "../../core/input.ts";
import type { StepFunction } from "../../core/machine.ts";
import { HttpError } from "../../error.ts";
import type { HttpHeaders } from "../../rfc9110/headers.ts";
import type { HttpVersion } from "../../rfc9110/response.ts";
import type { ReceiveSettings } from "../../rfc9112/limits.ts";
import { receiveResponse, type ReceiveStep } from "../../rfc9112/receive.ts";
import type { InputBytes } from "../connection/input.ts";

/** The steps of a {@linkcode ResponseReader}. */
export type ResponseStep =
  | ReceiveStep
  | { readonly type: "Err"; readonly error: HttpError };

/** Reads one response. */
export class ResponseReader {
  readonly #input = new Input();
  readonly #takeStep: StepFunction<ReceiveStep>;

  constructor(
    request: { readonly method: string; readonly headers: HttpHeaders },
    version: HttpVersion,
    settings: ReceiveSettings,
  ) {
    this.#takeStep = receiveResponse(request, version, settings);
  }

  /** Borrows bytes, or notes end of file. Nothing may be borrowed already. */
  push(bytes: InputBytes | null): void {
    this.#input.push(bytes);
  }

  /** Takes one step. The data of a step is valid until the next. */
  next(): ResponseStep {
    try {
      return this.#takeStep(this.#input);
    } catch (error) {
      if (error instanceof HttpError) return { type: "Err", error };
      throw error;
    }
  }

  /** Returns the borrowed input, keeping a copy of the unused part. */
  settle(): void {
    this.#input.settle();
  }

  /** Takes the unused input, as a copy. */
  takeRest(): InputBytes {
    return this.#input.takeRest();
  }
}
