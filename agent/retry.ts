// Whether a request is sent again. These are all the rules:
//
// |   | event                                            | sent again           |
// |---|--------------------------------------------------|----------------------|
// | A | no byte of the request was written, although a   | always, with an      |
// |   | connection had been found; not after a timeout   | untouched or         |
// |   |                                                  | replayable body, at  |
// |   |                                                  | most 5 times in a row|
// | B | the request was written in part or whole on a    | once, on a fresh     |
// |   | used connection, which ended before any byte of  | connection, if it is |
// |   | a response; or a 408 with `close` on one         | idempotent and its   |
// |   |                                                  | body replayable      |
// | M | a 421 to a call of fetch (RFC 9110 §15.5.20,     | once, on a fresh     |
// |   | WHATWG Fetch §4.5)                               | connection, if its   |
// |   |                                                  | body is replayable   |
// | C | anything else                                    | never                |
//
// With `retry`, an idempotent request whose body is replayable is also sent
// again, after a delay, `attempts` times in one call and within the budget of
// its origin:
//
// | after                                           | the delay              |
// |-------------------------------------------------|------------------------|
// | a response with one of `statuses`               | `Retry-After` up to    |
// |                                                 | `maxRetryAfter` (above |
// |                                                 | it, no retry), or the  |
// |                                                 | backoff                |
// | a failure of kind A or B that was not sent      | the backoff            |
// | again above, on a fresh connection too          |                        |
// | `ConnectFailed`, or a timeout of `connect` or   | the backoff            |
// | `attempt` before the head of a response         |                        |

import { checkLimit, checkType } from "../core/fault.ts";
import { outOfRange } from "../core/quote.ts";
import type { HttpError } from "../error.ts";
import { listIncludes } from "../rfc9110/_syntax.ts";
import type { HttpRequest } from "../rfc9110/request.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import { type HttpCallMemory, openMemory } from "./memory.ts";
import { readRetryAfter } from "./response_fields.ts";

/** When and how often to retry. */
export interface HttpRetryOptions {
  /**
   * The number of attempts that one call may add. Two bridge the restart of a
   * server without multiplying the load on one that is down.
   *
   * @default {2}
   */
  attempts?: number | undefined;
  /**
   * The status codes after which to retry. The default ones say that the same
   * request may succeed later.
   *
   * @default {[408, 429, 502, 503, 504]}
   */
  statuses?: readonly number[] | undefined;
  /**
   * The methods to retry. The default ones are idempotent (RFC 9110 §9.2.2). A
   * request with an `Idempotency-Key`, or with `idempotent: true`, is retried
   * with any method.
   *
   * @default {GET, HEAD, OPTIONS, TRACE, PUT, DELETE, QUERY, PROPFIND, REPORT, and SEARCH}
   */
  methods?: readonly string[] | undefined;
  /**
   * The longest `Retry-After` to wait for, in milliseconds. A response that asks
   * for more is returned, because few callers want to wait longer.
   *
   * @default {60_000}
   */
  maxRetryAfter?: number | undefined;
  /**
   * The number of retries per request that an origin gets, which is at least 10
   * in total; 0 for none, and `null` for any number. All calls of an agent share
   * it, so that a server in trouble does not get a multiple of its load.
   *
   * @default {0.2}
   */
  budget?: number | null | undefined;
  /**
   * The delay before a retry, in milliseconds: a random part of `base`, which
   * doubles with each retry up to `max`; or a function of the number of retries
   * so far, starting at 0. A random delay keeps clients that failed together from
   * coming back together.
   *
   * @default {a `base` of 500, a `max` of 30_000}
   */
  backoff?: HttpBackoff | undefined;
}

/** {@linkcode HttpRetryOptions} with the defaults filled in. */
export interface RetryRules {
  readonly attempts: number;
  readonly statuses: readonly number[];
  readonly methods: readonly string[];
  readonly maxRetryAfter: number;
  readonly budget: number | null;
  readonly backoff: Backoff;
}

const IDEMPOTENT_METHODS: readonly string[] = [
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PUT",
  "DELETE",
  "QUERY",
  "PROPFIND",
  "REPORT",
  "SEARCH",
];

