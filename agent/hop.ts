// One hop of a call: the request as it is before each attempt, and the decisions that
// are made for each hop.
//
// Fields that were withheld from another origin are not in the request, so they cannot
// come back on a later hop. Neither is the userinfo of the URL.

import type { HttpChallenge } from "../rfc9110/challenge.ts";
import { appendFields, HttpHeaders } from "../rfc9110/headers.ts";
import { type HttpRedirect, redirectRequest } from "../rfc9110/redirect.ts";
import { bodyLength, HttpRequest } from "../rfc9110/request.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import { requestTarget } from "../rfc9112/encode.ts";
import type { HttpSendOptions } from "../rfc9112/send.ts";
import {
  authenticateOrigin,
  authenticateProxy,
  type Authentication,
  takeUserinfo,
} from "./authentication.ts";
import type { CallRules } from "./call_options.ts";
import type { HttpPassword } from "./credentials.ts";

/**
 * Prepares the first hop: adds default fields to the request, and removes the userinfo
 * from its URL. Later hops keep both.
 */
export function firstHop(request: HttpRequest, rules: CallRules): Hop {
  const { url, headers } = request;
  const { headers: defaults, acceptEncoding } = rules;
  if (defaults !== null) {
    const own = new HttpHeaders(headers);
    appendFields(headers, defaults, (name) => !own.has(name));
  }
  if (
    acceptEncoding !== null && !headers.has("accept-encoding") &&
    !headers.has("range")
  ) appendFields(headers, acceptEncoding, () => true);
  // Its members are slower to get, and hardly any URL has them.
  const userinfo = url.href.includes("@") ? takeUserinfo(url) : null;
  return new Hop(request, userinfo, true, rules.target, rules);
}

/** The peer that asks for credentials. */
export interface Challenged {
  readonly challenges: readonly HttpChallenge[];
  /** Answers the challenges, or `null` if nothing can. */
  readonly by: Authentication | null;
  /** The proxy, or `null` if the origin asks. */
  readonly proxy: URL | null;
}

/** A request, and the policies for it. */
export class Hop {
  /** The request, with only the cookies and credentials that the caller wrote. */
  readonly request: HttpRequest;
  readonly proxy: URL | null;
  readonly target: HttpSendOptions["target"];
  /** Whether the request has the body of the call. */
  readonly withBody: boolean;
  readonly #rules: CallRules;
  readonly #userinfo: HttpPassword | null;
  /** The proxy, if it reads the request and does not open a tunnel. */
  readonly #forwarder: URL | null;
  readonly #byOrigin: Authentication | null;
  readonly #byProxy: Authentication | null;

  constructor(
    request: HttpRequest,
    userinfo: HttpPassword | null,
    withBody: boolean,
    target: HttpSendOptions["target"],
    rules: CallRules,
  ) {
    const { url, headers } = request;
    this.request = request;
    this.withBody = withBody;
    this.#rules = rules;
    this.#userinfo = userinfo;
    this.proxy = rules.proxyOf(url);
    this.#forwarder = forwarderOf(url, this.proxy);
    this.target = this.#forwarder === null ? target : target ?? "absolute";
    // The caller's own field takes precedence.
    const byOrigin = authenticateOrigin(url, userinfo, rules);
    this.#byOrigin = byOrigin !== null && headers.has("authorization")
      ? null
      : byOrigin;
    this.#byProxy =
      this.#forwarder === null || headers.has("proxy-authorization")
        ? null
        : authenticateProxy(this.#forwarder, rules);
  }

  /** Whether the body, if the request has it, can be sent now. */
  canSendBody(bodyUsed: boolean): boolean {
    return !this.withBody || !bodyUsed || this.#rules.replayable;
  }

  /** Builds the request of one attempt. */
  prepare(now: number): HttpRequest {
    const { request } = this;
    if (!this.#hasExtras) return request;
    const more = this.#extraFields(now);
    if (more.length === 0) return request;
    const headers = new HttpHeaders(request.headers);
    for (const [name, value] of more) headers.set(name, value);
    return copyRequest(request, headers);
  }

  /** Whether an attempt may carry more than its hop says. */
  get #hasExtras(): boolean {
    return this.#rules.cookies !== null || this.#byOrigin !== null ||
      this.#byProxy !== null;
  }

  /** Returns the fields that the policies add to each attempt. */
  #extraFields(now: number): [name: string, value: string][] {
    const { url, headers } = this.request;
    const { cookies } = this.#rules;
    const fields: [name: string, value: string][] = [];
    // Copies of the URL: a jar of the caller's may change it.
    const jars = cookies?.header(new URL(url), now) ?? null;
    if (jars !== null) {
      fields.push(["Cookie", joinCookies(headers.getAll("cookie"), jars)]);
    }
    const toOrigin = this.#authorize(this.#byOrigin);
    if (toOrigin !== null) fields.push(["Authorization", toOrigin]);
    const toProxy = this.#authorize(this.#byProxy);
    if (toProxy !== null) fields.push(["Proxy-Authorization", toProxy]);
    return fields;
  }

