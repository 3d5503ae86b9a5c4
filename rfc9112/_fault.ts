// The faults of a response whose head had arrived.

import { HttpError } from "../error.ts";
import type { HttpResponse } from "../rfc9110/response.ts";

/** Adds the response, if there is one, to a fault. */
export function withResponse(
  error: unknown,
  response: HttpResponse | null,
): unknown {
  if (response === null || !(error instanceof HttpError)) return error;
  return new HttpError(error.code, error.message, { response });
}
