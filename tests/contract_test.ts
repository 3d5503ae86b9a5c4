// The public contract as programs use it: names, signatures, and types. Most of it
// is proved by type-checking this file; the functions that need a peer never run.

import { assertEquals } from "@std/assert";
import {
  encodeHttp10Request,
  encodeHttp11Head,
  encodeHttp11Request,
  type Err,
  findRedirect,
  fromByteString,
  Http10Send,
  type Http10SendResult,
  Http11ChunkEncoder,
  Http11Receive,
  Http11ReceiveChunks,
  Http11ReceiveHead,
  Http11Send,
  type Http11SendResult,
  HttpAuthBasic,
  HttpAuthBearer,
  HttpChallenge,
  type HttpCloseReason,
  type HttpCoroutine,
  HttpError,
  type HttpErrorCode,
  type HttpFlow,
  type HttpFraming,
  HttpHeaders,
  type HttpHeadersInit,
  type HttpLimits,
  type HttpProgress,
  type HttpReceiveOptions,
  type HttpRedirect,
  HttpRequest,
  HttpResponse,
  type HttpSendOptions,
  type HttpSendOutput,
  type HttpSendResult,
  type HttpStepOf,
  type HttpTimeouts,
  isIdempotent,
  isSafe,
  makeCoroutine,
  reasonPhrase,
  redirectRequest,
  runCoroutine,
  Secret,
  SseParser,
  StatusCode,
  toByteString,
  type WantsRead,
  type WantsWrite,
  WellKnown,
} from "@pimalaya/io-http";
import {
  createFetch,
  HttpAgent,
  type HttpAgentExchange,
  type HttpAgentFacts,
  type HttpAgentOptions,
  type HttpAgentOutput,
  type HttpAgentSendOptions,
  HttpCall,
  type HttpCallInput,
  type HttpCallOptions,
  type HttpCallStep,
  type HttpClock,
  type HttpCredentials,
  type HttpHop,
  HttpPoolState,
  type HttpPoolStats,
  type HttpWarning,
} from "@pimalaya/io-http/agent";
import { HttpAuthDigest } from "@pimalaya/io-http/auth/digest";
import {
  type ByteStream,
  cloudflareConnector,
  defaultConnector,
  denoConnector,
  HttpClient,
  type HttpClientOptions,
  type HttpClientOutput,
  type HttpConnection,
  type HttpConnectionInfo,
  type HttpConnectOptions,
  type HttpConnector,
  type HttpExchange,
  type HttpExchangeOptions,
  type HttpTlsOptions,
  nodeConnector,
  readEvents,
} from "@pimalaya/io-http/client";
import {
  type HttpCookie,
  HttpCookieJar,
  type HttpCookieResult,
} from "@pimalaya/io-http/cookies";
import { HttpProxies, Socks5Connect } from "@pimalaya/io-http/proxy";
import type { SseEvent } from "@pimalaya/io-http/sse";

type Bytes = Uint8Array<ArrayBuffer>;

/** Fails to compile unless the value has the type, whatever it is. */
function is<T>(_value: T): void {}

