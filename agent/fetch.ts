/**
 * A `fetch` over an agent.
 *
 * @module
 */

import { HttpAgent } from "./agent.ts";
import type { HttpAgentOptions } from "./options.ts";

/**
 * Creates a `fetch` with options and a pool of its own. It follows the Fetch
 * standard for a client without documents:
 *
 * | member of `RequestInit` | effect |
 * |---|---|
 * | `method`, `headers`, `body` | sent, including fields that browsers forbid, except `Content-Length` and `Transfer-Encoding` |
 * | `redirect` | as in the standard; defaults to the agent's option |
 * | `signal` | aborts the call, up to the end of the body |
 * | `integrity` | the body is compared with the hashes |
 * | `credentials` | `"omit"` uses no cookies and no credentials |
 * | `cache` | nothing is cached; `"no-store"`, `"reload"`, and `"no-cache"` send fields to caches on the way |
 * | `duplex` | nothing: every stream is sent while the response is read |
 * | `mode`, `referrer`, `referrerPolicy`, `keepalive`, `priority` | nothing |
 *
 * A failure is a `TypeError` whose `cause` is the `HttpError`. `docs/fetch.md` has
 * the details.
 *
 * @param options The options of its agent.
 * @returns The `fetch`. Dispose it to close its agent.
 * @throws {TypeError} If an option is invalid.
 * @throws {RangeError} If a number is out of range.
 *
 * @example A `fetch` that is closed at the end of its block
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createFetch } from "@pimalaya/io-http/agent";
 *
 * await using fetch = createFetch({ timeouts: { total: 10_000 } });
 * const response = await fetch("data:text/plain,hi");
 *
 * assertEquals(await response.text(), "hi");
 * ```
 */
export function createFetch(
  options?: HttpAgentOptions,
): typeof globalThis.fetch & AsyncDisposable {
  const agent = new HttpAgent(options);
  return Object.assign(agent.fetch, {
    [Symbol.asyncDispose]: () => agent.close(),
  });
}
