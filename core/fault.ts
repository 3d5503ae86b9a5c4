// The faults of a peer, in words that all readers share.

import { HttpError, type HttpErrorCode } from "../error.ts";

/** Creates the error for a part of a message that cannot be read. */
export function cannotRead(
  code: HttpErrorCode,
  part: string,
  reason: string,
): HttpError {
  return new HttpError(code, `Cannot read the ${part}: ${reason}`);
}

/** The same, for a part that is larger than an option allows. */
export function tooMuch(
  code: HttpErrorCode,
  part: string,
  option: string,
  limit: number,
  unit: string,
): HttpError {
  const reason = `it has more than ${limit} ${unit} (${option})`;
  return cannotRead(code, part, reason);
}
