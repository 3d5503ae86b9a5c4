// Why a connection was not opened, or TLS not started over it.

import { quote } from "../../core/quote.ts";
import { HttpError, type HttpProgress } from "../../error.ts";
import { formatAddress, type HttpAddress } from "./http_connection.ts";

/** Why one address did not accept. */
export interface FailedAttempt {
  readonly address: string;
  readonly error: unknown;
}

/** Returns the progress of a call that has sent and received nothing. */
export function nothingSent(phase: HttpProgress["phase"]): HttpProgress {
  return { phase, reused: false, requestBytes: 0, responseBytes: 0 };
}

/** The meanings of the usual error codes. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRNOTAVAIL: "no local address is available",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "no route to the host",
  EMFILE: "too many open files",
  ENETUNREACH: "no route to the network",
  ENOENT: "no such file",
  ENOTFOUND: "the name is unknown",
  EPERM: "permission denied",
  ETIMEDOUT: "no response in time",
};

/**
 * Creates the error of a connection that nobody accepted.
 *
 * @param target The address to connect to.
 * @param attempts Why each address failed, if there were several.
 * @param error The runtime's error, if there were no attempts.
 */
export function connectFailed(
  target: HttpAddress,
  attempts: readonly FailedAttempt[],
  error: unknown = causeOf(attempts),
): HttpError {
  const isNamed = "hostname" in target &&
    attempts.some(({ address }) => address !== target.hostname);
  const reasons = isNamed
    ? attempts.map(({ address, error }) => `${address}: ${reasonOf(error)}`)
    : [reasonOf(error)];
  return new HttpError(
    "ConnectFailed",
    `Cannot connect to ${formatAddress(target)}: ${reasons.join("; ")}`,
    { cause: error, progress: nothingSent("connect") },
  );
}

function causeOf(attempts: readonly FailedAttempt[]): unknown {
  const errors = attempts.map(({ error }) => error);
  return errors.length === 1
    ? errors[0]
    : new AggregateError(errors, "No address accepted the connection");
}

/** Returns the reason that an error of the runtime, or of OpenSSL, gives. */
export function reasonOf(error: unknown): string {
  const { code, message, reason } = (error ?? {}) as Record<string, unknown>;
  if (typeof code === "string" && Object.hasOwn(REASONS, code)) {
    return REASONS[code]!;
  }
  if (typeof reason === "string") return reason;
  const text = typeof message === "string" ? message.trim() : String(error);
  return text === "" ? "no reason given" : text;
}

/**
 * Creates the error of bytes that came before a handshake. They must not become
 * part of the TLS stream (CVE-2011-0411).
 */
export function earlyBytes(
  serverName: string,
  remote: HttpAddress | null,
  bytes: number,
): HttpError {
  const reason = `${bytes} bytes came before the handshake`;
  return tlsFailed(serverName, remote, reason);
}

/**
 * Creates the error of a handshake that failed.
 *
 * @param serverName The name that the certificate must be for.
 * @param remote The peer's address, if it is known.
 * @param reason The reason, for the message.
 * @param cause The runtime's error.
 */
export function tlsFailed(
  serverName: string,
  remote: HttpAddress | null,
  reason: string,
  cause?: unknown,
): HttpError {
  const at = remote === null ? "" : ` at ${formatAddress(remote)}`;
  return new HttpError(
    "TlsFailed",
    `Cannot start TLS with ${quote(serverName)}${at}: ${reason}`,
    { cause, progress: nothingSent("tls") },
  );
}
