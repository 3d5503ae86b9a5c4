// The errors of a connection. Each names the failure, the peer, and the progress of
// the exchange.

import { quoteBytes } from "../../core/quote.ts";
import { HttpError, type HttpProgress } from "../../error.ts";
import { serverOf } from "../../rfc9110/_url.ts";
import type { HttpResponse } from "../../rfc9110/response.ts";
import {
  formatAddress,
  type HttpConnectionInfo,
} from "../transport/http_connection.ts";
import { reasonOf } from "../transport/open_failure.ts";

/** The facts of an error besides its code and message. */
export interface FailureFacts {
  readonly peer: string;
  readonly progress: HttpProgress;
  readonly response: HttpResponse | null;
}

/** How the peer or the network ended a connection. */
export type ConnectionEnd =
  | { readonly kind: "eof" }
  | { readonly kind: "lost"; readonly cause: unknown }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array<ArrayBuffer> };

/** Returns the error of a request on a connection that ended while idle. */
export function idleFailure(
  end: ConnectionEnd,
  { peer, ...facts }: FailureFacts,
): HttpError {
  switch (end.kind) {
    case "eof":
      return new HttpError(
        "NoResponse",
        `Cannot send the request: ${peer} closed the idle connection`,
        facts,
      );
    case "bytes":
      return new HttpError(
        "UnexpectedBytes",
        `Cannot send the request: ${peer} sent ` +
          `${quoteBytes(end.bytes, 0, end.bytes.length)} ` +
          `on the idle connection`,
        facts,
      );
    case "lost":
      return new HttpError(
        "ConnectionLost",
        `Cannot send the request: lost the idle connection to ${peer}: ` +
          reasonOf(end.cause),
        { ...facts, cause: end.cause },
      );
  }
}

/** Returns the error of an exchange whose connection broke. */
export function lostFailure(
  cause: unknown,
  { peer, ...facts }: FailureFacts,
): HttpError {
  const doing = facts.progress.phase === "request"
    ? "send the request"
    : facts.progress.phase === "body"
    ? "read the response body"
    : "read the response";
  return new HttpError(
    "ConnectionLost",
    `Cannot ${doing}: lost the connection to ${peer}: ${reasonOf(cause)}`,
    { ...facts, cause },
  );
}

/**
 * Adds the facts of the connection to an error of the engine. An error of the caller's
 * own coroutine may have another class or facts of its own, and is left as it is.
 */
export function withFacts(
  error: HttpError,
  { peer, ...facts }: FailureFacts,
): HttpError {
  const { code, message, cause, timeout } = error;
  if (error.constructor !== HttpError || error.progress !== null) return error;
  return new HttpError(code, `${message} (from ${peer})`, {
    ...facts,
    // The head had arrived, even if its framing is invalid.
    response: facts.response ?? error.response,
    timeout,
    cause,
  });
}

/** Names the peer: the host of the URL, and its address if that differs. */
export function describePeer(
  info: HttpConnectionInfo | null,
  url: URL | null,
): string {
  const remote = info?.remote ?? null;
  const address = remote === null ? null : formatAddress(remote);
  if (url === null) return address ?? "the peer";
  const host = formatAddress(serverOf(url));
  return address === null || address === host ? host : `${host} (${address})`;
}
