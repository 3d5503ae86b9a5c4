// Runs the vectors of encoders (requests, chunks, credentials), of redirects and
// well-known lookups, and of challenges.

import { toBytes, toText } from "./_text.ts";
import { expand } from "./_vectors.ts";
import type {
  AuthVector,
  ChunkEncoderVector,
  EncodeVector,
  RedirectVector,
  RequestInput,
  WellKnownVector,
} from "./_vectors.ts";
import { drive, plain } from "./_cuts.ts";
import { expectThrow } from "./_run_responses.ts";
import type { Api } from "./_run_responses.ts";
import { equal, sweep } from "./_sweep.ts";

function makeRequest(api: Api, { method, url, body, ...init }: RequestInput) {
  // Anything but a string is passed as it is, to be rejected.
  const bytes = typeof body === "string" ? toBytes(body) : body;
  const given = body === undefined ? init : { ...init, body: bytes };
  return new api.HttpRequest(method, url, given);
}

/** Runs a vector of a request, or of a chunked body, that is written. */
export function runEncode(
  api: Api,
  vector: EncodeVector | ChunkEncoderVector,
): void {
  const write = "chunks" in vector
    ? () => writeChunks(api, vector)
    : () => writeRequest(api, vector);
  const { expect } = vector;
  if ("throws" in expect) {
    const { message } = expectThrow(vector.name, expect.throws, write);
    if ("message" in expect) equal("message", message, expect.message);
  } else equal("wire", write(), expand(expect.wire));
  if ("chunks" in vector || vector.via === "head11") return;
  const send = () => sendRequest(api, vector);
  if ("throws" in expect) expectThrow("send", expect.throws, send);
  else equal("what is sent", send(), expand(expect.wire));
  if (vector.via === undefined && "wire" in expect) checkForms(api, vector);
}

/** Checks the same request in HTTP/1.0, and as a head and a body. */
function checkForms(api: Api, vector: EncodeVector): void {
  const { options } = vector;
  const request = makeRequest(api, vector.request);
  const before = describe(request);
  const encoded = toText(api.encodeHttp11Request(request, options));
  const head = toText(api.encodeHttp11Head(request, options));
  equal("the request", describe(request), before);
  const isChunked = request.headers.has("transfer-encoding");
  const encoder = new api.Http11ChunkEncoder();
  const body = isChunked
    ? [...encoder.chunk(request.body), encoder.end()].map(toText).join("")
    : toText(request.body);
  equal("head and body", head + body, encoded);
  if (isChunked) return;
  const older = toText(api.encodeHttp10Request(request, options));
  equal("HTTP/1.0", older, encoded.replace(" HTTP/1.1\r", " HTTP/1.0\r"));
}

function writeChunks(api: Api, vector: ChunkEncoderVector): string {
  const encoder = new api.Http11ChunkEncoder();
  const pieces = vector.chunks.flatMap((data) =>
    encoder.chunk(toBytes(expand(data))).map(toText)
  );
  const { trailers } = vector;
  const end = trailers === undefined
    ? encoder.end()
    : encoder.end(new api.HttpHeaders(trailers));
  return pieces.join("") + toText(end);
}

function writeRequest(api: Api, vector: EncodeVector): string {
  const encode = {
    http11: api.encodeHttp11Request,
    http10: api.encodeHttp10Request,
    head11: api.encodeHttp11Head,
  }[vector.via ?? "http11"];
  const request = makeRequest(api, vector.request);
  return toText(encode(request, vector.options));
}

/** The bytes that a coroutine wants to write before it asks for the response. */
function sendRequest(api: Api, vector: EncodeVector): string {
  const Send = vector.via === "http10" ? api.Http10Send : api.Http11Send;
  const send = new Send(makeRequest(api, vector.request), vector.options);
  const { steps } = drive(send, toBytes(""), []);
  const types = steps.map((step) => step.type);
  equal("steps before the response", types, ["WantsWrite", "WantsRead"]);
  return `${steps[0]?.bytes}`;
}

/** Runs a vector of a redirect, in every cut. */
export function runRedirect(api: Api, vector: RedirectVector): void {
  const { redirect, next } = vector.expect;
  const input = toBytes(expand(vector.wire));
  const both = [api.Http11Send, api.Http10Send];
  for (const Send of vector.via === "http11" ? [api.Http11Send] : both) {
    const make = () => new Send(makeRequest(api, vector.request));
    const whole = drive(make(), input, []);
    const found = whole.steps.filter((step) => step.type === "WantsRedirect");
    equal(
      "redirects",
      found.map(({ url, sameOrigin }) => ({ url, sameOrigin })),
      redirect === null ? [] : [redirect],
    );
    const [, ...ends] = whole.steps;
    const { type: _, ...ok } = ends.at(-1)!;
    for (const { type: _, url: _url, sameOrigin: _same, ...output } of found) {
      equal("what the redirect carries", sorted(output), sorted(ok));
    }
    const ending = { kind: "message", at: input.length } as const;
    sweep({ make, input, eof: false, ending }, whole);
  }
  if (next !== undefined) checkNext(api, vector, next);
}

