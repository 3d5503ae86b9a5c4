// `fetch` over the calls of an agent (WHATWG Fetch).
//
//   arguments ─┬─> data: ────────────────────────────────────> Response
//              ├─> http:, https: ──> a call ──> integrity? ──> Response
//              └─> blob: ──> the runtime's own fetch ────────> Response
//
// Every failure, of the arguments, the network, or the response, is a TypeError. An
// abort rejects with the signal's reason.

import { nothingSent } from "../../client/transport/open_failure.ts";
import { quote } from "../../core/quote.ts";
import { HttpError, type HttpProgress } from "../../error.ts";
import { dropUserinfo, parseUrl, tryParseUrl } from "../../rfc9110/_url.ts";
import { HttpHeaders } from "../../rfc9110/headers.ts";
import {
  type HttpRedirect,
  REDIRECT_STATUSES,
} from "../../rfc9110/redirect.ts";
import { HttpRequest } from "../../rfc9110/request.ts";
import { type HttpResponse, isNullBodyStatus } from "../../rfc9110/response.ts";
import type { HttpCredentials } from "../credentials.ts";
import type { HttpHop, HttpRedirectMode } from "../redirects.ts";
import { loadOnce } from "../load_once.ts";
import type { FetchContent } from "./body.ts";
import { readDataUrl } from "./data_url.ts";
import { matchesIntegrity } from "./integrity.ts";
import {
  type FetchInput,
  type FetchRequest,
  NO_INIT,
  readArguments,
} from "./request.ts";
import type { FetchResponse, HandOut } from "./response.ts";
import { VERSION } from "./version.ts";

/** The calls of an agent, as fetch makes them. */
export interface FetchHost {
  /** The agent's option. */
  readonly redirect: HttpRedirectMode;
  /** Whether the agent adds or withholds `Accept-Encoding`. */
  readonly decidesCodings: boolean;
  /** Finds the credentials of a call that omits its own: those for its proxy. */
  readonly proxyCredentials: HttpCredentials | null;
  /** Starts a call. */
  call(request: HttpRequest, options: FetchCallOptions): Promise<FetchCall>;
}

/** The options of a call. */
export interface FetchCallOptions {
  readonly body?: Exclude<FetchContent, Uint8Array>;
  readonly signal?: AbortSignal;
  /** `undefined` for the agent's, with {@linkcode checkingPorts}. */
  readonly redirect?: HttpRedirectMode;
  readonly cookies?: null;
  readonly credentials?: HttpCredentials | null;
}

/** A call that has received the head of its response. */
export interface FetchCall {
  /** The head as it was received. */
  readonly head: HttpResponse;
  readonly url: URL;
  readonly hops: readonly HttpHop[];
  /** The redirect's target, if it was not followed. */
  readonly redirect: HttpRedirect | null;
  readonly upgraded: boolean;
  /** Returns how far its exchange has come. */
  progress(): HttpProgress;
  /**
   * The body without its codings, as bytes if it has arrived whole. Its errors are
   * those of the call.
   */
  readonly body: FetchedBody;
  /** Drops the body. */
  discard(): void | Promise<void>;
  /** Registers a stream that the body is read through. */
  handOut(...args: Parameters<HandOut>): void;
}

/** The body of a response. */
export type FetchedBody = string | Uint8Array<ArrayBuffer> | BodyStream;

type BodyStream = ReadableStream<Uint8Array<ArrayBuffer>>;

type Fetch = (input: FetchInput, init?: RequestInit) => Promise<Response>;

// Kept from when this module was loaded: a program may replace it with ours.
const runtimeFetch: Fetch | undefined = globalThis.fetch;

