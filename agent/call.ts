/**
 * One call as a conversation over whole exchanges: redirects, resending,
 * credentials, and cookies, without I/O.
 *
 * @module
 */

import type { HttpError } from "../error.ts";
import type { HttpHeaders, HttpHeadersInit } from "../rfc9110/headers.ts";
import type { HttpRequest } from "../rfc9110/request.ts";
import type { HttpResponse } from "../rfc9110/response.ts";
import type {
  HttpCredential,
  HttpCredentials,
  HttpCredentialsAsk,
} from "./credentials.ts";

/** A redirect that a call came to. */
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

/** What to do with redirects. */
export type HttpRedirectMode = "follow" | "manual" | "error" | {
  /**
   * How many redirects one call follows.
   *
   * @default {20}
   */
  max?: number | undefined;
  /**
   * Decides whether to follow one.
   *
   * @default {follows each}
   */
  decide?: ((hop: HttpHop) => "follow" | "stop") | undefined;
};

/** When and how often to retry. */
export interface HttpRetryOptions {
  /**
   * How many attempts one call may add.
   *
   * @default {2}
   */
  attempts?: number | undefined;
  /**
   * The status codes after which to retry.
   *
   * @default {[408, 429, 502, 503, 504]}
   */
  statuses?: readonly number[] | undefined;
  /**
   * The methods to retry.
   *
   * @default {the idempotent ones}
   */
  methods?: readonly string[] | undefined;
  /**
   * The longest `Retry-After` to wait for, in milliseconds; a response that asks
   * for more is returned.
   *
   * @default {60_000}
   */
  maxRetryAfter?: number | undefined;
  /**
   * How many retries an origin gets per request, as a fraction, beyond the first
   * 10; `null` for any number.
   *
   * @default {0.2}
   */
  budget?: number | null | undefined;
  /**
   * How long to wait before a retry, in milliseconds: a random part of `base`,
   * doubled with each retry up to `max`; or a function of the number of retries
   * so far.
   *
   * @default {{ base: 500, max: 30_000 }}
   */
  backoff?:
    | { base?: number | undefined; max?: number | undefined }
    | ((attempt: number, random: () => number) => number)
    | undefined;
}

/** The part of a cookie jar that a call uses. */
export interface HttpCallCookies {
  /** Takes the cookies that a response sets. */
  store(url: URL, headers: HttpHeaders, now: number): unknown;
  /** Returns the `Cookie` field of a request, or `null`. */
  header(url: URL, now: number): string | null;
}

/** Options of a call. */
export interface HttpCallOptions {
  /**
   * What to do with redirects.
   *
   * @default {"follow"}
   */
  redirect?: HttpRedirectMode | undefined;
  /**
   * Whether, and how, to retry beyond what is always safe.
   *
   * @default {false}
   */
  retry?: boolean | HttpRetryOptions | undefined;
  /**
   * Whether to ask for credentials. The call itself does not run the function:
   * its steps do the asking.
   *
   * @default {null}
   */
  credentials?: HttpCredentials | null | undefined;
  /**
   * The jar that cookies come from and go to.
   *
   * @default {null}
   */
  cookies?: HttpCallCookies | null | undefined;
  /**
   * The proxy of each URL, to tell who a 407 comes from.
   *
   * @default {null}
   */
  proxy?: { match(url: URL): URL | null } | null | undefined;
  /**
   * Fields to add if the request has none of that name.
   *
   * @default {none}
   */
  headers?: HttpHeadersInit | undefined;
  /**
   * The `Accept-Encoding` of a request that has neither its own nor a `Range`.
   *
   * @default {null}
   */
  acceptEncoding?: string | null | undefined;
  /**
   * Whether to refuse http URLs.
   *
   * @default {false}
   */
  httpsOnly?: boolean | undefined;
  /**
   * Whether the request may be sent twice; `undefined` to decide by its method
   * and `Idempotency-Key`.
   *
   * @default {undefined}
   */
  idempotent?: boolean | undefined;
  /**
   * Whether the body can be sent again.
   *
   * @default {true}
   */
  replayable?: boolean | undefined;
  /**
   * Returns numbers from 0 up to 1, for delays and nonces.
   *
   * @default {always 0.5}
   */
  random?: (() => number) | undefined;
}

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
     * Whether any of the body was taken from its source.
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
    /** The failure; its progress decides. */
    readonly error: HttpError;
    /** Whether any of the body was taken from its source. */
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
    /** The credentials that were asked for. */
    readonly type: "Credentials";
    /** The credentials, or `null` if there are none. */
    readonly credentials: HttpCredential | null;
    /** The time, in milliseconds since 1970. */
    readonly now: number;
  };

/** What a call needs next, or how it ended. */
export type HttpCallStep =
  | {
    /** Send a request and pass the head of its response, or the failure. */
    readonly type: "WantsExchange";
    /** The request, with cookies and credentials. */
    readonly request: HttpRequest;
    /** How many redirects were followed. */
    readonly hop: number;
    /** Which request of the call this is, from 1 on. */
    readonly attempt: number;
    /** The proxy to send it through. */
    readonly proxy: URL | null;
    /** Whether only a connection that carried no exchange will do. */
    readonly fresh: boolean;
    /** Whether the call's body, if it is a stream, goes with the request. */
    readonly withBody: boolean;
  }
  | {
    /** Wait, then pass `Elapsed`. */
    readonly type: "WantsTimer";
    /** How long. */
    readonly milliseconds: number;
  }
  | {
    /** Find credentials and pass them. */
    readonly type: "WantsCredentials";
    /** Who asks for them. */
    readonly ask: HttpCredentialsAsk;
  }
  | {
    /** The call has its response. */
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
