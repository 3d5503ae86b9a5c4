// One hop of a call: the request as it is before each attempt, and what is
// decided anew for each hop. What was withheld from another origin is not in the
// request, so it cannot come back on a later hop.

import { HttpHeaders } from "../rfc9110/headers.ts";
import { type HttpRedirect, redirectRequest } from "../rfc9110/redirect.ts";
import { HttpRequest } from "../rfc9110/request.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import type { HttpSendOptions } from "../rfc9112/send.ts";
import { joinCookies } from "./call_cookies.ts";
import type { CallRules } from "./call_options.ts";

/** Prepares the first hop: the caller's request and the default fields. */
export function firstHop(request: HttpRequest, rules: CallRules): Hop {
  return new Hop(withDefaults(request, rules.headers), {
    rules,
    withBody: true,
    target: rules.target,
  });
}

interface HopInit {
  readonly rules: CallRules;
  readonly withBody: boolean;
  readonly target: HttpSendOptions["target"];
}

/** A request, and what goes with it. */
export class Hop {
  /** Without cookies and credentials from elsewhere than the caller. */
  readonly request: HttpRequest;
  readonly proxy: URL | null;
  readonly target: HttpSendOptions["target"];
  /** Whether the body of the call goes along. */
  readonly withBody: boolean;
  readonly #rules: CallRules;

  constructor(request: HttpRequest, { rules, withBody, target }: HopInit) {
    this.request = request;
    this.proxy = rules.proxyOf(request.url);
    this.target = isForwarded(request.url, this.proxy) ? "absolute" : target;
    this.withBody = withBody;
    this.#rules = rules;
  }

  /** Whether the body, if it goes along, can be sent now. */
  canSendBody(bodyUsed: boolean): boolean {
    return !this.withBody || !bodyUsed || this.#rules.replayable;
  }

  /** Builds the request of one attempt. */
  prepare(now: number): HttpRequest {
    const { request } = this;
    const { acceptEncoding, cookies } = this.#rules;
    const headers = new HttpHeaders(request.headers);
    if (
      acceptEncoding !== null && !headers.has("accept-encoding") &&
      !headers.has("range")
    ) headers.append("Accept-Encoding", acceptEncoding);
    const jars = cookies?.header(request.url, now) ?? null;
    if (jars !== null) {
      headers.set("Cookie", joinCookies(headers.getAll("cookie"), jars));
    }
    return withHeaders(request, headers);
  }

  /** Takes what a response says beside its content. */
  receive(response: HttpResponse, now: number): void {
    this.#rules.cookies?.store(this.request.url, response.headers, now);
  }

  /** Prepares the hop that follows a redirect. */
  redirected(response: HttpResponse, redirect: HttpRedirect): Hop {
    const request = redirectRequest(this.request, {
      response,
      url: redirect.url,
    });
    const dropsBody = response.status === 303 ||
      request.method !== this.request.method;
    return new Hop(request, {
      rules: this.#rules,
      withBody: this.withBody && !dropsBody,
      target: undefined,
    });
  }
}

/** Whether a proxy forwards the request and sees it, rather than a tunnel. */
function isForwarded(url: URL, proxy: URL | null): boolean {
  return url.protocol === "http:" &&
    (proxy?.protocol === "http:" || proxy?.protocol === "https:");
}

function withDefaults(
  request: HttpRequest,
  defaults: HttpHeaders | null,
): HttpRequest {
  const headers = new HttpHeaders(request.headers);
  for (const [name, value] of defaults ?? []) {
    if (!request.headers.has(name)) headers.append(name, value);
  }
  return withHeaders(request, headers);
}

function withHeaders(request: HttpRequest, headers: HttpHeaders): HttpRequest {
  const { method, url, body } = request;
  return new HttpRequest(method, url, { headers, body });
}
