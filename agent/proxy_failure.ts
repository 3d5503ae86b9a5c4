// Why a proxy did not open a connection, in the user's terms. No byte of the user's
// own request has been written by then.

import {
  formatAddress,
  type HttpAddress,
} from "../client/transport/http_connection.ts";
import { nothingSent } from "../client/transport/open_failure.ts";
import { HttpError, type HttpErrorCode } from "../error.ts";
import { quote } from "../core/quote.ts";
import { replaceProgress } from "./_progress.ts";
import type { HttpResponse } from "../rfc9110/response.ts";

const PROGRESS = nothingSent("connect");

/** Errors that need no further explanation. */
const KNOWN: readonly HttpErrorCode[] = [
  "InvalidAuthenticationInfo",
  "InvalidProxyReply",
  "ProxyRefused",
  "Timeout",
];

/** Errors of a proxy that cannot be reached, or closed instead of replying. */
const CODES: Readonly<Partial<Record<HttpErrorCode, HttpErrorCode>>> = {
  ConnectFailed: "ConnectFailed",
  ConnectionLost: "ConnectFailed",
  NoResponse: "ConnectFailed",
  TlsFailed: "TlsFailed",
  UnexpectedBytes: "ConnectFailed",
};

/** Returns whether a proxy closed the connection instead of replying. */
export function hasHungUp(error: unknown): boolean {
  return error instanceof HttpError &&
    (error.code === "NoResponse" || error.code === "ConnectionLost");
}

/** Turns the error of an exchange with a proxy into the error of a connection. */
export function explainProxy(
  error: unknown,
  proxy: URL,
  target: HttpAddress,
): unknown {
  if (!(error instanceof HttpError)) return error;
  const { code, response } = error;
  if (KNOWN.includes(code)) return replaceProgress(error, PROGRESS);
  // The body of its refusal was too long, or cut short.
  if (response !== null && response.status >= 300) {
    return proxyRefused(proxy, target, response, error);
  }
  return proxyFailed(
    CODES[code] ?? "InvalidProxyReply",
    proxy,
    target,
    error.message,
    { cause: error },
  );
}

/** Creates the error of a proxy that responded to CONNECT, but not with a 2xx. */
export function proxyRefused(
  proxy: URL,
  target: HttpAddress,
  response: HttpResponse,
  cause?: HttpError,
): HttpError {
  const { status, reason } = response;
  return proxyFailed(
    "ProxyRefused",
    proxy,
    target,
    `it responded ${status}${reason === "" ? "" : ` ${quote(reason)}`}`,
    { response, cause },
  );
}

/** Creates the error of a connection that a proxy did not open. */
export function proxyFailed(
  code: HttpErrorCode,
  proxy: URL,
  target: HttpAddress,
  reason: string,
  options: { response?: HttpResponse; cause?: unknown } = {},
): HttpError {
  return new HttpError(
    code,
    `Cannot connect to ${formatAddress(target)} through the proxy ` +
      `${proxy.protocol}//${proxy.host}: ${reason}`,
    { ...options, progress: PROGRESS },
  );
}
