/**
 * What the calls of a client take and give.
 *
 * @module
 */

import type { HttpCoroutine } from "../coroutine.ts";
import type { HttpRedirect } from "../rfc9110/redirect.ts";
import type { HttpLimits } from "../rfc9112/limits.ts";
import type { HttpSendOptions, HttpSendOutput } from "../rfc9112/send.ts";

/** Options of a client: the limits of each of its calls. */
export type HttpClientOptions = Partial<HttpLimits>;

/** Options of one call. */
export interface HttpRunOptions {
  /**
   * Ends the call with the signal's reason, and closes the connection.
   *
   * @default {none}
   */
  signal?: AbortSignal | undefined;
}

/** Options of one buffered exchange. */
export interface HttpClientSendOptions
  extends HttpSendOptions, HttpRunOptions {}

/** What a buffered exchange gave. */
export interface HttpClientOutput extends HttpSendOutput {
  /** Where the response points, or `null` where it is no redirect. */
  redirect: HttpRedirect | null;
}

/** The steps of a coroutine that its driver does not deal with itself. */
export type HttpRunResult<
  C extends HttpCoroutine<{ readonly type: string }>,
> = Exclude<
  ReturnType<C["resume"]>,
  { type: "WantsRead" | "WantsWrite" | "Err" }
>;
