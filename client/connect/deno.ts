/**
 * Connections over `Deno.connect`.
 *
 * @module
 */

import { type DenoConn, DenoTransport } from "../transport/deno.ts";
import type {
  HttpAddress,
  HttpConnector,
} from "../transport/http_connection.ts";
import {
  connectFailed,
  type FailedAttempt,
} from "../transport/open_failure.ts";
import { makeConnection } from "../transport/socket_connection.ts";
import { abortable } from "../transport/abortable.ts";
import { resolveHost } from "./resolve.ts";

interface DenoRuntime {
  connect(
    options:
      | { hostname: string; port: number; signal?: AbortSignal }
      | { transport: "unix"; path: string },
  ): Promise<DenoConn>;
  unrefTimer(timer: unknown): void;
}

// If an abort reaches Deno just after it has connected, Deno leaks the connection
// (130 of 1,500 in a stress test). So a connect that is about to succeed gets time to
// do so, and is then closed. This counts turns of the event loop as well as time: on
// a busy machine, connects took up to 26 turns, and one turn took 100 ms.
const ABORT_DELAY_TURNS = 50;
const TURN_MILLISECONDS = 5;

/**
 * Opens connections through `Deno.connect`, which tries the addresses of a name
 * as RFC 8305 recommends.
 *
 * TLS runs through `node:tls`, which Deno loads on first use: closing a
 * connection of Deno's own TLS during its handshake, or while a write is
 * blocked, leaks the socket until the peer closes it. For https, the client and
 * the agent connect as {@linkcode nodeConnector} does once that is loaded, because TLS
 * costs half as much then. It trusts the certificates of `--cert` and `DENO_CERT`;
 * `--unsafely-ignore-certificate-errors` has no effect.
 *
 * @example Connect to a closed port
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { HttpError } from "@pimalaya/io-http";
 * import { denoConnector } from "@pimalaya/io-http/client";
 *
 * const error = await assertRejects(
 *   () => denoConnector.connect({ hostname: "127.0.0.1", port: 1 }),
 *   HttpError,
 * );
 *
 * assertEquals(error.code, "ConnectFailed");
 * ```
 */
export const denoConnector: HttpConnector = {
  async connect(target, { signal } = {}) {
    signal?.throwIfAborted();
    const { Deno } = globalThis as { Deno?: DenoRuntime };
    if (Deno === undefined) {
      throw new TypeError("Cannot connect: `denoConnector` works on Deno only");
    }
    const connecting = "unixPath" in target
      ? Deno.connect({ transport: "unix", path: target.unixPath })
      : signal === undefined
      ? Deno.connect(target)
      : dial(Deno, target, signal);
    const drop = (conn: DenoConn) => conn.close();
    try {
      const conn = await abortable(connecting, signal, drop);
      return makeConnection(new DenoTransport(conn));
    } catch (error) {
      signal?.throwIfAborted();
      if (isMistake(error)) throw error;
      throw connectFailed(target, await triedAddresses(target, error), error);
    }
  },
};

/** Returns whether an error of Deno's is about an option, not about an address. */
function isMistake(error: unknown): boolean {
  // The path of a Unix socket is too long.
  if ((error as { code?: unknown }).code === "EINVAL") return false;
  return error instanceof TypeError || error instanceof RangeError;
}

/** Connects, and ends the attempt some time after the signal aborts. */
async function dial(
  Deno: DenoRuntime,
  target: { hostname: string; port: number },
  signal: AbortSignal,
): Promise<DenoConn> {
  const late = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let turns = 0;
  const onAbort = () => {
    if (turns++ === ABORT_DELAY_TURNS) return late.abort();
    timer = setTimeout(onAbort, TURN_MILLISECONDS);
    Deno.unrefTimer(timer);
  };
  signal.addEventListener("abort", onAbort);
  try {
    return await Deno.connect({ ...target, signal: late.signal });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Lists the addresses that `Deno.connect`, which names none, has tried. */
async function triedAddresses(
  target: HttpAddress,
  error: unknown,
): Promise<FailedAttempt[]> {
  if ("unixPath" in target) return [];
  try {
    const addresses = await resolveHost(target, undefined);
    return [{ address: addresses.join(", "), error }];
  } catch {
    return [];
  }
}
