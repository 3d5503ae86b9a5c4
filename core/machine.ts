// What every coroutine does the same way around its reader: take the input in,
// turn a thrown HttpError into the `Err` step, let go of the caller's buffer,
// and stay at the last step for good.
//
//   resume(bytes) ──> Input ──> Reader.step ──> step ──> Input.settle
//                                   │ throws HttpError
//                                   └──────────> Err

import type { Err, WantsRead } from "../coroutine.ts";
import { HttpError } from "../error.ts";
import { Input } from "./input.ts";

/** The one `WantsRead` step: it carries nothing, so it is shared. */
export const WANTS_READ: WantsRead = Object.freeze({ type: "WantsRead" });

/**
 * The inside of a coroutine. It moves `input.start` over what it used, and it
 * throws an {@linkcode HttpError} for what the peer did wrong.
 */
export interface Reader<Step> {
  /** Takes one step over the unused input. */
  step(input: Input): Step;
}

/** Drives a {@linkcode Reader} under the contract of `HttpCoroutine`. */
export class Machine<Step extends { readonly type: string }> {
  readonly #reader: Reader<Step>;
  readonly #input = new Input();
  #last: Step | Err | null = null;

  constructor(reader: Reader<Step>) {
    this.#reader = reader;
  }

  resume(bytes: Uint8Array | undefined): Step | Err {
    if (this.#last !== null) return this.#last;
    if (bytes !== undefined) this.#input.push(bytes);
    let step: Step | Err;
    try {
      step = this.#reader.step(this.#input);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      step = { type: "Err", error };
    }
    if (step.type === "Ok" || step.type === "Err") this.#last = step;
    this.#input.settle();
    return step;
  }
}

/**
 * Asks for more input.
 *
 * @param what The part of the message that is not complete.
 * @throws {HttpError} If the input has ended.
 */
export function askForInput(input: Input, what: string): WantsRead {
  if (!input.eof) return WANTS_READ;
  throw new HttpError(
    "UnexpectedEof",
    `Cannot read the ${what}: the connection ended before its end`,
  );
}