const STATUSES: readonly number[] = [408, 429, 502, 503, 504];

const MAX_UNSENT_IN_A_ROW = 5;

// The codes of a connection that ended, also while it was idle.
const ENDINGS: readonly string[] = [
  "NoResponse",
  "ConnectionLost",
  "UnexpectedBytes",
];

/**
 * Fills in the defaults; `null` means that only the rules A and B apply.
 *
 * @throws {RangeError} If a number is out of range.
 */
export function resolveRetry(
  retry: boolean | HttpRetryOptions | undefined,
): RetryRules | null {
  if (retry === undefined || retry === false) return null;
  const options = retry === true
    ? {}
    : checkType("retry", retry, "boolean", "object");
  const { attempts = 2, budget = 0.2 } = options;
  checkLimit("retry.attempts", attempts);
  if (budget !== null && !(budget >= 0)) {
    throw outOfRange("retry.budget", budget, "a non-negative number");
  }
  return {
    attempts,
    statuses: copyList("retry.statuses", options.statuses ?? STATUSES),
    methods: copyList("retry.methods", options.methods ?? IDEMPOTENT_METHODS),
    maxRetryAfter: checkDelay(
      "retry.maxRetryAfter",
      options.maxRetryAfter ?? 60_000,
    ),
    budget,
    backoff: resolveBackoff(options.backoff),
  };
}

/** @throws {TypeError} If it is no list: a text would be one of letters. */
function copyList<Item>(name: string, list: readonly Item[]): Item[] {
  return [...checkType(name, list, "object")];
}

/** The outcome of an attempt. */
export type Outcome =
  | { readonly type: "Failed"; readonly error: HttpError }
  | {
    readonly type: "Response";
    readonly response: HttpResponse;
    readonly reused: boolean;
    readonly now: number;
  };

/** How to send the request again. */
export interface Resend {
  /** Whether it needs a connection that has carried no exchange. */
  readonly fresh: boolean;
  /** The delay in milliseconds; `null` for none, without a timer. */
  readonly delay: number | null;
}

/** The facts of one call that decide. */
export interface ResendRules {
  readonly retry: RetryRules | null;
  /** The caller's own statement, which overrides the method. */
  readonly idempotent: boolean | undefined;
  /** Whether rule M applies. */
  readonly resendsMisdirected: boolean;
  readonly random: () => number;
  readonly memory: HttpCallMemory;
}

/** The requests that one call has resent so far. */
export class Resends {
  readonly #rules: ResendRules;
  #unsentInARow = 0;
  #usedRuleB = false;
  #usedRuleM = false;
  /** Whether the request needs a fresh connection now. */
  #fresh = false;
  #retries = 0;

  constructor(rules: ResendRules) {
    this.#rules = rules;
  }

  /** Starts another request: resets the counts of A, B, and M, and grows the budget. */
  startRequest(url: URL): void {
    this.#unsentInARow = 0;
    this.#usedRuleB = this.#usedRuleM = false;
    this.#fresh = false;
    const { retry, memory } = this.#rules;
    if (retry !== null) openMemory(memory).retryBudget.noteRequest(url.origin);
  }

  /**
   * Whether rule B would send a request again.
   *
   * @param replayable Whether its body can be sent again.
   */
  isResendable(request: HttpRequest, replayable: boolean): boolean {
    return replayable && this.#isIdempotent(request, IDEMPOTENT_METHODS);
  }

