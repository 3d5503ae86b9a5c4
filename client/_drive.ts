// Driving a coroutine over a call.

import type {
  Err,
  HttpCoroutine,
  WantsRead,
  WantsWrite,
} from "../coroutine.ts";
import type { Call } from "./_call.ts";

/** The steps that a driver deals with itself. */
export type IoStep = WantsRead | WantsWrite | Err;

/**
 * Resumes a coroutine up to its first step that is neither I/O nor a fault.
 *
 * A write is started and the coroutine resumed at once, so that the read which
 * mostly follows runs beside it.
 *
 * @throws {HttpError} If the peer did something wrong.
 */
export async function drive<Step extends { readonly type: string }>(
  call: Call,
  coroutine: HttpCoroutine<Step>,
): Promise<Exclude<Step, IoStep>> {
  call.check();
  let step: Step | IoStep = coroutine.resume();
  while (true) {
    if (isWantsRead(step)) {
      const bytes = await call.read();
      step = coroutine.resume(bytes);
      // A step's own `bytes` may be a view of what was read.
      if (!("bytes" in step)) call.recycle(bytes);
    } else if (isWantsWrite(step)) {
      await call.flush();
      call.startWrite(step.bytes);
      step = coroutine.resume();
    } else if (isErr(step)) {
      throw call.explain(step.error);
    } else {
      return step as Exclude<Step, IoStep>;
    }
  }
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
