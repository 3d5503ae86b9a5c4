// Errors that are created by rules, which know nothing of connections.

import { HttpError, type HttpProgress } from "../error.ts";
import type { HttpResponse } from "../rfc9110/response.ts";

/** Adds the progress of a call to an error that has none. */
export function withProgress(error: unknown, progress: HttpProgress): unknown {
  return error instanceof HttpError && error.progress === null
    ? replaceProgress(error, progress)
    : error;
}

/** Copies an error with another progress. */
export function replaceProgress(
  error: HttpError,
  progress: HttpProgress,
  response: HttpResponse | null = null,
): HttpError {
  const { code, message, cause, timeout } = error;
  return new HttpError(code, message, {
    cause,
    progress,
    response: error.response ?? response,
    timeout,
  });
}
