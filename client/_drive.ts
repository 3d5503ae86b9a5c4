// Driving a coroutine over a call.

import type {
  Err,
  HttpCoroutine,
  WantsRead,
  WantsWrite,
} from "../coroutine.ts";
import { HttpError } from "../error.ts";
import type { Call } from "./_call.ts";

/** The steps that a driver deals with itself. */
export type IoStep = WantsRead | WantsWrite | Err;

/**
 * Resumes a coroutine up to its first step that is neither I/O nor a fault.
 *
 * A write is started and the coroutine resumed at once, so that the read which
 * mostly follows runs beside it.
 *
 * @param keep Makes bytes to write last until they are written. A step's bytes
 * are valid until the next call, so those of a coroutine that may reuse them are
 * copied.
 * @throws {HttpError} If the peer did something wrong.
 */
export async function drive<Step extends { readonly type: string }>(
  call: Call,
  coroutine: HttpCoroutine<Step>,
  keep: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
): Promise<Exclude<Step, IoStep>> {
  call.check();
  let step: Step | IoStep = coroutine.resume();
  let isEnded = false;
  while (true) {
    if (isWantsRead(step)) {
      if (isEnded) throw askedTooMuch();
      const bytes = await call.read();
      isEnded = bytes.length === 0;
      step = coroutine.resume(bytes);
      // A step's own `bytes` may be a view of what was read.
      if (!("bytes" in step)) call.recycle(bytes);
    } else if (isWantsWrite(step)) {
      await call.flush();
      call.startWrite([keep(step.bytes)]);
      step = coroutine.resume();
    } else if (isErr(step)) {
      throw call.explain(step.error);
    } else {
      return step as Exclude<Step, IoStep>;
    }
  }
}

/** Nothing follows the end of file, so to ask for it would go on for ever. */
function askedTooMuch(): HttpError {
  return new HttpError(
    "UnexpectedEof",
    "Cannot read on: the connection has ended",
  );
}

function isWantsRead(step: { readonly type: string }): step is WantsRead {
  return step.type === "WantsRead";
}

function isWantsWrite(step: { readonly type: string }): step is WantsWrite {
  return step.type === "WantsWrite";
}

function isErr(step: { readonly type: string }): step is Err {
  return step.type === "Err";
}
