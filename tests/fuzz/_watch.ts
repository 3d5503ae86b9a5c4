// Looks at each step as it comes, before the driver makes plain data of it.

import { HttpError, type HttpErrorCode, HttpResponse } from "../../mod.ts";
import type { AnyCoroutine } from "../_cuts.ts";
import { transfer } from "../_pure.ts";
import { checkMessage, promise } from "./_target.ts";

// The codes of the pure readers.
const CODES: Readonly<Partial<Record<HttpErrorCode, true>>> = {
  InvalidStatusLine: true,
  InvalidHeader: true,
  HeadTooLarge: true,
  TooManyInterimResponses: true,
  UnexpectedUpgrade: true,
  InvalidContentLength: true,
  InvalidTransferEncoding: true,
  UnsupportedTransferCoding: true,
  BodyTooLarge: true,
  InvalidChunkSize: true,
  InvalidChunkExtension: true,
  ChunkExtensionsTooLarge: true,
  InvalidChunkTerminator: true,
  InvalidTrailer: true,
  TrailersTooLarge: true,
  UnexpectedEof: true,
  EventTooLarge: true,
};

const SENSITIVE =
  /^((proxy-)?authorization|(set-)?cookie|(www|proxy)-authenticate|authentication-info)$/i;

/** What is watched. */
export interface WatchOptions {
  /** The steps that the coroutine may give. */
  readonly types: readonly string[];
  /**
   * How many bytes may be passed between two steps that tell something, for all
   * of them may be held. The last piece comes on top.
   */
  readonly maxHeld?: number;
  /** Whether the bytes of steps are taken away, as byte streams do. */
  readonly transfers?: boolean;
}

/** A coroutine whose steps are checked. */
export class Watched implements AnyCoroutine {
  /** The message of the `Err` that it ended in. */
  message = "";
  readonly #inner: AnyCoroutine;
  readonly #options: WatchOptions;
  #held = 0;

  constructor(inner: AnyCoroutine, options: WatchOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  resume(bytes?: Uint8Array): { readonly type: string } {
    const step = this.#inner.resume(bytes);
    const { types, maxHeld, transfers } = this.#options;
    promise(types.includes(step.type), `Gives the step ${step.type}`);
    if (step.type === "Err") this.#checkError(step);
    if ("response" in step) checkRedacted(step.response);
    if (step.type !== "WantsRead") {
      this.#held = 0;
      return transfers ? takeBytes(step, bytes) : step;
    }
    const piece = bytes?.length ?? 0;
    promise(
      this.#held <= (maxHeld ?? Infinity),
      `Wants more after ${this.#held + piece} bytes without a step, ` +
        `${piece} of them in the last piece`,
    );
    this.#held += piece;
    return step;
  }

  #checkError(step: object): void {
    const error = "error" in step ? step.error : null;
    promise(error instanceof HttpError, `Fails with ${error}`);
    promise(error.code in CODES, `Fails with the code ${error.code}`);
    checkMessage(error.message);
    this.message = error.message;
  }
}

/** Checks that what is logged of a response has no secrets. */
function checkRedacted(response: unknown): void {
  promise(response instanceof HttpResponse, `Gives the response ${response}`);
  const { headers, trailers } = response;
  for (const [name, value] of [...headers.toJSON(), ...trailers.toJSON()]) {
    promise(
      !SENSITIVE.test(name) || value === "[redacted]",
      `Shows a value of ${name}`,
    );
  }
}

/** Copies a step's bytes and takes them away from the coroutine. */
function takeBytes(
  step: { readonly type: string },
  given: Uint8Array | undefined,
): { readonly type: string } {
  if (!("bytes" in step) || !(step.bytes instanceof Uint8Array)) return step;
  const copied = { ...step, bytes: step.bytes.slice() };
  // A view of what was given is the driver's own buffer, which it needs.
  if (step.bytes.buffer !== given?.buffer) transfer(step.bytes);
  return copied;
}