Deno.test("The pure entry point has the contract's names and types", () => {
  const request = new HttpRequest("POST", new URL("http://a/"), {
    headers: { A: ["1", new Secret("2")], B: undefined, C: "3" },
    json: { a: 1 },
  }).header("D", "4");
  is<Bytes>(request.body);
  is<URL>(request.url);
  is<HttpHeaders>(request.headers);
  for (
    const make of [
      HttpRequest.get,
      HttpRequest.head,
      HttpRequest.post,
      HttpRequest.put,
      HttpRequest.patch,
      HttpRequest.delete,
      HttpRequest.options,
    ]
  ) is<HttpRequest>(make("http://a/", { form: { a: "1" } }));
  HttpRequest.post("http://a/", { form: [["a", "1"]] });
  HttpRequest.post("http://a/", { form: new URLSearchParams("a=1") });
  HttpRequest.post("http://a/", {
    body: new ArrayBuffer(1),
    headers: new Headers(),
  });
  const init: HttpHeadersInit = new HttpHeaders([["a", "b"]]);
  const headers = new HttpHeaders(init);
  headers.append("a", new Secret("c"));
  headers.set("b", "d");
  headers.delete("b");
  is<string | null>(headers.get("a"));
  is<string[]>(headers.getAll("a"));
  is<boolean>(headers.has("a"));
  is<number>(headers.size);
  is<Headers>(headers.toHeaders());
  for (const [name, value] of headers) is<[string, string]>([name, value]);

  const response = new HttpResponse({ status: 200, reason: "OK" });
  is<"HTTP/1.0" | "HTTP/1.1">(response.version);
  is<[number, string, Bytes]>([
    response.status,
    response.reason,
    response.body,
  ]);
  is<HttpHeaders>(response.trailers);
  is<string | null>(response.header("a"));
  is<boolean[]>([
    response.isInformational,
    response.isSuccess,
    response.isRedirection,
    response.isClientError,
    response.isServerError,
    response.ok,
  ]);
  is<() => string>(response.text);
  is<() => unknown>(response.json);
  is<Response>(response.toResponse());
  is<HttpChallenge[]>(response.challenges("proxy-authenticate"));
  is<string | undefined>(
    HttpChallenge.parseAll("Basic realm=a")[0]?.param("a"),
  );
  is<HttpRedirect | null>(findRedirect(request, response));
  const redirect = { url: new URL("http://b/"), sameOrigin: false };
  is<HttpRequest>(redirectRequest(request, { response, redirect }));
  is<HttpRequest>(redirectRequest(request, { response, url: redirect.url }));
  is<number>(StatusCode.NotFound);
  is<string | undefined>(reasonPhrase(404));
  is<boolean>(isSafe("GET") && isIdempotent("PUT"));
  assertEquals(fromByteString(toByteString("é")), "é");

  is<string>(new HttpAuthBasic("u", "p").toAuthorization());
  is<HttpAuthBasic | null>(HttpAuthBasic.fromUrl("http://u:p@a/"));
  is<Secret>(HttpAuthBasic.fromAuthorization("Basic dTpw").password);
  is<Secret>(new HttpAuthBearer("t").token);
  is<HttpAuthBearer>(HttpAuthBearer.fromAuthorization("Bearer t"));
  is<string>(new Secret("s").expose());
});

