// Readers of a body, one for each kind of framing.
//
//   none, tunnel   complete at once: a length of 0
//   length         complete after this many bytes; end of file before is an error
//   chunked        complete after the last chunk; end of file before is an error
//   close          complete at end of file

import { cannotRead } from "../core/fault.ts";
import { type StepFunction, WANTS_READ } from "../core/machine.ts";
import type { WantsRead } from "../coroutine.ts";
import type { HttpError } from "../error.ts";
import type { HttpHeaders } from "../rfc9110/headers.ts";

/** The steps of reading a body. `Trailers` is null unless it is chunked. */
export type BodyStep<Trailers extends HttpHeaders | null> =
  | WantsRead
  | {
    readonly type: "Data";
    /** Data as it arrived, valid until the next step. */
    readonly bytes: Uint8Array<ArrayBuffer>;
  }
  | {
    readonly type: "End";
    /** The fields of the trailer section. */
    readonly trailers: Trailers;
  };

/**
 * Reads a body without a coding.
 *
 * @param length The length, or `null` if the body ends when the connection
 * closes.
 */
export function readPlainBody(
  length: number | null,
): StepFunction<BodyStep<null>> {
  let read = 0;
  return (input) => {
    const arrived = input.end - input.start;
    const taken = Math.min(arrived, (length ?? Infinity) - read);
    read += taken;
    if (taken > 0) return { type: "Data", bytes: input.take(taken) };
    const isComplete = length === null ? input.eof : read === length;
    if (isComplete) return { type: "End", trailers: null };
    if (input.eof) throw endedEarly(`after ${read} of ${length} bytes`);
    return WANTS_READ;
  };
}

/** The error for a body that was read no further than this. */
export function endedEarly(position: string): HttpError {
  const reason = `the connection ended ${position}`;
  return cannotRead("UnexpectedEof", "response body", reason);
}
