// The contract of every coroutine, around a function that takes one step:
//
//   resume(bytes) ──> Input ──> step function ──> step ──> Input.settle
//                                   │ throws HttpError
//                                   └──────────────> Err
//
// The machine is running until a step ends it (`Ok` or `Err`, returned for
// good) or something other than an HttpError is thrown (thrown for good).

import type { Err, WantsRead } from "../coroutine.ts";
import { HttpError } from "../error.ts";
import { Input } from "./input.ts";

/** The one `WantsRead` step. It carries nothing, so it is shared. */
export const WANTS_READ: WantsRead = /* @__PURE__ */ Object.freeze({
  type: "WantsRead",
});

/**
 * Takes one step over the unused input: moves `input.start` past the bytes it
 * used, and throws an {@linkcode HttpError} for a fault of the peer.
 */
export type StepFunction<Step> = (input: Input) => Step;

/** Runs a step function under the contract of `HttpCoroutine`. */
export class Machine<Step extends { readonly type: string }> {
  readonly #takeStep: StepFunction<Step>;
  readonly #input = new Input();
  #wantsRead = false;
  /** Returns or throws what ended the machine, if it has ended. */
  #end: (() => Step | Err) | null = null;

  constructor(takeStep: StepFunction<Step>) {
    this.#takeStep = takeStep;
  }

  resume(bytes: Uint8Array | null | undefined): Step | Err {
    if (this.#end !== null) return this.#end();
    let step: Step | Err;
    try {
      this.#input.push(bytes, this.#wantsRead);
      step = this.#takeStep(this.#input);
      this.#input.settle();
    } catch (error) {
      if (!(error instanceof HttpError)) {
        return this.#finish(() => {
          throw error;
        });
      }
      step = { type: "Err", error };
    }
    const { type } = step;
    this.#wantsRead = type === "WantsRead";
    return type === "Ok" || type === "Err" ? this.#finish(() => step) : step;
  }

  #finish(end: () => Step | Err): Step | Err {
    this.#end = end;
    this.#input.clear();
    return end();
  }
}
