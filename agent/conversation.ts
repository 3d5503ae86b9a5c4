/**
 * The steps of a call, and the decision on the next one.
 *
 * @module
 */

// The next step of a call, by its input:
//
//   WantsExchange ── Failed ───> resend? ── yes ──> (WantsTimer) WantsExchange
//        │                          └────── no ───> Err
//        └── Response ─> cookies ─> challenge? ───> (WantsCredentials) WantsExchange
//                                   resend? ──────> (WantsTimer) WantsExchange
//                                   redirect? ────> WantsExchange, of a new hop
//                                   none ─────────> Ok

import { quote } from "../core/quote.ts";
import { HttpError } from "../error.ts";
import type { HttpRequest } from "../rfc9110/request.ts";
import { findRedirect } from "../rfc9110/redirect.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import type { HttpSendOptions } from "../rfc9112/send.ts";
import type { Authentication, Reaction } from "./authentication.ts";
import type { CallRules } from "./call_options.ts";
import type { HttpCredential, HttpCredentialsAsk } from "./credentials.ts";
import { type Challenged, firstHop, type Hop } from "./hop.ts";
import { follows, type HttpHop } from "./redirects.ts";
import { type Outcome, type Resend, Resends } from "./retry.ts";

/** The result of the last step of a call. */
export type HttpCallInput =
  | {
    /** The head of a response has arrived. */
    readonly type: "Response";
    /** The response; its head is enough. */
    readonly response: HttpResponse;
    /** Whether the connection had carried an earlier exchange. */
    readonly reused: boolean;
    /**
     * Whether any of a body that cannot be sent again was taken from its source.
     *
     * @default {true}
     */
    readonly bodyUsed?: boolean | undefined;
    /** The time, in milliseconds since 1970. */
    readonly now: number;
  }
  | {
    /** The exchange failed before the head of its response. */
    readonly type: "Failed";
    /** The failure; its code and progress decide. */
    readonly error: HttpError;
    /** Whether any of a body that cannot be sent again was taken from its source. */
    readonly bodyUsed: boolean;
    /** The time, in milliseconds since 1970. */
    readonly now: number;
  }
  | {
    /** The timer ran out. */
    readonly type: "Elapsed";
    /** The time, in milliseconds since 1970. */
    readonly now: number;
  }
  | {
    /** The search for credentials has ended. */
    readonly type: "Credentials";
    /** The credentials, or `null` if there are none. */
    readonly credentials: HttpCredential | null;
    /** The time, in milliseconds since 1970. */
    readonly now: number;
  };

/** A step of a call: send a request. */
export interface HttpCallExchange {
  /** Answer it with `Response` or `Failed`. */
  readonly type: "WantsExchange";
  /** The request, with default fields, cookies, and credentials. */
  readonly request: HttpRequest;
  /** The number of redirects followed so far. */
  readonly hop: number;
  /** The number of this request in the call, starting at 1. */
  readonly attempt: number;
  /** The proxy to send it through, or `null`. */
  readonly proxy: URL | null;
  /** The form of its target; `undefined` for the usual one. */
  readonly target: HttpSendOptions["target"];
  /** Whether it needs a connection that has carried no exchange. */
  readonly fresh: boolean;
  /** Whether it could be sent again if a used connection turns out to be dead. */
  readonly resendable: boolean;
  /** Whether the request has the body of the call, which may be a stream. */
  readonly withBody: boolean;
}

/** The next step of a call, or its end. */
export type HttpCallStep =
  | HttpCallExchange
  | {
    /** Wait, then pass `Elapsed`. */
    readonly type: "WantsTimer";
    /** The time to wait. */
    readonly milliseconds: number;
  }
  | {
    /** Look for credentials, then pass `Credentials`. */
    readonly type: "WantsCredentials";
    /** The challenges, and the peer that sent them. */
    readonly ask: HttpCredentialsAsk;
  }
  | {
    /** The call has its response, with any status code. */
    readonly type: "Ok";
    /** The last response. */
    readonly response: HttpResponse;
    /** The redirects that were followed. */
    readonly hops: HttpHop[];
    /** The number of requests sent. */
    readonly attempts: number;
  }
  | {
    /** The call failed. */
    readonly type: "Err";
    /** The failure. */
    readonly error: HttpError;
  };

type Input<Type extends HttpCallInput["type"]> = Extract<
  HttpCallInput,
  { type: Type }
>;

/** A challenge for which credentials were asked for. */
interface Asked {
  readonly by: Authentication;
  readonly challenged: Challenged;
  readonly input: Input<"Response">;
}

/**
 * The decisions of one call. Its driver must answer each step with an input that
 * fits; {@linkcode HttpCall} checks that.
 */
export class Conversation {
  readonly #rules: CallRules;
  readonly #resends: Resends;
  readonly #hops: HttpHop[] = [];
  #hop: Hop;
  #attempts = 0;
  #fresh = false;
  #asked: Asked | null = null;
  #now: number;

  /**
   * @param request The first request, to which default fields are added.
   * @throws {TypeError} If `httpsOnly` is set and the URL is http.
   */
  constructor(request: HttpRequest, rules: CallRules) {
    if (rules.redirects.httpsOnly && request.url.protocol !== "https:") {
      throw new TypeError(
        `Cannot request ${quote(request.url.origin)}: httpsOnly is set`,
      );
    }
    this.#rules = rules;
    this.#resends = new Resends(rules);
    this.#hop = firstHop(request, rules);
    this.#now = rules.now;
    this.#resends.startRequest(request.url);
  }