/** Creates a fetch over an agent. */
export function makeFetch(host: FetchHost): Fetch {
  const fetcher = new Fetcher(host);
  // As a member, it keeps its name in a bundle.
  const { fetch } = {
    fetch(input: FetchInput, init: RequestInit = NO_INIT): Promise<Response> {
      // JavaScript code may pass null.
      return fetcher.fetch(input, init ?? NO_INIT);
    },
  };
  // Bun's has a method that opens connections ahead, which a pool does not need.
  return runtimeFetch !== undefined && "preconnect" in runtimeFetch
    ? Object.assign(fetch, { preconnect() {} })
    : fetch;
}

/** @throws {unknown} The signal's reason, if it is aborted. */
function throwIfAborted({ url, signal, content }: FetchRequest): void {
  if (!signal?.aborted) return;
  // An invalid URL comes first.
  parseUrl(url);
  cancelSource(content, signal.reason);
  throw signal.reason;
}

/** Cancels the body of a request if it is a stream that nobody reads. */
function cancelSource(content: FetchContent | null, reason: unknown): void {
  if (content instanceof ReadableStream) {
    content.cancel(reason).catch(() => {});
  }
}

/** Adds the default fields, except those that are withheld. */
export function withDefaults(
  fields: HttpHeaders,
  isWithheld: (name: string) => boolean,
): HttpHeaders {
  const all = new HttpHeaders(fields);
  const defaults: [name: string, value: string][] = [
    ["Accept", "*/*"],
    ["Accept-Language", "*"],
    ["User-Agent", `io-http/${VERSION}`],
  ];
  for (const [name, value] of defaults) {
    if (!fields.has(name) && !isWithheld(name)) all.append(name, value);
  }
  return all;
}

const NO_OPTIONS: FetchCallOptions = {};

class Fetcher {
  readonly #host: FetchHost;

  constructor(host: FetchHost) {
    this.#host = host;
  }