Deno.test("Coroutines have the contract's steps", () => {
  const request = HttpRequest.get("http://a/");
  const options: HttpSendOptions = {
    target: "/x",
    lenient: ["SpaceBeforeColon", "ControlCharacters", "RepeatedStatusLine"],
    maxHeadBytes: undefined,
  };
  const limits: HttpLimits = {
    maxHeadBytes: 1,
    maxTrailerBytes: 1,
    maxChunkExtensionBytes: 1,
    maxInterimResponses: 1,
    maxHeaderFields: 1,
    maxBodyBytes: 1,
  };
  const receive: HttpReceiveOptions = limits;
  const send = new Http11Send(request, options);
  const result: Http11SendResult & Http10SendResult & HttpSendResult = send
    .resume(null);
  switch (result.type) {
    case "WantsRead":
      is<WantsRead>(result);
      break;
    case "WantsWrite":
      is<WantsWrite>(result);
      is<Bytes>(result.bytes);
      break;
    case "Err":
      is<Err>(result);
      break;
    case "WantsRedirect":
      is<{ url: URL; sameOrigin: boolean } & HttpSendOutput>(result);
      break;
    case "Ok":
      is<HttpSendOutput>(result);
      is<HttpResponse[]>(result.interim);
      is<Bytes>(result.remaining);
      is<HttpRedirect | null>(result.redirect);
      is<HttpCloseReason | null>(result.closeReason);
      is<boolean[]>([result.keepAlive, result.upgraded]);
  }
  is<HttpCoroutine<HttpSendResult>>(new Http10Send(request, options));
  const received = new Http11Receive(
    { method: "GET", headers: new HttpHeaders() },
    receive,
  ).resume();
  if (received.type === "Head") is<HttpFraming>(received.framing);
  if (received.type === "Data") is<Bytes>(received.bytes);
  if (received.type === "Interim") is<HttpResponse>(received.response);
  const head = new Http11ReceiveHead(receive).resume();
  if (head.type === "Ok") {
    is<[HttpResponse, Bytes]>([head.response, head.remaining]);
  }
  const chunks = new Http11ReceiveChunks(receive).resume();
  if (chunks.type === "Ok") {
    is<[HttpHeaders, Bytes]>([chunks.trailers, chunks.remaining]);
  }
  is<Uint8Array[]>(new Http11ChunkEncoder().chunk(new Uint8Array(1)));
  is<Uint8Array>(new Http11ChunkEncoder().end({ a: "b" }));
  is<Uint8Array[]>([
    encodeHttp11Request(request, options),
    encodeHttp11Head(request, options),
    encodeHttp10Request(request, options),
  ]);
  const known = new WellKnown("http://a/", "caldav", {
    headers: {},
    maxBodyBytes: 9,
  });
  const discovered = known.resume();
  if (discovered.type === "Ok") is<HttpSendOutput>(discovered);
  const parser = new SseParser({ lastEventId: "1", maxEventBytes: 9 });
  const event = parser.resume();
  if (event.type === "Event") is<string[]>([event.event, event.data, event.id]);
  if (event.type === "Retry") is<number>(event.milliseconds);
  if (event.type === "Ok") is<boolean>(event.incomplete);
  is<string>(parser.lastEventId);

  type Wants = { readonly type: "WantsConnection"; readonly url: URL };
  const flow = makeCoroutine(function* (): HttpFlow<number, Wants> {
    const output = yield* runCoroutine(send, new Uint8Array(0));
    is<HttpStepOf<Http11Send>>(output);
    yield { type: "WantsConnection", url: request.url };
    return output.response.status;
  });
  const step = flow.resume();
  if (step.type === "WantsConnection") is<URL>(step.url);
  if (step.type === "Ok") {
    is<[number, Bytes, boolean]>([step.value, step.remaining, step.keepAlive]);
  }

  const progress: HttpProgress = {
    phase: "head",
    reused: true,
    requestBytes: 1,
    responseBytes: 0,
  };
  const code: HttpErrorCode = "NoResponse";
  const error = new HttpError(code, "No", {
    progress,
    timeout: "head",
    cause: 1,
  });
  is<keyof HttpTimeouts | null>(error.timeout);
  is<HttpResponse | null>(error.response);
});

Deno.test("Digest, cookies, and proxies have the contract's members", () => {
  const digest = new HttpAuthDigest("u", "p");
  const [challenge] = HttpChallenge.parseAll(
    'Digest realm="r", nonce="n", qop="auth"',
  );
  is<boolean>(HttpAuthDigest.supports(challenge!));
  const request = { method: "GET", target: "/", body: new Uint8Array(0) };
  is<string>(digest.answer(challenge!, request, { cnonce: "c" }));
  is<void>(digest.learn('nextnonce="m"'));
  const url = new URL("https://a.example/");
  const jar = new HttpCookieJar({
    isPublicSuffix: () => false,
    maxCookies: 9,
    maxCookiesPerDomain: 9,
  });
  is<HttpCookieResult[]>(jar.store(url, ["a=1"], 0));
  is<HttpCookieResult[]>(jar.store(url, new HttpHeaders(), 0));
  is<HttpCookieResult[]>(jar.store(url, new Headers(), 0));
  is<string | null>(jar.header(url, 0));
  is<HttpCookie[]>(jar.cookies(url, 0));
  is<HttpCookieJar>(HttpCookieJar.fromJSON(jar.toJSON()));
  is<number>(jar.delete({ name: "a" }) + jar.delete(({ secure }) => secure));
  const proxies = new HttpProxies({
    http: "p:1",
    https: url,
    all: "socks5://p",
    noProxy: ["a"],
  });
  is<URL | null>(proxies.match(url));
  is<HttpProxies>(HttpProxies.fromEnv({ http_proxy: "http://p" }));
  const socks = new Socks5Connect({ hostname: "a", port: 1 }, {
    username: "u",
    password: "p",
  });
  const step = socks.resume();
  if (step.type === "Ok") {
    is<[{ hostname: string; port: number }, Bytes]>([
      step.bound,
      step.remaining,
    ]);
  }
});

