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

type End<Step> =
  | { readonly kind: "returned"; readonly step: Step | Err }
  | { readonly kind: "thrown"; readonly error: unknown };

/** Runs a step function under the contract of `HttpCoroutine`. */
export class Machine<Step extends { readonly type: string }> {
  readonly #takeStep: StepFunction<Step>;
  readonly #input = new Input();
  #wantsRead = false;
  #end: End<Step> | null = null;

  constructor(takeStep: StepFunction<Step>) {
    this.#takeStep = takeStep;
  }

  resume(bytes: Uint8Array | null | undefined): Step | Err {
    const end = this.#end;
    if (end !== null) {
      if (end.kind === "thrown") throw end.error;
      return end.step;
    }
    let step: Step | Err;
    try {
      this.#input.push(bytes, this.#wantsRead);
      step = this.#takeStep(this.#input);
      this.#input.settle();
    } catch (error) {
      if (!(error instanceof HttpError)) {
        this.#finish({ kind: "thrown", error });
        throw error;
      }
      step = { type: "Err", error };
    }
    const { type } = step;
    this.#wantsRead = type === "WantsRead";
    if (type === "Ok" || type === "Err") {
      this.#finish({ kind: "returned", step });
    }
    return step;
  }

  #finish(end: End<Step>): void {
    this.#end = end;
    this.#input.clear();
  }
}
