// The public contract as programs use it: names, signatures, and types. Most of it
// is proved by type-checking this file; the functions that need a peer never run.

import { assertEquals } from "@std/assert";
import * as io from "@pimalaya/io-http";
import * as agents from "@pimalaya/io-http/agent";
import * as digests from "@pimalaya/io-http/auth/digest";
import * as clients from "@pimalaya/io-http/client";
import * as jars from "@pimalaya/io-http/cookies";
import * as proxying from "@pimalaya/io-http/proxy";
import type * as sse from "@pimalaya/io-http/sse";

type Bytes = Uint8Array<ArrayBuffer>;
type Closed = { keepAlive: boolean; closeReason: io.HttpCloseReason | null };

/** Fails to compile unless the value has the type. */
function is<T>(_value: T): void {}

Deno.test("The pure entry point has the contract's names and types", () => {
  const request = new io.HttpRequest("POST", new URL("http://a/"), {
    headers: { A: ["1", new io.Secret("2")], B: undefined, C: "3" },
    json: { a: 1 },
  }).header("D", "4");
  is<Bytes>(request.body);
  is<URL>(request.url);
  is<io.HttpHeaders>(request.headers);
  const { get, head, post, put, patch, delete: remove } = io.HttpRequest;
  for (const make of [get, head, post, put, patch, remove]) {
    is<io.HttpRequest>(make("http://a/", { form: { a: "1" } }));
  }
  is<io.HttpRequest>(io.HttpRequest.options(request.url));
  post("http://a/", { form: [["a", "1"]] });
  post("http://a/", { form: new URLSearchParams("a=1") });
  post("http://a/", { body: new ArrayBuffer(1), headers: new Headers() });
  const init: io.HttpHeadersInit = new io.HttpHeaders([["a", "b"]]);
  const headers = new io.HttpHeaders(init);
  headers.append("a", new io.Secret("c"));
  headers.set("b", "d");
  headers.delete("b");
  is<string | null>(headers.get("a"));
  is<string[]>(headers.getAll("a"));
  is<boolean>(headers.has("a"));
  is<number>(headers.size);
  is<Headers>(headers.toHeaders());
  for (const [name, value] of headers) is<[string, string]>([name, value]);

  const response = new io.HttpResponse({ status: 200, reason: "OK" });
  is<"HTTP/1.0" | "HTTP/1.1">(response.version);
  is<{ status: number; reason: string; body: Bytes }>(response);
  is<io.HttpHeaders>(response.trailers);
  is<string | null>(response.header("a"));
  type Kind = "Informational" | "Success" | "Redirection" | `${Side}Error`;
  type Side = "Client" | "Server";
  is<Readonly<Record<"ok" | `is${Kind}`, boolean>>>(response);
  is<{ text(): string; json(): unknown }>(response);
  is<Response>(response.toResponse());
  is<io.HttpChallenge[]>(response.challenges("proxy-authenticate"));
  is<string | undefined>(
    io.HttpChallenge.parseAll("Basic realm=a")[0]?.param("a"),
  );
  is<io.HttpRedirect | null>(io.findRedirect(request, response));
  const redirect = { url: new URL("http://b/"), sameOrigin: false };
  is<io.HttpRequest>(io.redirectRequest(request, { response, redirect }));
  is<io.HttpRequest>(
    io.redirectRequest(request, { response, url: redirect.url }),
  );
  is<number>(io.StatusCode.NotFound);
  is<string | undefined>(io.reasonPhrase(404));
  is<boolean>(io.isSafe("GET") && io.isIdempotent("PUT"));
  assertEquals(io.fromByteString(io.toByteString("é")), "é");

  is<string>(new io.HttpAuthBasic("u", "p").toAuthorization());
  is<io.HttpAuthBasic | null>(io.HttpAuthBasic.fromUrl("http://u:p@a/"));
  is<io.Secret>(io.HttpAuthBasic.fromAuthorization("Basic dTpw").password);
  is<io.Secret>(new io.HttpAuthBearer("t").token);
  is<io.HttpAuthBearer>(io.HttpAuthBearer.fromAuthorization("Bearer t"));
  is<string>(new io.Secret("s").expose());
});