/** Type-checked, and never run. */
export async function useClient(
  stream: ByteStream,
  connection: HttpConnection,
) {
  const options: HttpClientOptions = { origin: null, maxBodyBytes: 1 };
  is<HttpClient[]>([
    new HttpClient(stream, options),
    new HttpClient(connection),
  ]);
  const tls: HttpTlsOptions = {
    caCerts: [""],
    cert: "",
    key: "",
    alpnProtocols: ["http/1.1"],
    serverName: "a",
  };
  const connect: HttpConnectOptions = {
    connector: defaultConnector(),
    tls,
    hostname: "a",
    port: 1,
  };
  await using client = await HttpClient.connect("https://a/", connect);
  await HttpClient.connect("http://a/", { unixPath: "/a" });
  const request = HttpRequest.get("https://a/");
  const signal = AbortSignal.timeout(1);
  const output: HttpClientOutput = await client.send(request, {
    signal,
    target: "absolute",
  });
  is<boolean[]>([output.reused, output.uploaded]);
  is<HttpClientOutput>(await client.sendHttp10(request, { signal }));
  const exchangeOptions: HttpExchangeOptions = {
    signal,
    body: new FormData(),
    trailers: () => Promise.resolve({ a: "b" }),
    continueTimeout: 1,
    onInterim: async ({ status }) => is<number>(await status),
  };
  await using exchange: HttpExchange = await client.exchange(
    request,
    exchangeOptions,
  );
  is<HttpResponse>(exchange.response);
  is<HttpRedirect | null>(exchange.redirect);
  is<HttpRequest>(redirectRequest(request, exchange));
  is<HttpFraming>(exchange.framing);
  is<ReadableStream<Bytes>>(exchange.body);
  is<Promise<HttpHeaders>>(exchange.trailers);
  is<Promise<boolean>>(exchange.uploaded);
  is<Promise<{ keepAlive: boolean; closeReason: HttpCloseReason | null }>>(
    exchange.closed,
  );
  is<boolean[]>([exchange.upgraded, exchange.reused]);
  is<HttpConnection>(exchange.detach());
  is<[Bytes, string, unknown]>([
    await exchange.bytes(),
    await exchange.text(),
    await exchange.json(),
  ]);
  is<void>(await exchange.discard());
  is<Response>(exchange.toResponse());
  const step = await client.run(new Http11Send(request), { signal });
  is<"Ok" | "WantsRedirect">(step.type);
  is<boolean>(client.reusable);
  is<Promise<void>>(client.ended);
  is<HttpConnectionInfo | null>(client.info);
  const detached = client.detach();
  is<HttpConnection | undefined>(
    await detached.startTls?.({ ...tls, serverName: "a", signal }),
  );
  is<void>(await client.close());
  const events = readEvents(exchange.body, { maxEventBytes: 1 });
  is<[string, boolean, number | null]>([
    events.lastEventId,
    events.incomplete,
    events.retry,
  ]);
  for await (const event of events) is<SseEvent>(event);
  is<HttpConnector[]>([denoConnector, nodeConnector]);
}

