// Drives a call by hand, without I/O: each method answers the last step.

import {
  HttpCall,
  type HttpCallExchange,
  type HttpCallInput,
  type HttpCallOptions,
  type HttpCallStep,
  type HttpCredential,
} from "@pimalaya/io-http/agent";
import {
  HttpError,
  type HttpErrorCode,
  HttpHeaders,
  type HttpHeadersInit,
  type HttpProgress,
  HttpRequest,
  HttpResponse,
  Secret,
} from "@pimalaya/io-http";
import { HttpCookieJar } from "@pimalaya/io-http/cookies";
import { type Script, testScripts } from "../_scripts.ts";

/** How far the exchange came that failed. */
const PROGRESS: Record<string, HttpProgress | null> = {
  unknown: null,
  idle: progress("idle", true, 0, 0), // the connection ended while it was idle
  used: progress("head", true, 40, 0), // a used one ended without a response
  new: progress("head", false, 40, 0), // a new one did
  head: progress("head", true, 40, 9), // it ended within the head
  connect: progress("connect", false, 0, 0),
};

function progress(
  phase: HttpProgress["phase"],
  reused: boolean,
  requestBytes: number,
  responseBytes: number,
): HttpProgress {
  return { phase, reused, requestBytes, responseBytes };
}

/** A call, and its last step. */
export class Driven {
  readonly #call: HttpCall;
  step: HttpCallStep;
  now = 0;

  constructor(request: HttpRequest | string, options?: HttpCallOptions) {
    this.#call = new HttpCall(
      typeof request === "string" ? HttpRequest.get(request) : request,
      options,
    );
    this.step = this.#call.resume();
  }

  is(type: HttpCallStep["type"]): boolean {
    return this.step.type === type;
  }

  /** The request that the call wants to send. */
  get exchange(): HttpCallExchange {
    if (this.step.type === "WantsExchange") return this.step;
    throw new Error(`There is no request but ${show(this.step)}`);
  }

  /** A field of the request that it wants to send. */
  sent(name: string): string | null {
    return this.exchange.request.headers.get(name);
  }

  resume(input: HttpCallInput): this {
    this.step = this.#call.resume(input);
    return this;
  }

  respond(
    status: number,
    headers: HttpHeadersInit = {},
    more: { reused?: boolean; bodyUsed?: boolean } = {},
  ): this {
    const response = new HttpResponse({
      status,
      headers: new HttpHeaders(headers),
    });
    const { reused = false, ...rest } = more;
    return this.resume({
      type: "Response",
      response,
      reused,
      now: this.now,
      ...rest,
    });
  }

  fail(code: string, came: string, bodyUsed = true): this {
    const [name, timeout] = code.split(".");
    const error = new HttpError(name as HttpErrorCode, "Failed", {
      progress: PROGRESS[came],
      timeout: (timeout ?? null) as HttpError["timeout"],
    });
    return this.resume({ type: "Failed", error, bodyUsed, now: this.now });
  }

  credentials(credentials: HttpCredential | null): this {
    return this.resume({ type: "Credentials", credentials, now: this.now });
  }

  /** Lets the timer run out. */
  elapse(): this {
    if (this.step.type === "WantsTimer") this.now += this.step.milliseconds;
    return this.resume({ type: "Elapsed", now: this.now });
  }
}

/** Shows a step in one line. */
export function show(step: HttpCallStep): string {
  switch (step.type) {
    case "WantsExchange": {
      const { method, url } = step.request;
      const path = url.host === "a.test" ? url.pathname : url.href;
      const marks = (step.withBody ? "" : " without body") +
        (step.fresh ? " fresh" : "");
      return `${method} ${path}${marks}` + showLogins(step.request.headers);
    }
    case "WantsTimer":
      return `wait ${step.milliseconds}`;
    case "WantsCredentials":
      return `ask ${step.ask.attempt}`;
    case "Ok":
      return `${step.response.status} after ${step.attempts}`;
    case "Err":
      return step.error.code;
  }
}

/** Shows credentials; those of Digest as `Digest ALGORITHM NONCE.COUNT`. */
function showLogins(headers: HttpHeaders): string {
  const login = headers.get("authorization");
  const proxys = headers.get("proxy-authorization");
  return (login === null ? "" : ` as ${shorten(login)}`) +
    (proxys === null ? "" : `, to the proxy as ${shorten(proxys)}`);
}

function shorten(value: string): string {
  const [, nonce, count] = /nonce="(\w*)", nc=0*(\d+)/.exec(value) ?? [];
  if (nonce === undefined) return value;
  const [algorithm = ""] = /(?<=algorithm=)[^,]*/.exec(value) ?? [];
  return `Digest ${algorithm} ${nonce}.${count}`.replace("  ", " ");
}

const URL_HTTP = "http://a.test/";

/** Creates headers; a value like `secret X` is a `Secret`. */
function headersOf(fields: object = {}): HttpHeaders {
  const pairs = Object.entries(fields).map(([name, value]) => {
    const secret = /^secret (.*)/.exec(value)?.[1];
    return [name, secret === undefined ? value : new Secret(secret)] as const;
  });
  return new HttpHeaders(pairs);
}

/** Plays scripts against calls of GET, or of the method that a name starts with. */
export function testCalls(
  scripts: readonly Script[],
  words: Readonly<Record<string, HttpCallOptions>>,
): void {
  testScripts(scripts, {
    subject: "A call",
    words,
    start(options, { name, request = {}, cookies }) {
      const method = /^(GET|POST) /.exec(name)?.[1] ?? "GET";
      const url = request.url ??
        (options.httpsOnly ? "https://a.test/" : URL_HTTP);
      const headers = headersOf(request.headers);
      const jar = new HttpCookieJar();
      jar.store(new URL(URL_HTTP), cookies ?? [], 0);
      const driven = new Driven(new HttpRequest(method, url, { headers }), {
        ...options,
        ...(options.headers && { headers: headersOf(options.headers) }),
        ...(cookies && { cookies: jar }),
      });
      return (event) => {
        const [verb, place] = event.split(" ");
        return verb === "jar"
          ? jar.header(new URL(place!), 0) ?? "nothing"
          : playEvent(driven, event);
      };
    },
  });
}

/**
 * Plays one event of a script, and shows its outcome: `elapse`, `fail CODE CAME`, or
 * `STATUS FIELD: VALUE | ...`, which came on a used connection if `used` stands
 * before it. `fields`, `sent FIELD`, and `route` show the request to send.
 */
export function playEvent(driven: Driven, event: string): string {
  const [word, ...rest] = event.split(" ") as [string, ...string[]];
  if (word === "fields") {
    const { headers } = driven.exchange.request;
    return [...headers].map((pair) => pair.join("=")).join(", ");
  }
  if (word === "sent") return driven.sent(rest[0]!) ?? "nothing";
  if (word === "route") {
    const { proxy, target } = driven.exchange;
    return `${proxy?.href ?? "none"}, ${target ?? "default"}`;
  }
  if (word === "elapse") driven.elapse();
  else if (word === "fail") driven.fail(rest[0]!, rest[1]!, !rest[2]);
  else if (word === "used") answer(driven, rest, true);
  else answer(driven, [word, ...rest], false);
  return show(driven.step);
}

function answer(
  driven: Driven,
  [status, ...fields]: readonly string[],
  reused: boolean,
): void {
  const headers = fields.join(" ").split(" | ").filter(Boolean)
    .map((field) => field.split(": ", 2) as [string, string]);
  driven.respond(Number(status), headers, { reused });
}
