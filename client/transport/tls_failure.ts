// Why TLS did not start.

import { quote } from "../../core/quote.ts";
import { HttpError } from "../../error.ts";
import { formatAddress, type HttpAddress } from "./http_connection.ts";

/**
 * Creates the error of a handshake that failed.
 *
 * @param serverName The name that the certificate had to be for.
 * @param remote The peer's address, if it is known.
 * @param reason What went wrong.
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
    {
      ...(cause !== undefined && { cause }),
      progress: {
        phase: "tls",
        reused: false,
        requestBytes: 0,
        responseBytes: 0,
      },
    },
  );
}