function sorted(fields: object): unknown {
  return Object.entries(fields).sort(([a], [b]) => a < b ? -1 : 1);
}

function checkNext(api: Api, vector: RedirectVector, next: RequestInput): void {
  const request = makeRequest(api, vector.request);
  const before = describe(request);
  const send = new api.Http11Send(request);
  send.resume();
  const step = send.resume(toBytes(expand(vector.wire)));
  if (step.type !== "WantsRedirect") throw new Error(`Gives ${step.type}`);
  const follower = api.redirectRequest(request, step);
  equal("next request", describe(follower), {
    method: next.method,
    url: next.url,
    headers: next.headers ?? [],
    body: next.body ?? "",
  });
  equal("the request that was redirected", describe(request), before);
}

function describe(request: InstanceType<Api["HttpRequest"]>): unknown {
  const { method, url, headers, body } = request;
  return plain({ method, url, headers, body });
}

/** Runs a vector of a value around authentication. */
export function runAuth(api: Api, vector: AuthVector): void {
  const { expect } = vector;
  const run = () => authOf(api, vector);
  if (!("throws" in expect)) {
    equal("value", run(), expect);
    return;
  }
  const { message, cause } = expectThrow(vector.name, expect.throws, run);
  equal("cause", cause, undefined);
  if (!/^Invalid (Basic|Bearer) credentials: /.test(message)) {
    throw new Error(`The message has another start: ${message}`);
  }
  for (const secret of secretsOf(vector)) {
    if (secret.length > 3 && message.includes(secret)) {
      throw new Error(`The message repeats the value: ${message}`);
    }
  }
}

function authOf(api: Api, vector: AuthVector): unknown {
  if ("basic" in vector) {
    const [username, password] = vector.basic;
    const basic = new api.HttpAuthBasic(username, password);
    const value = basic.toAuthorization();
    const back = api.HttpAuthBasic.fromAuthorization(value);
    equal("what is parsed from it", [back.username, back.password.expose()], [
      username,
      password,
    ]);
    return { value };
  }
  if ("parseBasic" in vector) {
    const basic = api.HttpAuthBasic.fromAuthorization(vector.parseBasic);
    return { username: basic.username, password: basic.password.expose() };
  }
  if ("userinfo" in vector) {
    const [basic, same] = [vector.userinfo, new URL(vector.userinfo)]
      .map((url) => api.HttpAuthBasic.fromUrl(url));
    equal("of a URL", plain(same), plain(basic));
    const { username = null, password = null } = basic ?? {};
    return { username, password: password?.expose() ?? null };
  }
  if ("bearer" in vector) {
    const value = new api.HttpAuthBearer(vector.bearer).toAuthorization();
    const back = api.HttpAuthBearer.fromAuthorization(value);
    equal("what is parsed from it", back.token.expose(), vector.bearer);
    return { value };
  }
  if ("parseBearer" in vector) {
    const bearer = api.HttpAuthBearer.fromAuthorization(vector.parseBearer);
    return { token: bearer.token.expose() };
  }
  const challenges = api.HttpChallenge.parseAll(vector.challenges);
  return {
    challenges: challenges.map((challenge) => {
      const { scheme, token68, params } = challenge;
      equal("param()", challenge.param("absent"), undefined);
      for (const [name, value] of params) {
        equal("param()", challenge.param(name.toUpperCase()), value);
      }
      return { scheme, token68, params: [...params] };
    }),
  };
}

/** The texts of a vector that no message may repeat. */
function secretsOf(vector: AuthVector): string[] {
  if ("basic" in vector) return [...vector.basic];
  if ("userinfo" in vector) return ["adam", "ada:", "hush"];
  if ("bearer" in vector) return [vector.bearer];
  if ("challenges" in vector) return [];
  const value = "parseBasic" in vector ? vector.parseBasic : vector.parseBearer;
  return value.replace(/\b(basic|bearer)\b/gi, "").split(/[ \t]/);
}

/** Runs a vector of a well-known look-up, in every cut. */
export function runWellKnown(api: Api, vector: WellKnownVector): void {
  const { base, service, headers, expect } = vector;
  const make = () =>
    headers === undefined
      ? new api.WellKnown(base, service)
      : new api.WellKnown(base, service, { headers });
  if ("throws" in expect) {
    expectThrow(vector.name, expect.throws, make);
    return;
  }
  const input = toBytes(expand(vector.wire));
  const whole = drive(make(), input, []);
  const [write, end] = whole.steps;
  equal("what is written", write?.bytes, expect.written);
  const { response, redirect } = end as Record<string, unknown>;
  const { status, body } = response as Record<string, unknown>;
  equal("outcome", { status, body, redirect }, {
    status: expect.status,
    body: expect.body,
    redirect: expect.redirect,
  });
  const ending = { kind: "message", at: input.length } as const;
  sweep({ make, input, eof: false, ending }, whole);
}
