/**
 * The connector of the runtime.
 *
 * @module
 */

import type { HttpConnector } from "../transport/http_connection.ts";
import { hasNodeModules, isWorkers } from "../transport/node_socket.ts";
import { type CloudflareConnect, cloudflareConnector } from "./cloudflare.ts";
import { denoConnector } from "./deno.ts";
import { nodeConnector } from "./node.ts";

interface Runtime {
  readonly Deno?: { readonly connect?: unknown };
  readonly process?: { getBuiltinModule?(name: string): unknown };
}

/**
 * Returns the connector of the runtime: `denoConnector` on Deno, `nodeConnector`
 * on Node and Bun, and Cloudflare's on Workers with the flag `nodejs_compat`, which
 * is on by default from the compatibility date 2026-08-04.
 *
 * @returns The connector.
 * @throws {TypeError} If the runtime has no sockets, or `cloudflareConnector` is
 * needed.
 *
 * @example Tell which connector a program gets
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { defaultConnector, denoConnector } from "@pimalaya/io-http/client";
 *
 * // On Deno:
 * assertEquals(defaultConnector(), denoConnector);
 * ```
 */
export function defaultConnector(): HttpConnector {
  const runtime = globalThis as Runtime;
  // First: on Deno, the first access to `process` takes 10 ms.
  if (typeof runtime.Deno?.connect === "function") return denoConnector;
  if (isWorkers()) {
    const sockets = runtime.process?.getBuiltinModule?.("cloudflare:sockets") as
      | { readonly connect: CloudflareConnect }
      | undefined;
    if (sockets !== undefined) return cloudflareConnector(sockets.connect);
    throw new TypeError(
      "Cannot find the sockets of this Worker: pass the option `connector: " +
        "cloudflareConnector(connect)`, with `connect` imported from " +
        '"cloudflare:sockets"',
    );
  }
  if (hasNodeModules()) return nodeConnector;
  throw new TypeError(
    "Cannot connect: this runtime has no sockets; pass the option `connector`, " +
      "or create an `HttpClient` over streams",
  );
}