  #authorize(authentication: Authentication | null): string | null {
    if (authentication === null) return null;
    const { method, url } = this.request;
    const { streamed, bodyBytes } = this.#rules;
    const body = this.withBody && streamed ? bodyBytes?.() : this.request.body;
    const target = requestTarget(method, url, this.target);
    return authentication.authorize({ method, target, body });
  }

  /**
   * Reads the cookies and the authentication info of a response.
   *
   * @throws {HttpError} If an answer to a digest is wrong.
   */
  receive(response: HttpResponse, now: number): void {
    const { headers, status } = response;
    if (this.#forwarder !== null && status === 407) return;
    this.#rules.cookies?.store(new URL(this.request.url), headers, now);
    this.#byProxy?.learn(headers.get("proxy-authentication-info"));
    if (status === 401) return;
    this.#byOrigin?.learn(headers.get("authentication-info"));
  }

  /** Returns the peer that asks for credentials, or `null` if none may. */
  challenged(response: HttpResponse): Challenged | null {
    if (response.status === 401) {
      const challenges = response.challenges("www-authenticate");
      return { challenges, by: this.#byOrigin, proxy: null };
    }
    // Only a proxy that forwards requests may send a 407.
    if (response.status !== 407 || this.#forwarder === null) return null;
    const challenges = response.challenges("proxy-authenticate");
    return { challenges, by: this.#byProxy, proxy: this.#forwarder };
  }

  /** Prepares the hop that follows a redirect. */
  redirected(response: HttpResponse, redirect: HttpRedirect): Hop {
    const { request } = this;
    const next = redirectRequest(request, { response, url: redirect.url });
    const dropsBody = response.status === 303 || next.method !== request.method;
    return new Hop(
      next,
      redirect.sameOrigin ? this.#userinfo : null,
      this.withBody && !dropsBody,
      undefined,
      this.#rules,
    );
  }
}

/** The proxy of a URL, if it reads the requests and does not open a tunnel. */
function forwarderOf(url: URL, proxy: URL | null): URL | null {
  return (proxy?.protocol === "http:" || proxy?.protocol === "https:") &&
      url.protocol === "http:"
    ? proxy
    : null;
}

/** Copies a request, with the same headers or others. */
export function copyRequest(
  request: HttpRequest,
  headers: HttpHeaders = request.headers,
): HttpRequest {
  // An empty body takes as long to create as a short URL.
  const body = bodyLength(request) > 0 ? request.body : undefined;
  const { method, url } = request;
  return new HttpRequest(method, url, { headers, body });
}

/** Joins cookies; of two with one name, the caller's counts. */
function joinCookies(own: readonly string[], jars: string): string {
  const given = own.filter((value) => value !== "");
  const pairs = given.join(";").split(";").filter((pair) => pair.trim() !== "");
  const ownNames = new Set(pairs.map(nameOf));
  const others = jars.split("; ").filter((pair) => !ownNames.has(nameOf(pair)));
  return [...given, ...others].join("; ");
}

/** A cookie without "=" is all value. */
function nameOf(pair: string): string {
  const end = pair.indexOf("=");
  return (end < 0 ? "" : pair.slice(0, end)).trim();
}
