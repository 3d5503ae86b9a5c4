// Looking up the addresses of a host.

import { unbracket } from "../../rfc9110/_url.ts";
import type { HttpAddress } from "../transport/http_connection.ts";
import { loadNode } from "../transport/node_socket.ts";
import { connectFailed } from "../transport/open_failure.ts";
import { abortable } from "../transport/abortable.ts";

interface DenoPermissions {
  querySync(descriptor: { name: "net"; host: string }): { state: string };
}

/**
 * Looks up the addresses of a host.
 *
 * @returns The addresses, in order of preference; or the name itself, if Deno's
 * permissions do not allow connecting to the addresses.
 * @throws {HttpError} If the name is unknown.
 */
export async function resolveHost(
  target: Extract<HttpAddress, { hostname: string }>,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const { port } = target;
  const hostname = unbracket(target.hostname);
  if (loadNode("node:net").isIP(hostname) !== 0) return [hostname];
  try {
    const { lookup } = loadNode("node:dns").promises;
    const found = await abortable(lookup(hostname, { all: true }), signal);
    const addresses = found.map(({ address }) => address);
    return addresses.every((one) => mayConnect(one, port))
      ? addresses
      : [hostname];
  } catch (error) {
    signal?.throwIfAborted();
    // Deno does not allow resolving a name if only one of its ports is allowed.
    if ((error as { code?: unknown }).code === "EPERM") return [hostname];
    throw connectFailed(target, [], error);
  }
}

/** Returns whether Deno's permissions, if any, allow connecting to an address. */
function mayConnect(address: string, port: number): boolean {
  const { Deno } = globalThis as { Deno?: { permissions?: DenoPermissions } };
  if (Deno?.permissions === undefined) return true;
  const host = address.includes(":")
    ? `[${address}]:${port}`
    : `${address}:${port}`;
  return Deno.permissions.querySync({ name: "net", host }).state === "granted";
}
