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
} from "@pimalaya/io-http";
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

/** A call, and where it stands. */
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

  /** What the call wants to send. */
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

/** Plays scripts against calls of GET, or of the method that a name starts with. */
export function testCalls(
  scripts: readonly Script[],
  words: Readonly<Record<string, HttpCallOptions>>,
): void {
  testScripts(scripts, {
    subject: "A call",
    words,
    start(options, { name }) {
      const method = /^(GET|POST) /.exec(name)?.[1] ?? "GET";
      const url = options.httpsOnly ? "https://a.test/" : "http://a.test/";
      const driven = new Driven(new HttpRequest(method, url), options);
      return (event) => {
        playEvent(driven, event);
        return show(driven.step);
      };
    },
  });
}

/**
 * Plays one event of a script: `elapse`, `fail CODE CAME`, or `STATUS FIELD: VALUE |
 * ...`, which came on a used connection if `used` stands before it.
 */
export function playEvent(driven: Driven, event: string): void {
  const [word, ...rest] = event.split(" ") as [string, ...string[]];
  if (word === "elapse") driven.elapse();
  else if (word === "fail") driven.fail(rest[0]!, rest[1]!, !rest[2]);
  else if (word === "used") answer(driven, rest, true);
  else answer(driven, [word, ...rest], false);
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
