/**
 * A `fetch` of its own.
 *
 * @module
 */

import { HttpAgent } from "./agent.ts";
import type { HttpAgentOptions } from "./options.ts";

/**
 * Creates a `fetch` with options and a pool of its own.
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
