/**
 * The steps of a call, and what decides about the next one.
 *
 * @module
 */

// What a call says next, given what happened:
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
import type { CallRules } from "./call_options.ts";
import type { HttpCredential, HttpCredentialsAsk } from "./credentials.ts";
import { firstHop, type Hop } from "./hop.ts";
import { openMemory } from "./memory.ts";
import { follows, type HttpHop } from "./redirects.ts";
import { type Outcome, type Resendable, Resends } from "./retry.ts";

/** What happened to the last step of a call. */
export type HttpCallInput =
  | {
    /** The head of a response arrived. */
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
    /** The credentials were looked for. */
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
  /** How many redirects were followed so far. */
  readonly hop: number;
  /** Which request of the call this is, from 1 on. */
  readonly attempt: number;
  /** The proxy to send it through, or `null`. */
  readonly proxy: URL | null;
  /** The form of its target; `undefined` for the usual one. */
  readonly target: HttpSendOptions["target"];
  /** Whether only a connection that has carried no exchange will do. */
  readonly fresh: boolean;
  /** Whether it could be sent again if a used connection turns out dead. */
  readonly resendable: boolean;
  /** Whether the body of the call goes along, also if it is a stream. */
  readonly withBody: boolean;
}

/** What a call needs next, or how it ended. */
export type HttpCallStep =
  | HttpCallExchange
  | {
    /** Wait, then pass `Elapsed`. */
    readonly type: "WantsTimer";
    /** How long to wait. */
    readonly milliseconds: number;
  }
  | {
    /** Look for credentials, then pass `Credentials`. */
    readonly type: "WantsCredentials";
    /** Who asks for them. */
    readonly ask: HttpCredentialsAsk;
  }
  | {
    /** The call has its response, whatever the status code. */
    readonly type: "Ok";
    /** The last response. */
    readonly response: HttpResponse;
    /** The redirects that were followed. */
    readonly hops: HttpHop[];
    /** How many requests were sent. */
    readonly attempts: number;
  }
  | {
    /** The call failed. */
    readonly type: "Err";
    /** Why. */
    readonly error: HttpError;
  };

type Input<Type extends HttpCallInput["type"]> = Extract<
  HttpCallInput,
  { type: Type }
>;
type Flow<Value> = Generator<HttpCallStep, Value, HttpCallInput>;

/** Runs one call. */
export function converse(
  request: HttpRequest,
  rules: CallRules,
): Flow<HttpCallStep> {
  return new Conversation(request, rules).run();
}

class Conversation {
  readonly #rules: CallRules;
  readonly #resends: Resends;
  readonly #hops: HttpHop[] = [];
  #hop: Hop;
  #attempts = 0;
  #fresh = false;
  #now: number;

  constructor(request: HttpRequest, rules: CallRules) {
    this.#rules = rules;
    this.#resends = new Resends(rules.retry, {
      idempotent: rules.idempotent,
      budget: openMemory(rules.memory).retryBudget,
      random: rules.random,
    });
    this.#hop = firstHop(request, rules);
    this.#now = rules.now;
    this.#resends.startRequest(request.url);
  }

  *run(): Flow<HttpCallStep> {
    for (;;) {
      const input = yield this.#exchange();
      this.#now = input.now;
      let end: HttpCallStep | null = null;
      if (input.type === "Failed") {
        end = yield* this.#afterFailure(input);
      } else if (input.type === "Response") {
        end = yield* this.#afterResponse(input);
      }
      if (end !== null) return end;
    }
  }

  #exchange(): HttpCallExchange {
    const fresh = this.#fresh;
    this.#fresh = false;
    return {
      type: "WantsExchange",
      request: this.#hop.prepare(this.#now),
      hop: this.#hops.length,
      attempt: this.#attempts + 1,
      proxy: this.#hop.proxy,
      target: this.#hop.target,
      fresh,
      resendable: this.#resends.isResendable(this.#resendable(true)),
      withBody: this.#hop.withBody,
    };
  }

  *#afterFailure(input: Input<"Failed">): Flow<HttpCallStep | null> {
    const { error, bodyUsed } = input;
    if (error.progress !== null && error.progress.requestBytes > 0) {
      this.#attempts++;
    }
    const again = yield* this.#resend({ type: "Failed", error }, bodyUsed);
    return again ? null : { type: "Err", error };
  }

  *#afterResponse(input: Input<"Response">): Flow<HttpCallStep | null> {
    const { response, bodyUsed = true } = input;
    this.#attempts++;
    this.#hop.receive(response, this.#now);
    if (yield* this.#authenticate(response, bodyUsed)) return null;
    if (yield* this.#resend(input, bodyUsed)) return null;
    if (this.#redirect(response, bodyUsed)) return null;
    return {
      type: "Ok",
      response,
      hops: this.#hops,
      attempts: this.#attempts,
    };
  }

  /**
   * Prepares to answer the challenges of a 401 or 407, if there are credentials.
   *
   * @throws {HttpError} If the proxy refuses the request.
   */
  *#authenticate(response: HttpResponse, bodyUsed: boolean): Flow<boolean> {
    const hop = this.#hop;
    const challenged = hop.challenged(response);
    if (challenged === null) return false;
    const { by, challenges } = challenged;
    if (by !== null && hop.canSendBody(bodyUsed)) {
      let reaction = by.challenged(challenges);
      if (reaction.type === "Ask") {
        const input = yield { type: "WantsCredentials", ask: reaction.ask };
        this.#now = input.now;
        reaction = by.accept((input as Input<"Credentials">).credentials);
      }
      if (reaction.type === "Resend") {
        this.#resends.startRequest(hop.request.url);
        return true;
      }
    }
    if (challenged.proxy === null) return false;
    throw new HttpError(
      "ProxyRefused",
      `The proxy ${quote(challenged.proxy.host)} asks for credentials (407)`,
      { response },
    );
  }

  /** Prepares to send the request again, if the rules allow it. */
  *#resend(outcome: Outcome, bodyUsed: boolean): Flow<boolean> {
    const resend = this.#resends.decide(this.#resendable(bodyUsed), outcome);
    if (resend === null) return false;
    this.#fresh = resend.fresh;
    if (resend.delay !== null) {
      const elapsed = yield { type: "WantsTimer", milliseconds: resend.delay };
      this.#now = elapsed.now;
    }
    return true;
  }

  /** The request, as far as it decides about sending it again. */
  #resendable(bodyUsed: boolean): Resendable {
    const { request } = this.#hop;
    return {
      method: request.method,
      url: request.url,
      hasIdempotencyKey: request.headers.has("idempotency-key"),
      replayable: this.#hop.canSendBody(bodyUsed),
    };
  }

  /** Prepares to follow a redirect, if there is one and the rules allow it. */
  #redirect(response: HttpResponse, bodyUsed: boolean): boolean {
    const { request } = this.#hop;
    const redirect = findRedirect(request, response);
    if (redirect === null) return false;
    const hop: HttpHop = {
      url: request.url,
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
