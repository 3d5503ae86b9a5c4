/**
 * An agent: calls over as many connections as they need.
 *
 * @module
 */

import type { HttpRequest } from "../rfc9110/request.ts";
import { AgentCore } from "./agent_core.ts";
import { NO_OPTIONS } from "./agent_plan.ts";
import { exchange, fetchHost, send } from "./agent_calls.ts";
import type { HttpAgentExchange, HttpAgentOutput } from "./facts.ts";
import { makeFetch } from "./fetch/fetch.ts";
import type { HttpAgentOptions, HttpAgentSendOptions } from "./options.ts";
import type { HttpPoolStats } from "./pool.ts";

/**
 * Sends requests over a pool of connections. It follows redirects, resends requests
 * if that is safe, limits the time, and decodes content codings.
 *
 * One agent serves a whole program. Agents made by {@linkcode HttpAgent.with}
 * have other options and the same pool. A failure rejects with an `HttpError`; a
 * status code is never a failure. An aborted signal rejects with its reason. A
 * caller's mistake is a `TypeError` or `RangeError`.
 *
 * On Workers, connections end with the request that opened them, so create an
 * agent for each request there, with a pool of at most six. Do not close it in the
 * handler if the response that you return streams a body.
 *
 * @example A call over a network in memory
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpAgent } from "@pimalaya/io-http/agent";
 *
 * // A server that responds to each write, which is a whole request.
 * const response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
 * const connector = {
 *   async connect() {
 *     const { readable, writable } = new TransformStream({
 *       transform(_request: Uint8Array, controller) {
 *         controller.enqueue(new TextEncoder().encode(response));
 *       },
 *     });
 *     const info = { remote: null, local: null, tls: null };
 *     return await Promise.resolve({ readable, writable, info });
 *   },
 * };
 *
 * await using agent = new HttpAgent({ connector });
 * const first = await agent.send("http://example.com/");
 * const second = await agent.send("http://example.com/");
 *
 * assertEquals(first.response.text(), "hi");
 * assertEquals(second.reused, true);
 * ```
 */
export class HttpAgent implements AsyncDisposable {
  readonly #core: AgentCore;
  #fetch: typeof globalThis.fetch | null = null;

  /**
   * Creates an agent with a pool of its own. It opens no connection yet.
   *
   * @param options The options of all its calls, and of its pool.
   * @throws {TypeError} If an option is invalid.
   * @throws {RangeError} If a number is out of range.
   */
  constructor(options: HttpAgentOptions = {}) {
    // The inside of another agent, from `with`.
    this.#core = options instanceof AgentCore
      ? options
      : AgentCore.create(options);
  }

  /**
   * Sends a request and reads the whole response.
   *
   * @param request The request, or a URL to GET.
   * @param options The options of this call.
   * @returns The response, and facts of the call.
   * @throws {HttpError} If the call fails or times out.
   * @throws {TypeError} If the request or an option is invalid, the request is a
   * CONNECT or has an `Upgrade` field, or the agent is closed.
   * @throws {RangeError} If a number is out of range.
   */
  send(
    request: HttpRequest | string | URL,
    options: HttpAgentSendOptions = NO_OPTIONS,
  ): Promise<HttpAgentOutput> {
    return send(this.#core, request, options);
  }

  /**
   * Sends a request, and resolves when the head of its response has arrived.
   *
   * @param request The request, or a URL to GET.
   * @param options The options of this call.
   * @returns The exchange. Read its body, or discard it: until then, it keeps a
   * connection.
   * @throws {HttpError} If the call fails or times out.
   * @throws {TypeError} If the request or an option is invalid, or the agent is
   * closed.
   * @throws {RangeError} If a number is out of range.
   */
  exchange(
    request: HttpRequest | string | URL,
    options: HttpAgentSendOptions = NO_OPTIONS,
  ): Promise<HttpAgentExchange> {
    return exchange(this.#core, request, options);
  }

  /**
   * The agent as a `fetch`, to pass to any library that takes one. It needs no
   * `this`.
   *
   * It follows the Fetch standard for a client without documents: see
   * `docs/fetch.md` for each member of `RequestInit`.
   */
  get fetch(): typeof globalThis.fetch {
    return this.#fetch ??= makeFetch(
      fetchHost(this.#core),
    ) as typeof globalThis.fetch;
  }

  /**
   * Creates an agent with other options and the same pool.
   *
   * Options that are absent or `undefined` are inherited. `headers` are merged by
   * name and `timeouts` by member, and every other option replaces the
   * inherited one. `null` turns `proxy`, `credentials`, and `cookies` off.
   *
   * @param options The options that differ.
   * @returns The agent. Closing it ends its own calls and leaves the pool open.
   * @throws {TypeError} If an option is invalid.
   * @throws {RangeError} If a number is out of range.
   */
  with(options: Omit<HttpAgentOptions, "pool" | "clock">): HttpAgent {
    const core: object = this.#core.derive(options);
    return new HttpAgent(core);
  }

  /**
   * Counts the connections and the waiting calls of the pool.
   *
   * @returns The numbers, as of now.
   */
  stats(): HttpPoolStats {
    return this.#core.pool.stats();
  }

  /** Closes the connections of the pool that are idle. */
  closeIdle(): void {
    this.#core.pool.closeIdle();
  }

  /**
   * Closes the agent: it refuses new calls, waits for calls in progress and for
   * bodies that are being read, and drops the other bodies. If the pool is its own,
   * it then closes the connections.
   *
   * @returns A promise that resolves when nothing is open.
   */
  close(): Promise<void> {
    return this.#core.close();
  }

  /**
   * Ends all calls at once, and closes the agent.
   *
   * @param reason The reason that the calls reject with. Defaults to an `AbortError`.
   */
  abort(
    reason: unknown = new DOMException("The agent was aborted", "AbortError"),
  ): void {
    this.#core.abort(reason);
  }

  /**
   * Closes the agent at the end of an `await using` block.
   *
   * @returns A promise that resolves when nothing is open.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