  /**
   * Decides whether to send a request again; `null` for no.
   *
   * @param replayable Whether its body can be sent again.
   */
  decide(
    request: HttpRequest,
    replayable: boolean,
    outcome: Outcome,
  ): Resend | null {
    const kind = classify(outcome);
    this.#unsentInARow = kind === "Unsent" ? this.#unsentInARow + 1 : 0;
    if (!replayable) return null;
    if (kind === "Unsent" && this.#unsentInARow <= MAX_UNSENT_IN_A_ROW) {
      return { fresh: this.#fresh, delay: null };
    }
    if (
      kind === "UnansweredWhenUsed" && !this.#usedRuleB &&
      this.#isIdempotent(request, IDEMPOTENT_METHODS)
    ) {
      this.#usedRuleB = this.#fresh = true;
      return { fresh: true, delay: null };
    }
    if (
      kind === "Misdirected" && !this.#usedRuleM &&
      this.#rules.resendsMisdirected
    ) {
      this.#usedRuleM = this.#fresh = true;
      return { fresh: true, delay: null };
    }
    return kind === "Final" ? null : this.#retry(request, outcome);
  }

  #retry(request: HttpRequest, outcome: Outcome): Resend | null {
    const { retry, memory } = this.#rules;
    if (retry === null || this.#retries >= retry.attempts) return null;
    if (!this.#isIdempotent(request, retry.methods)) return null;
    const delay = this.#delayAfter(outcome, retry);
    if (delay === null) return null;
    const { retryBudget } = openMemory(memory);
    if (!retryBudget.takeRetry(request.url.origin, retry.budget)) return null;
    this.#retries++;
    this.#fresh = outcome.type === "Failed";
    return { fresh: this.#fresh, delay };
  }

  /** The delay before a retry; `null` for no retry. */
  #delayAfter(outcome: Outcome, rules: RetryRules): number | null {
    if (outcome.type === "Response") {
      if (!rules.statuses.includes(outcome.response.status)) return null;
      const asked = readRetryAfter(outcome.response, outcome.now);
      if (asked !== null) return asked <= rules.maxRetryAfter ? asked : null;
    }
    return rules.backoff(this.#retries, this.#rules.random);
  }

  #isIdempotent(
    { method, headers }: HttpRequest,
    methods: readonly string[],
  ): boolean {
    return this.#rules.idempotent ??
      (methods.includes(method) || headers.has("idempotency-key"));
  }
}

type Kind =
  | "Unsent" // A
  | "UnansweredWhenUsed" // B
  | "Unanswered" // B, but on a fresh connection
  | "Unreachable"
  | "Misdirected" // M
  | "Answered"
  | "Final";

function classify(outcome: Outcome): Kind {
  if (outcome.type === "Response") {
    const { response, reused } = outcome;
    if (response.status === 421) return "Misdirected";
    return response.status === 408 && reused &&
        listIncludes(response.headers.get("connection") ?? "", "close")
      ? "UnansweredWhenUsed"
      : "Answered";
  }
  const { code, progress, timeout } = outcome.error;
  if (code === "ConnectFailed") return "Unreachable";
  if (code === "Timeout") {
    return timeout === "connect" || timeout === "attempt"
      ? "Unreachable"
      : "Final";
  }
  if (progress === null || !ENDINGS.includes(code)) return "Final";
  if (progress.requestBytes === 0) return "Unsent";
  if (progress.responseBytes > 0) return "Final";
  return progress.reused ? "UnansweredWhenUsed" : "Unanswered";
}

/**
 * The delay before a retry, in milliseconds: a random part of `base`, which doubles
 * with each retry up to `max`; or a function of the number of retries so far,
 * starting at 0, and of a source of random numbers.
 */
export type HttpBackoff =
  | { base?: number | undefined; max?: number | undefined }
  | ((attempt: number, random: () => number) => number);

/** A backoff with its defaults filled in. */
export type Backoff = (attempt: number, random: () => number) => number;

// Full jitter: clients that failed together must not come back together.
const BASE = 500;
const MAX = 30_000;

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} If a delay is not a non-negative number.
 */
function resolveBackoff(backoff: HttpBackoff | undefined): Backoff {
  if (typeof backoff === "function") {
    return (attempt, random) =>
      checkDelay("delay of the backoff", backoff(attempt, random));
  }
  checkType("retry.backoff", backoff, "function", "object");
  const base = checkDelay("backoff.base", backoff?.base ?? BASE);
  const max = checkDelay("backoff.max", backoff?.max ?? MAX);
  return (attempt, random) => random() * Math.min(max, base * 2 ** attempt);
}

/** @throws {RangeError} If a delay is not a non-negative number. */
function checkDelay(name: string, milliseconds: number): number {
  if (typeof milliseconds === "number" && milliseconds >= 0) {
    return milliseconds;
  }
  throw outOfRange(name, milliseconds, "a non-negative number");
}
