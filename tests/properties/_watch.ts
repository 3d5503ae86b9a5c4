// Checks each step of a coroutine before the driver turns it into plain data.

import { HttpError, HttpResponse } from "../../mod.ts";
import type { AnyCoroutine } from "../_cuts.ts";
import { transfer } from "../_pure.ts";
import { checkMessage, must } from "./_property.ts";

const SENSITIVE = /^((proxy-)?authorization|(set-)?cookie)$/i;

/** What is expected of every step. */
export interface WatchOptions {
  /** The steps that the coroutine may return. */
  readonly types: readonly string[];
  /**
   * How many bytes may be passed between two steps that carry something, since
   * all of them may be held. The last piece does not count.
   */
  readonly maxHeld?: number;
  /** Whether to detach the bytes of steps, as byte streams do. */
  readonly transfers?: boolean;
}

/** A coroutine whose steps are checked. */
export class Watched implements AnyCoroutine {
  readonly #inner: AnyCoroutine;
  readonly #options: WatchOptions;
  #held = 0;

  constructor(inner: AnyCoroutine, options: WatchOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  resume(bytes?: Uint8Array): { readonly type: string } {
    const step = this.#inner.resume(bytes);
    const { types, maxHeld = Infinity, transfers } = this.#options;
    must(types.includes(step.type), `Returns the step ${step.type}`);
    if ("error" in step) checkError(step.error);
    if ("response" in step) checkRedacted(step.response);
    if (step.type !== "WantsRead") {
      this.#held = 0;
      return transfers ? takeBytes(step, bytes) : step;
    }
    const piece = bytes?.length ?? 0;
    must(
      this.#held <= maxHeld,
      `Wants more after ${this.#held + piece} bytes without a step, ` +
        `${piece} of them in the last piece`,
    );
    this.#held += piece;
    return step;
  }
}

function checkError(error: unknown): void {
  must(error instanceof HttpError, `Fails with ${error}`);
  checkMessage(error.message);
}

/** Checks that a log of a response shows no secrets. */
function checkRedacted(response: unknown): void {
  must(response instanceof HttpResponse, `Returns the response ${response}`);
  const { headers, trailers } = response;
  for (const [name, value] of [...headers.toJSON(), ...trailers.toJSON()]) {
    must(
      !SENSITIVE.test(name) || value === "[redacted]",
      `Shows a value of ${name}`,
    );
  }
}

/** Copies a step's bytes, and detaches them from the coroutine. */
function takeBytes(
  step: { readonly type: string },
  given: Uint8Array | undefined,
): { readonly type: string } {
  if (!("bytes" in step) || !(step.bytes instanceof Uint8Array)) return step;
  const copied = { ...step, bytes: step.bytes.slice() };
  // A view of the input is the driver's own buffer, which it needs.
  if (step.bytes.buffer !== given?.buffer) transfer(step.bytes);
  return copied;
}
