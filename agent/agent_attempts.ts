// The attempts of one call, one after the other. The bytes that they have sent and
// received count together: anyone who resends a failed call must know whether any
// of its requests has reached a server.

import { nothingSent } from "../client/transport/open_failure.ts";
import { HttpError, type HttpProgress } from "../error.ts";
import type { Attempt } from "./agent_attempt.ts";
import { replaceProgress } from "./_progress.ts";

const NO_PROGRESS = nothingSent("queue");

/** The attempts of one call. */
export class Attempts {
  #last: Attempt | null = null;
  /** The bytes of all but the last. */
  #earlier: HttpBytes = NO_PROGRESS;

  /** The last one, which may be over. */
  get last(): Attempt | null {
    return this.#last;
  }

  /** The last one, or `null` if it is over. */
  get current(): Attempt | null {
    return this.#last?.isOver ? null : this.#last;
  }

  /** Adds one, after the last is over. */
  add(attempt: Attempt): void {
    if (this.#last !== null) {
      this.#earlier = addBytes(this.#last.progress, this.#earlier);
    }
    this.#last = attempt;
  }

  /**
   * Returns how far the call has come.
   *
   * @param isPaused Whether the call waits before another attempt.
   */
  progress(isPaused: boolean): HttpProgress {
    if (this.#last === null) return NO_PROGRESS;
    const progress = addBytes(this.#last.progress, this.#earlier);
    const isBetween = isPaused && this.current === null;
    return isBetween ? { ...progress, phase: "queue" } : progress;
  }

  /**
   * Adds the bytes of earlier attempts to an error, and the progress and the
   * response to that of a rule.
   *
   * @param isPaused As for {@linkcode progress}.
   */
  complete(error: unknown, isPaused: boolean): unknown {
    if (!(error instanceof HttpError) || this.#last?.isOfCaller(error)) {
      return error;
    }
    if (error.progress === null) {
      const { response = null } = this.#last ?? {};
      return replaceProgress(error, this.progress(isPaused), response);
    }
    return this.#earlier.requestBytes === 0
      ? error
      : replaceProgress(error, addBytes(error.progress, this.#earlier));
  }
}

/** Adds what earlier attempts have sent and received. */
function addBytes(
  progress: HttpProgress,
  { requestBytes, responseBytes }: HttpBytes,
): HttpProgress {
  return {
    ...progress,
    requestBytes: progress.requestBytes + requestBytes,
    responseBytes: progress.responseBytes + responseBytes,
  };
}

/** How much was sent and received. */
type HttpBytes = Pick<HttpProgress, "requestBytes" | "responseBytes">;