  fetch(input: FetchInput, init: RequestInit): Promise<Response> {
    try {
      // A string needs no look at the class, which Node takes 20 ms to load.
      const isRequest = typeof input === "object" && input instanceof Request;
      const given = isRequest ? input : `${input}`;
      const scheme = schemeOf(typeof given === "string" ? given : given.url);
      if (scheme === "blob:") return fetchBlob(given, init);
      const isData = scheme === "data:";
      const read = readArguments(given, init);
      return read instanceof Promise
        ? read.then((request) => this.#answer(request, isData))
        : this.#answer(read, isData);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @throws {unknown} The signal's reason, if it is aborted. */
  #answer(request: FetchRequest, isData: boolean): Promise<Response> {
    throwIfAborted(request);
    const response = isData ? fetchData(request) : this.#fetchHttp(request);
    const { content, integrity } = request;
    if (content instanceof ReadableStream) {
      // A call that did not start has left it as it was.
      response.catch((error) => cancelSource(content, error));
    }
    return integrity === ""
      ? response
      : response.then((response) => checkIntegrity(response, integrity));
  }

  async #fetchHttp(request: FetchRequest): Promise<FetchResponse> {
    const { method, content, headers } = request;
    // A range of an encoded body is useless.
    if (
      headers.has("range") && !headers.has("accept-encoding") &&
      !this.#host.decidesCodings
    ) headers.append("Accept-Encoding", "identity");
    const body = content instanceof Uint8Array ? content : undefined;
    const sent = new HttpRequest(method, request.url, { headers, body });
    const { url } = sent;
    if (hasBadPort(url)) throw badPort(url);
    if (request.omitsCredentials) dropUserinfo(url);
    const mode = redirectMode(request, this.#host.redirect);
    const loading = loadResponses();
    let call: FetchCall;
    try {
      call = await this.#host.call(sent, this.#optionsOf(request, mode));
    } catch (error) {
      throw explainError(error, request.signal);
    }
    const fault = faultOf(call, mode, isStream(content));
    try {
      if (fault === null) {
        const loaded = loading instanceof Promise ? await loading : loading;
        return makeResponse(loaded, call, method, request.signal);
      }
    } catch (error) {
      await call.discard();
      throw error;
    }
    await call.discard();
    const code = call.upgraded ? "UnexpectedUpgrade" : "UnexpectedRedirect";
    const facts = { response: call.head, progress: call.progress() };
    throw networkError(new HttpError(code, cannotFetch(url, fault), facts));
  }

  #optionsOf(
    { content, signal, omitsCredentials }: FetchRequest,
    mode: HttpRedirectMode,
  ): FetchCallOptions {
    const { redirect, proxyCredentials: credentials } = this.#host;
    const body = content instanceof Uint8Array ? null : content;
    if (
      body === null && signal === null && mode === redirect && !omitsCredentials
    ) return NO_OPTIONS;
    const own = isStream(content) ? forStream(mode) : mode;
    return {
      ...(body !== null && { body }),
      ...(signal !== null && { signal }),
      ...(own !== redirect && { redirect: own }),
      ...(omitsCredentials && { cookies: null, credentials }),
    };
  }
}

/** Returns the scheme of a URL, or `null` if there is none, or it needs no parser. */
function schemeOf(url: string): string | null {
  return /^https?:/i.test(url) ? null : tryParseUrl(url)?.protocol ?? null;
}

/** Returns the caller's mode, or else the agent's. */
function redirectMode(
  { redirect }: FetchRequest,
  agents: HttpRedirectMode,
): HttpRedirectMode {
  if (redirect === undefined || redirect === agents) return agents;
  return redirect === "follow"
    ? typeof agents === "object" ? agents : FOLLOW
    : redirect;
}

const NO_RULES: Exclude<HttpRedirectMode, string> = {};

/** Follows redirects, but not to bad ports. */
export function checkingPorts(mode: HttpRedirectMode): HttpRedirectMode {
  if (mode === "manual" || mode === "error") return mode;
  const { max, decide } = mode === "follow" ? NO_RULES : mode;
  return {
    max,
    decide(hop) {
      if (hasBadPort(hop.to)) throw badPort(hop.to);
      return decide === undefined ? "follow" : decide(hop);
    },
  };
}

const FOLLOW = checkingPorts("follow");

/** Whether a body can be sent only once. */
function isStream(content: FetchContent | null): boolean {
  return content !== null && !(content instanceof Uint8Array) &&
    !(content instanceof Blob);
}

/**
 * Follows no redirect of a stream other than a 303, even if the next request would have
 * no body (WHATWG Fetch §4.4).
 */
function forStream(mode: HttpRedirectMode): HttpRedirectMode {
  const checked = checkingPorts(mode);
  if (typeof checked === "string") return checked;
  let isFirst = true;
  return {
    ...checked,
    decide(hop) {
      if (isFirst && hop.status !== 303) return "stop";
      isFirst = false;
      return checked.decide === undefined ? "follow" : checked.decide(hop);
    },
  };
}

function badPort(url: URL): TypeError {
  const message = cannotFetch(url, `its port ${url.port} is blocked`);
  const progress = nothingSent("connect");
  return networkError(new HttpError("ConnectFailed", message, { progress }));
}

/** Returns why a response is a network error, or `null`. */
function faultOf(
  { head, hops, redirect, upgraded }: FetchCall,
  mode: HttpRedirectMode,
  sentStream: boolean,
): string | null {
  if (upgraded) return "the response upgrades the connection";
  if (!REDIRECT_STATUSES.includes(head.status) || mode === "manual") {
    return null;
  }
  if (mode === "error") return `the response redirects (${head.status})`;
  if (!head.headers.has("location")) return null;
  if (redirect === null) return "the Location of the response is invalid";
  const mayStop = typeof mode === "object" && mode !== FOLLOW &&
    mode.decide !== undefined;
  const isLost = sentStream && hops.length === 0 && head.status !== 303;
  return mayStop && !isLost
    ? null
    : "the body cannot be sent again to where it redirects";
}

type Responses = typeof import("./response.ts");

/**
 * Loads our class of Response while the first request is sent: for the runtime's own,
 * under it, Node takes 20 ms, which those who do not use `fetch` need not wait for.
 */
const loadResponses = loadOnce<Responses>(() => import("./response.ts"));

/** Creates the Response of a call. */
function makeResponse(
  { FetchResponse }: Responses,
  call: FetchCall,
  method: string,
  signal: AbortSignal | null,
): FetchResponse {
  const { head, hops } = call;
  const { status, reason, headers } = head;
  let body: FetchedBody | null = null;
  if (method !== "HEAD" && !isNullBodyStatus(status)) {
    body = call.body;
  } else {
    // Nobody can read it, and the call ends only with its body.
    call.discard();
  }
  return new FetchResponse(body, {
    url: withoutFragment(call.url),
    redirected: hops.length > 0,
    status,
    statusText: reason,
    headers,
    signal,
    source: call,
  });
}

/** @throws {TypeError} If there is no body, or it does not match. */
async function checkIntegrity(
  response: FetchResponse,
  integrity: string,
): Promise<Response> {
  const hasBody = response.body !== null;
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (hasBody && await matchesIntegrity(bytes, integrity)) {
    return response.withBody(bytes);
  }
  const reason = `the body does not match the integrity ${quote(integrity)}`;
  throw new TypeError(cannotFetch(new URL(response.url), reason));
}

/** @throws {TypeError} If the URL is invalid. */
async function fetchData(
  { url: given, method, signal }: FetchRequest,
): Promise<FetchResponse> {
  const url = new URL(given);
  const data = readDataUrl(url);
  if (data === null) {
    throw new TypeError(cannotFetch(url, "the data: URL is invalid"));
  }
  const { FetchResponse } = await loadResponses();
  return new FetchResponse(method === "HEAD" ? null : data.bytes, {
    url: withoutFragment(url),
    redirected: false,
    status: 200,
    statusText: "OK",
    headers: new HttpHeaders({ "Content-Type": data.type }),
    signal,
    source: { handOut() {} },
  });
}

/** @throws {TypeError} If the runtime has no fetch. */
function fetchBlob(
  input: Request | string,
  init: RequestInit,
): Promise<Response> {
  if (runtimeFetch !== undefined) return runtimeFetch(input, init);
  throw new TypeError("Cannot fetch a blob: URL: the runtime has no fetch");
}

function withoutFragment({ href }: URL): string {
  const hash = href.indexOf("#");
  return hash < 0 ? href : href.slice(0, hash);
}

/** Turns a failure into a TypeError, unless it is an abort. */
export function explainError(
  error: unknown,
  signal: AbortSignal | null | undefined,
): unknown {
  // Its reason may be an HttpError, of another call.
  const isReason = signal?.aborted && error === signal.reason;
  return error instanceof HttpError && !isReason ? networkError(error) : error;
}

/**
 * Creates the error of a call that failed. Its message is that of Chromium: by this
 * message alone, libraries such as ky, p-retry, and the SDKs of AWS and of Vercel tell
 * it from a mistake of the caller. They show that of the cause.
 */
function networkError(cause: HttpError): TypeError {
  return new TypeError("Failed to fetch", { cause });
}

function cannotFetch({ protocol, host }: URL, reason: string): string {
  return `Cannot fetch from ${quote(`${protocol}//${host}`)}: ${reason}`;
}

// Ports that fetch does not connect to (WHATWG Fetch §2.9), because a server there
// may mistake a request for a command of its protocol.
const BAD_PORTS: ReadonlySet<number> = new Set([
  ...[0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69],
  ...[77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119],
  ...[123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515],
  ...[526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990],
  ...[993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000],
  ...[6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080],
]);

/** Whether fetch refuses the port of a URL. */
function hasBadPort({ port }: URL): boolean {
  return port !== "" && BAD_PORTS.has(Number(port));
}
