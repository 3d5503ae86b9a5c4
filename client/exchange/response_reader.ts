// Reading one response, step by step.
//
// Like `Http11Receive`, but the input stays borrowed after a step: the client owns its
// buffers, and need not copy the bytes that follow a head.

import { Input } from "../../core/input.ts";
import { HttpError } from "../../error.ts";
import type { HttpHeaders } from "../../rfc9110/headers.ts";
import type { HttpVersion } from "../../rfc9110/response.ts";
import type { ReceiveSettings } from "../../rfc9112/limits.ts";
import {
  type BodyStep,
  type HeadStep,
  type ResponseBody,
  ResponseHeads,
} from "../../rfc9112/receive.ts";
import type { InputBytes } from "../connection/input.ts";

/** The steps of a {@linkcode ResponseReader}. */
export type ResponseStep =
  | HeadStep
  | BodyStep
  | { readonly type: "Err"; readonly error: HttpError };

/** Reads one response. */
export class ResponseReader {
  readonly #input = new Input();
  #phase: ResponseHeads | ResponseBody;

  constructor(
    request: { readonly method: string; readonly headers: HttpHeaders },
    version: HttpVersion,
    settings: ReceiveSettings,
  ) {
    this.#phase = new ResponseHeads(request, version, settings);
  }

  /** Borrows bytes, or notes end of file. Nothing may be borrowed already. */
  push(bytes: InputBytes | null): void {
    this.#input.push(bytes);
  }

  /** Takes one step. The data of a step is valid until the next. */
  next(): ResponseStep {
    try {
      const step = this.#phase.step(this.#input);
      if (step.type === "Head") this.#phase = step;
      return step;
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