Deno.test("Coroutines have the contract's steps", () => {
  const request = io.HttpRequest.get("http://a/");
  const options: io.HttpSendOptions = {
    target: "/x",
    lenient: ["SpaceBeforeColon", "ControlCharacters", "RepeatedStatusLine"],
    maxHeadBytes: undefined,
  };
  const limits: io.HttpLimits = {
    maxHeadBytes: 1,
    maxTrailerBytes: 1,
    maxChunkExtensionBytes: 1,
    maxInterimResponses: 1,
    maxHeaderFields: 1,
    maxBodyBytes: 1,
  };
  const receive: io.HttpReceiveOptions = limits;
  const send = new io.Http11Send(request, options);
  type AnyResult = io.Http11SendResult & io.Http10SendResult;
  const result: AnyResult & io.HttpSendResult = send.resume(null);
  switch (result.type) {
    case "WantsRead":
      is<io.WantsRead>(result);
      break;
    case "WantsWrite":
      is<io.WantsWrite>(result);
      is<Bytes>(result.bytes);
      break;
    case "Err":
      is<io.Err>(result);
      break;
    case "WantsRedirect":
      is<{ url: URL; sameOrigin: boolean } & io.HttpSendOutput>(result);
      break;
    case "Ok":
      is<io.HttpSendOutput>(result);
      is<{ interim: io.HttpResponse[]; remaining: Bytes }>(result);
      is<{ redirect: io.HttpRedirect | null; upgraded: boolean }>(result);
      is<Closed>(result);
  }
  is<io.HttpCoroutine<io.HttpSendResult>>(new io.Http10Send(request, options));
  const received = new io.Http11Receive(
    { method: "GET", headers: new io.HttpHeaders() },
    receive,
  ).resume();
  if (received.type === "Head") is<io.HttpFraming>(received.framing);
  if (received.type === "Data") is<Bytes>(received.bytes);
  if (received.type === "Interim") is<io.HttpResponse>(received.response);
  const head = new io.Http11ReceiveHead(receive).resume();
  type HeadOk = { response: io.HttpResponse; remaining: Bytes };
  if (head.type === "Ok") is<HeadOk>(head);
  const chunks = new io.Http11ReceiveChunks(receive).resume();
  type ChunksOk = { trailers: io.HttpHeaders; remaining: Bytes };
  if (chunks.type === "Ok") is<ChunksOk>(chunks);
  is<Uint8Array[]>(new io.Http11ChunkEncoder().chunk(new Uint8Array(1)));
  is<Uint8Array>(new io.Http11ChunkEncoder().end({ a: "b" }));
  is<Uint8Array[]>([
    io.encodeHttp11Request(request, options),
    io.encodeHttp11Head(request, options),
    io.encodeHttp10Request(request, options),
  ]);
  const known = new io.WellKnown("http://a/", "caldav", {
    headers: {},
    maxBodyBytes: 9,
  });
  const discovered = known.resume();
  if (discovered.type === "Ok") is<io.HttpSendOutput>(discovered);
  const parser = new io.SseParser({ lastEventId: "1", maxEventBytes: 9 });
  const event = parser.resume();
  if (event.type === "Event") is<string[]>([event.event, event.data, event.id]);
  if (event.type === "Retry") is<number>(event.milliseconds);
  if (event.type === "Ok") is<boolean>(event.incomplete);
  is<string>(parser.lastEventId);

  type Wants = { readonly type: "WantsConnection"; readonly url: URL };
  const flow = io.makeCoroutine(function* (): io.HttpFlow<number, Wants> {
    const output = yield* io.runCoroutine(send, new Uint8Array(0));
    is<io.HttpStepOf<io.Http11Send>>(output);
    yield { type: "WantsConnection", url: request.url };
    return output.response.status;
  });
  const step = flow.resume();
  if (step.type === "WantsConnection") is<URL>(step.url);
  const inferred = io.makeCoroutine(function* () {
    yield { type: "WantsConnection", url: request.url };
    return (yield* io.runCoroutine(send)).response.status;
  }).resume();
  if (inferred.type === "WantsConnection") is<URL>(inferred.url);
  if (inferred.type === "Ok") is<number>(inferred.value);
  type FlowOk = { value: number; remaining: Bytes; keepAlive: boolean };
  if (step.type === "Ok") is<FlowOk>(step);

  const progress: io.HttpProgress = {
    phase: "head",
    reused: true,
    requestBytes: 1,
    responseBytes: 0,
  };
  const code: io.HttpErrorCode = "NoResponse";
  const error = new io.HttpError(code, "No", {
    progress,
    timeout: "head",
    cause: 1,
  });
  is<keyof io.HttpTimeouts | null>(error.timeout);
  is<io.HttpResponse | null>(error.response);
});

