// Which redirects a call follows. `redirectRequest` builds the request that follows
// one.

import { HttpError } from "../error.ts";
import { checkLimit, checkType } from "../core/fault.ts";
import { invalid, quote } from "../core/quote.ts";
import type { HttpResponse } from "../rfc9110/response.ts";

/** A redirect that a call received. */
export interface HttpHop {
  /** The URL that was requested. */
  readonly url: URL;
  /** Where the response points. */
  readonly to: URL;
  /** The method of the request. */
  readonly method: string;
  /** The status code of the response. */
  readonly status: number;
  /** Whether both URLs have the same origin. */
  readonly sameOrigin: boolean;
}

/**
 * Whether to follow redirects, return them (`"manual"`), or fail with
 * `UnexpectedRedirect` (`"error"`).
 */
export type HttpRedirectMode = "follow" | "manual" | "error" | {
  /**
   * The number of redirects that one call follows before it fails with
   * `TooManyRedirects`. Browsers allow as many.
   *
   * @default {20}
   */
  max?: number | undefined;
  /**
   * Decides whether to follow a redirect. With `"stop"`, the call returns the
   * redirect. If the function throws, the call fails with that error.
   *
   * @default {follow}
   */
  decide?: ((hop: HttpHop) => "follow" | "stop") | undefined;
};

const MAX_REDIRECTS = 20;

/** {@linkcode HttpRedirectMode} with the defaults filled in. */
export interface RedirectRules {
  readonly mode: "follow" | "manual" | "error";
  readonly max: number;
  readonly decide: ((hop: HttpHop) => "follow" | "stop") | null;
  /** Whether to fail rather than to go to an http URL. */
  readonly httpsOnly: boolean;
}

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} If the mode is unknown.
 * @throws {RangeError} If `max` is not a non-negative integer.
 */
export function resolveRedirects(
  redirect: HttpRedirectMode | undefined,
  httpsOnly: boolean,
): RedirectRules {
  const mode = typeof redirect === "object" ? "follow" : redirect ?? "follow";
  if (mode !== "follow" && mode !== "manual" && mode !== "error") {
    throw invalid("redirect mode", quote(mode));
  }
  const options = typeof redirect === "object" ? redirect : {};
  const { max = MAX_REDIRECTS, decide = null } = options;
  checkLimit("redirect.max", max);
  checkType("redirect.decide", decide, "function");
  return { mode, max, decide, httpsOnly };
}

/**
 * Decides whether to follow a redirect or to return it.
 *
 * @param followed The number of redirects that the call has followed.
 * @param canFollow Whether the body, if the redirect needs it, can be sent again.
 * @throws {HttpError} If the rules forbid the redirect.
 */
export function follows(
  hop: HttpHop,
  response: HttpResponse,
  rules: RedirectRules,
  followed: number,
  canFollow: boolean,
): boolean {
  if (rules.mode === "manual") return false;
  const what = `the ${hop.status} of ${hop.url.origin} points to ` +
    quote(hop.to.origin);
  if (rules.mode === "error") {
    throw unexpected(`${what}, and the mode is "error"`, response);
  }
  if (!canFollow) return false;
  const decision = rules.decide === null ? "follow" : rules.decide(hop);
  if (decision === "stop") return false;
  if (decision !== "follow") {
    throw invalid(
      "decision on a redirect",
      `${quote(decision)} is neither "follow" nor "stop"`,
    );
  }
  if (rules.httpsOnly && hop.to.protocol !== "https:") {
    throw unexpected(`${what}, and httpsOnly is set`, response);
  }
  if (followed < rules.max) return true;
  throw new HttpError(
    "TooManyRedirects",
    `Cannot follow more than ${rules.max} redirects: ${what}`,
    { response },
  );
}

function unexpected(reason: string, response: HttpResponse): HttpError {
  const message = `Cannot follow a redirect: ${reason}`;
  return new HttpError("UnexpectedRedirect", message, { response });
}