  /** Returns the first step. */
  start(): HttpCallExchange {
    return this.#exchange();
  }

  /**
   * Returns the step that follows.
   *
   * @throws {unknown} The error of one of the caller's functions.
   */
  resume(input: HttpCallInput): HttpCallStep {
    this.#now = input.now;
    try {
      return this.#react(input) ?? this.#exchange();
    } catch (error) {
      if (error instanceof HttpError) return { type: "Err", error };
      throw error;
    }
  }

  #exchange(): HttpCallExchange {
    const fresh = this.#fresh;
    const hop = this.#hop;
    this.#fresh = false;
    return {
      type: "WantsExchange",
      request: hop.prepare(this.#now),
      hop: this.#hops.length,
      attempt: this.#attempts + 1,
      proxy: hop.proxy,
      target: hop.target,
      fresh,
      resendable: this.#resends.isResendable(
        hop.request,
        hop.canSendBody(true),
      ),
      withBody: hop.withBody,
    };
  }

  // The following methods return the next step, or `null` to send a request.

  #react(input: HttpCallInput): HttpCallStep | null {
    switch (input.type) {
      case "Response":
        return this.#afterResponse(input);
      case "Failed":
        return this.#afterFailure(input);
      case "Credentials": {
        const { by, challenged, input: challenge } = this.#asked!;
        const reaction = by.accept(input.credentials);
        return this.#answer(reaction, challenged, challenge);
      }
      case "Elapsed":
        return null;
    }
  }

  #afterFailure({ error, bodyUsed }: Input<"Failed">): HttpCallStep | null {
    if (error.progress !== null && error.progress.requestBytes > 0) {
      this.#attempts++;
    }
    const resend = this.#decide({ type: "Failed", error }, bodyUsed);
    return resend === null ? { type: "Err", error } : this.#resend(resend);
  }

  #afterResponse(input: Input<"Response">): HttpCallStep | null {
    const { response, bodyUsed = true } = input;
    const hop = this.#hop;
    this.#attempts++;
    hop.receive(response, this.#now);
    const challenged = hop.challenged(response);
    if (challenged === null) return this.#settle(input);
    const { by, challenges } = challenged;
    if (by === null || !hop.canSendBody(bodyUsed)) {
      return this.#refuse(challenged, input);
    }
    const reaction = by.challenged(challenges);
    if (reaction.type !== "Ask") {
      return this.#answer(reaction, challenged, input);
    }
    this.#asked = { by, challenged, input };
    return { type: "WantsCredentials", ask: reaction.ask };
  }

  /** Answers a challenge if there are credentials for it. */
  #answer(
    reaction: Reaction,
    challenged: Challenged,
    input: Input<"Response">,
  ): HttpCallStep | null {
    if (reaction.type !== "Resend") return this.#refuse(challenged, input);
    this.#resends.startRequest(this.#hop.request.url);
    return null;
  }

  /**
   * Continues after a 401 or 407 without credentials.
   *
   * @throws {HttpError} If the proxy refuses the request.
   */
  #refuse(
    { proxy }: Challenged,
    input: Input<"Response">,
  ): HttpCallStep | null {
    if (proxy === null) return this.#settle(input);
    throw new HttpError(
      "ProxyRefused",
      `The proxy ${quote(proxy.host)} asks for credentials (407)`,
      { response: input.response },
    );
  }

  /** Sends again, follows a redirect, or ends with the response. */
  #settle(input: Input<"Response">): HttpCallStep | null {
    const { response, bodyUsed = true } = input;
    const resend = this.#decide(input, bodyUsed);
    if (resend !== null) return this.#resend(resend);
    if (this.#redirect(response, bodyUsed)) return null;
    const hops = this.#hops;
    return { type: "Ok", response, hops, attempts: this.#attempts };
  }

  #decide(outcome: Outcome, bodyUsed: boolean): Resend | null {
    const hop = this.#hop;
    return this.#resends.decide(
      hop.request,
      hop.canSendBody(bodyUsed),
      outcome,
    );
  }

  #resend({ fresh, delay }: Resend): HttpCallStep | null {
    this.#fresh = fresh;
    return delay === null ? null : { type: "WantsTimer", milliseconds: delay };
  }

  /** Prepares to follow a redirect, if there is one and the rules allow it. */
  #redirect(response: HttpResponse, bodyUsed: boolean): boolean {
    const { request } = this.#hop;
    const redirect = findRedirect(request, response);
    if (redirect === null) return false;
    const hop: HttpHop = {
      url: new URL(request.url),
      to: redirect.url,
      method: request.method,
      status: response.status,
      sameOrigin: redirect.sameOrigin,
    };
    const next = this.#hop.redirected(response, redirect);
    const canSend = next.canSendBody(bodyUsed);
    if (
      !follows(hop, response, this.#rules.redirects, this.#hops.length, canSend)
    ) return false;
    this.#hops.push(hop);
    this.#hop = next;
    this.#resends.startRequest(next.request.url);
    return true;
  }
}