Deno.test("Digest, cookies, and proxies have the contract's members", () => {
  const digest = new digests.HttpAuthDigest("u", "p");
  const [challenge] = io.HttpChallenge.parseAll(
    'Digest realm="r", nonce="n", qop="auth"',
  );
  is<boolean>(digests.HttpAuthDigest.supports(challenge!));
  const request = { method: "GET", target: "/", body: new Uint8Array(0) };
  is<string>(digest.answer(challenge!, request, { cnonce: "c" }));
  is<void>(digest.learn('nextnonce="m"'));
  const url = new URL("https://a.example/");
  const jar = new jars.HttpCookieJar({
    isPublicSuffix: () => false,
    maxCookies: 9,
    maxCookiesPerDomain: 9,
  });
  is<jars.HttpCookieResult[]>(jar.store(url, ["a=1"], 0));
  is<jars.HttpCookieResult[]>(jar.store(url, new io.HttpHeaders(), 0));
  is<jars.HttpCookieResult[]>(jar.store(url, new Headers(), 0));
  is<string | null>(jar.header(url, 0));
  is<jars.HttpCookie[]>(jar.cookies(url, 0));
  is<jars.HttpCookieJar>(jars.HttpCookieJar.fromJSON(jar.toJSON()));
  is<number>(jar.delete({ name: "a" }) + jar.delete(({ secure }) => secure));
  const proxies = new proxying.HttpProxies({
    http: "p:1",
    https: url,
    all: "socks5://p",
    noProxy: ["a"],
  });
  is<URL | null>(proxies.match(url));
  is<proxying.HttpProxies>(
    proxying.HttpProxies.fromEnv({ http_proxy: "http://p" }),
  );
  const socks = new proxying.Socks5Connect({ hostname: "a", port: 1 }, {
    username: "u",
    password: "p",
  });
  const step = socks.resume();
  type Bound = { hostname: string; port: number };
  if (step.type === "Ok") is<{ bound: Bound; remaining: Bytes }>(step);
});

/** Type-checked, and never run. */
export async function useClient(
  stream: clients.ByteStream,
  connection: clients.HttpConnection,
) {
  const options: clients.HttpClientOptions = { origin: null, maxBodyBytes: 1 };
  is<clients.HttpClient[]>([
    new clients.HttpClient(stream, options),
    new clients.HttpClient(connection),
  ]);
  const tls: clients.HttpTlsOptions = {
    caCerts: [""],
    cert: "",
    key: "",
    alpnProtocols: ["http/1.1"],
    serverName: "a",
  };
  const connect: clients.HttpConnectOptions = {
    connector: clients.defaultConnector(),
    tls,
    hostname: "a",
    port: 1,
  };
  await using client = await clients.HttpClient.connect("https://a/", connect);
  await clients.HttpClient.connect("http://a/", { unixPath: "/a" });
  const request = io.HttpRequest.get("https://a/");
  const signal = AbortSignal.timeout(1);
  const output: clients.HttpClientOutput = await client.send(request, {
    signal,
    target: "absolute",
  });
  is<boolean[]>([output.reused, output.uploaded]);
  is<clients.HttpClientOutput>(await client.sendHttp10(request, { signal }));
  const exchangeOptions: clients.HttpExchangeOptions = {
    signal,
    body: new FormData(),
    trailers: () => Promise.resolve({ a: "b" }),
    continueTimeout: 1,
    onInterim: async ({ status }) => is<number>(await status),
  };
  await using exchange: clients.HttpExchange = await client.exchange(
    request,
    exchangeOptions,
  );
  is<{ response: io.HttpResponse; framing: io.HttpFraming }>(exchange);
  is<{ redirect: io.HttpRedirect | null }>(exchange);
  is<io.HttpRequest>(io.redirectRequest(request, exchange));
  is<ReadableStream<Bytes>>(exchange.body);
  is<{ trailers: Promise<io.HttpHeaders>; closed: Promise<Closed> }>(exchange);
  is<{ uploaded: Promise<boolean>; upgraded: boolean }>(exchange);
  is<boolean>(exchange.reused);
  is<clients.HttpConnection>(exchange.detach());
  const { startTls, ref, unref, abort } = connection;
  is<clients.HttpConnection>({ ...connection, startTls, ref, unref, abort });
  is<{ bytes(): Promise<Bytes>; text(): Promise<string> }>(exchange);
  is<{ json(): Promise<unknown>; discard(): Promise<void> }>(exchange);
  is<Response>(exchange.toResponse());
  const step = await client.run(new io.Http11Send(request), { signal });
  is<"Ok" | "WantsRedirect">(step.type);
  is<{ reusable: boolean; ended: Promise<void> }>(client);
  is<clients.HttpConnectionInfo | null>(client.info);
  const detached = client.detach();
  is<clients.HttpConnection | undefined>(
    await detached.startTls?.({ ...tls, serverName: "a", signal }),
  );
  is<void>(await client.close());
  const events = clients.readEvents(exchange.body, { maxEventBytes: 1 });
  is<{ lastEventId: string; incomplete: boolean }>(events);
  is<number | null>(events.retry);
  for await (const event of events) is<sse.SseEvent>(event);
  is<clients.HttpConnector[]>([clients.denoConnector, clients.nodeConnector]);
}