/** Type-checked, and never run. */
export async function useAgent(connect: unknown, jar: HttpCookieJar) {
  const clock: HttpClock = {
    now: () => 0,
    startTimer: () => ({ stop() {} }),
  };
  const credentials: HttpCredentials = async (
    { url, proxy, challenges, attempt },
  ) => {
    is<[URL, boolean, HttpChallenge[], number]>([
      url,
      proxy,
      [...challenges],
      attempt,
    ]);
    await Promise.resolve();
    return { username: "u", password: "p" };
  };
  const options: HttpAgentOptions = {
    connector: cloudflareConnector(connect as never),
    connectTo: (url) => url.port === "" ? null : { hostname: "a", port: 1 },
    tls: {},
    pool: {
      maxConnections: 1,
      maxConnectionsPerOrigin: 1,
      idleTimeout: 1,
      maxAge: 1,
      maxExchanges: 1,
    },
    timeouts: {
      connect: 1,
      tls: 1,
      head: 1,
      body: 1,
      continue: 1,
      queue: 1,
      attempt: null,
      total: null,
    },
    redirect: {
      max: 1,
      decide: (hop: HttpHop) => hop.sameOrigin ? "follow" : "stop",
    },
    retry: {
      attempts: 1,
      statuses: [503],
      methods: ["GET"],
      maxRetryAfter: 1,
      budget: null,
      backoff: (attempt, random) => attempt * random(),
    },
    proxy: new HttpProxies({}),
    credentials,
    onWarning: ({ code, message, url }: HttpWarning) =>
      is<[string, string, URL]>([code, message, url]),
    cookies: jar,
    decode: { maxRatio: null, decoders: { x: () => new TransformStream() } },
    headers: { "User-Agent": "x" },
    httpsOnly: false,
    clock,
    random: () => 0,
  };
  await using agent = new HttpAgent(options);
  const send: HttpAgentSendOptions = {
    signal: AbortSignal.timeout(1),
    timeouts: { total: 1 },
    redirect: "error",
    retry: false,
    decode: false,
    credentials: () => new HttpAuthBearer("t"),
    cookies: jar,
    proxy: null,
    connectTo: { unixPath: "/a" },
    headers: {},
    httpsOnly: true,
    trailers: {},
    onInterim() {},
    idempotent: true,
    body: () => new Blob(["a"]),
  };
  const output: HttpAgentOutput = await agent.send("http://a/", send);
  is<HttpClientOutput & HttpAgentFacts>(output);
  is<[URL, HttpHop[], number, HttpConnectionInfo | null, string[]]>([
    output.url,
    output.hops,
    output.attempts,
    output.info,
    output.decoded,
  ]);
  const { queued, connect: connecting, tls, send: sent, wait, receive } =
    output.timings;
  is<(number | null)[]>([queued, connecting, tls, sent, wait, receive]);
  const exchange: HttpAgentExchange = await agent.exchange(
    HttpRequest.get("http://a/"),
    send,
  );
  is<HttpExchange & HttpAgentFacts>(exchange);
  const { fetch } = agent;
  is<typeof globalThis.fetch>(fetch);
  await using other = createFetch({ proxy: "env" });
  is<typeof globalThis.fetch>(other);
  is<HttpAgent>(
    agent.with({ headers: { a: "b" }, proxy: null, credentials: null }),
  );
  const stats: HttpPoolStats = agent.stats();
  is<number[]>([
    stats.open,
    stats.idle,
    stats.busy,
    stats.connecting,
    stats.waiting,
  ]);
  is<number | undefined>(stats.origins.get("http://a")?.waiting);
  agent.closeIdle();
  agent.abort(new Error("x"));
  is<void>(await agent.close());
  const callOptions: HttpCallOptions = {
    retry: true,
    idempotent: true,
    replayable: false,
    random: () => 0,
  };
  const call = new HttpCall(HttpRequest.get("http://a/"), callOptions);
  const inputs: HttpCallInput[] = [
    { type: "Response", response: output.response, reused: false, now: 0 },
    {
      type: "Failed",
      error: new HttpError("NoResponse", "x"),
      bodyUsed: false,
      now: 0,
    },
    { type: "Elapsed", now: 0 },
    { type: "Credentials", credentials: null, now: 0 },
  ];
  const step: HttpCallStep = call.resume(inputs[0]);
  if (step.type === "WantsExchange") {
    is<[HttpRequest, number, number]>([step.request, step.hop, step.attempt]);
  }
  if (step.type === "WantsTimer") is<number>(step.milliseconds);
  if (step.type === "WantsCredentials") is<URL>(step.ask.url);
  if (step.type === "Ok") {
    is<[HttpResponse, HttpHop[], number]>([
      step.response,
      step.hops,
      step.attempts,
    ]);
  }
  if (step.type === "Err") is<HttpError>(step.error);
  is<typeof HttpPoolState>(HttpPoolState);
}