/** Type-checked, and never run. */
export async function useAgent(connect: unknown, jar: jars.HttpCookieJar) {
  const clock: agents.HttpClock = {
    now: () => 0,
    startTimer: () => ({ stop() {} }),
  };
  const credentials: agents.HttpCredentials = async (ask) => {
    is<{ url: URL; proxy: boolean; attempt: number }>(ask);
    is<readonly io.HttpChallenge[]>(ask.challenges);
    return await Promise.resolve({ username: "u", password: "p" });
  };
  const options: agents.HttpAgentOptions = {
    connector: clients.cloudflareConnector(connect as never),
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
      decide: (hop: agents.HttpHop) => hop.sameOrigin ? "follow" : "stop",
    },
    retry: {
      attempts: 1,
      statuses: [503],
      methods: ["GET"],
      maxRetryAfter: 1,
      budget: null,
      backoff: (attempt, random) => attempt * random(),
    },
    proxy: new proxying.HttpProxies({}),
    credentials,
    onWarning: ({ code, message, url }: agents.HttpWarning) =>
      is<[string, string, URL]>([code, message, url]),
    cookies: jar,
    decode: { maxRatio: null, decoders: { x: () => new TransformStream() } },
    headers: { "User-Agent": "x" },
    httpsOnly: false,
    clock,
    random: () => 0,
  };
  await using agent = new agents.HttpAgent(options);
  const send: agents.HttpAgentSendOptions = {
    signal: AbortSignal.timeout(1),
    timeouts: { total: 1 },
    redirect: "error",
    retry: false,
    decode: false,
    credentials: () => new io.HttpAuthBearer("t"),
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
  const output: agents.HttpAgentOutput = await agent.send("http://a/", send);
  is<clients.HttpClientOutput & agents.HttpAgentFacts>(output);
  is<{ url: URL; hops: agents.HttpHop[]; attempts: number }>(output);
  is<{ info: clients.HttpConnectionInfo | null; decoded: string[] }>(output);
  type Phase = "queued" | "connect" | "tls" | "send" | "wait" | "receive";
  is<Readonly<Record<Phase, number | null>>>(output.timings);
  const exchange: agents.HttpAgentExchange = await agent.exchange(
    io.HttpRequest.get("http://a/"),
    send,
  );
  is<clients.HttpExchange & agents.HttpAgentFacts>(exchange);
  const { fetch } = agent;
  is<typeof globalThis.fetch>(fetch);
  await using other = agents.createFetch({ proxy: "env" });
  is<typeof globalThis.fetch>(other);
  is<agents.HttpAgent>(
    agent.with({ headers: { a: "b" }, proxy: null, credentials: null }),
  );
  const stats: agents.HttpPoolStats = agent.stats();
  type Count = "open" | "idle" | "busy" | "connecting" | "waiting";
  is<Readonly<Record<Count, number>>>(stats);
  is<number | undefined>(stats.origins.get("http://a")?.waiting);
  agent.closeIdle();
  agent.abort(new Error("x"));
  is<void>(await agent.close());
  const callOptions: agents.HttpCallOptions = {
    retry: true,
    idempotent: true,
    replayable: false,
    random: () => 0,
  };
  const call = new agents.HttpCall(
    io.HttpRequest.get("http://a/"),
    callOptions,
  );
  const inputs: agents.HttpCallInput[] = [
    { type: "Response", response: output.response, reused: false, now: 0 },
    {
      type: "Failed",
      error: new io.HttpError("NoResponse", "x"),
      bodyUsed: false,
      now: 0,
    },
    { type: "Elapsed", now: 0 },
    { type: "Credentials", credentials: null, now: 0 },
  ];
  const step: agents.HttpCallStep = call.resume(inputs[0]);
  type Ask = { request: io.HttpRequest; hop: number; attempt: number };
  if (step.type === "WantsExchange") is<Ask>(step);
  if (step.type === "WantsTimer") is<number>(step.milliseconds);
  if (step.type === "WantsCredentials") is<URL>(step.ask.url);
  type CallOk = { response: io.HttpResponse; hops: agents.HttpHop[] };
  if (step.type === "Ok") is<CallOk & { attempts: number }>(step);
  if (step.type === "Err") is<io.HttpError>(step.error);
  is<typeof agents.HttpPoolState>(agents.HttpPoolState);
}
