// What is read: bodies, and responses that have none.

import { assert, assertEquals } from "@std/assert";
import {
  HttpAuthBasic,
  HttpRequest,
  type HttpResponse,
  redirectRequest,
} from "@pimalaya/io-http";
import { assertBytes, checkLarge, type Run, Session } from "../_session.ts";
import { PASSWORD, REALM, USER } from "../_site.ts";

const CONDITIONS = {
  "ETag": "If-None-Match",
  "Last-Modified": "If-Modified-Since",
} as const;

/** A body with a Content-Length, whole and streamed. */
export async function sized(run: Run): Promise<void> {
  await using session = await Session.open(run);
  const { response } = await session.get("/hello");
  assertSized(response, run.site.hello);
  assertBytes(response.body, run.site.hello);
  const request = HttpRequest.get(session.url("/hello"));
  const streamed = await session.stream(request);
  assertSized(streamed.response, run.site.hello);
  assertBytes(streamed.body, run.site.hello);
}

/** A chunked body, whole and streamed. */
export async function chunked(run: Run): Promise<void> {
  await using session = await Session.open(run);
  const { response } = await session.get("/lines");
  assertChunked(response);
  assertBytes(response.body, run.site.lines);
  const request = HttpRequest.get(session.url("/lines"));
  const streamed = await session.stream(request);
  assertChunked(streamed.response);
  assertBytes(streamed.body, run.site.lines);
  await session.checkInStep();
}

/** HEAD of a sized body, and of one that may be chunked. */
export async function head(run: Run): Promise<void> {
  await using session = await Session.open(run);
  for (const path of ["/hello", "/lines"]) {
    const request = HttpRequest.head(session.url(path));
    const { response } = await session.send(request);
    assertEquals(response.status, 200);
    assertEquals(response.body.length, 0);
    if (path === "/hello") assertSized(response, run.site.hello);
    await session.checkInStep();
  }
}

/** A 204. */
export async function noContent(run: Run): Promise<void> {
  await using session = await Session.open(run);
  const { response } = await session.get("/empty");
  assertEquals(response.status, 204);
  assertEquals(response.body.length, 0);
  await session.checkInStep();
}

/** A 304 for each validator of the server. */
export async function notModified(run: Run): Promise<void> {
  await using session = await Session.open(run);
  const { response } = await session.get("/hello");
  const both = ["ETag", "Last-Modified"] as const;
  for (const validator of run.server.validators ?? both) {
    const value = response.header(validator);
    assert(value !== null, `There is no ${validator}`);
    const request = HttpRequest.get(session.url("/hello"))
      .header(CONDITIONS[validator], value);
    const conditional = await session.send(request);
    assertEquals(conditional.response.status, 304);
    assertEquals(conditional.response.body.length, 0);
    await session.checkInStep();
  }
}

/** A part of a body. */
export async function range(run: Run): Promise<void> {
  await using session = await Session.open(run);
  const { hello } = run.site;
  const request = HttpRequest.get(session.url("/hello"))
    .header("Range", "bytes=6-14");
  const { response } = await session.send(request);
  assertEquals(response.status, 206);
  assertEquals(
    response.header("Content-Range"),
    `bytes 6-14/${hello.length}`,
  );
  assertBytes(response.body, hello.subarray(6, 15));
  await session.checkInStep();
}

/** A redirect, which is given to the caller, who follows it. */
export async function redirect(run: Run): Promise<void> {
  await using session = await Session.open(run);
  const request = HttpRequest.get(session.url("/moved"));
  const moved = await session.send(request);
  assertEquals(moved.response.status, 301);
  assert(moved.redirect !== null, "It is not taken for a redirect");
  assertEquals(moved.redirect.url.href, session.url("/moved/"));
  assertEquals(moved.redirect.sameOrigin, true);
  const { response } = await session.send(
    redirectRequest(request, moved),
  );
  assertEquals(response.status, 200);
  assertBytes(response.body, run.site.hello);
}

/** A challenge, and the answers to it. */
export async function basic(run: Run): Promise<void> {
  await using session = await Session.open(run);
  const url = session.url("/private/hello");
  const refused = await session.send(HttpRequest.get(url));
  assertEquals(refused.response.status, 401);
  const challenges = refused.response.challenges();
  assertEquals(challenges.map(({ scheme }) => scheme), ["basic"]);
  assertEquals(challenges[0]!.param("realm"), REALM);
  const { response } = await session.send(authorized(url, PASSWORD));
  assertEquals(response.status, 200);
  assertBytes(response.body, run.site.hello);
  // Some servers hold a wrong password against the connection, and close it.
  const wrong = await session.client.send(authorized(url, "wrong"), {
    signal: run.signal,
  });
  assertEquals(wrong.response.status, 401);
}

function authorized(url: string, password: string): HttpRequest {
  const credentials = new HttpAuthBasic(USER, password);
  return HttpRequest.get(url)
    .header("Authorization", credentials.toAuthorization());
}

/** A body of 100 MB. */
export async function large(run: Run): Promise<void> {
  await using session = await Session.open(run);
  await checkLarge(run, session);
}

function assertSized(response: HttpResponse, body: Uint8Array): void {
  assertEquals(response.status, 200);
  assertEquals(response.header("Content-Length"), String(body.length));
  assertEquals(response.header("Transfer-Encoding"), null);
}

function assertChunked(response: HttpResponse): void {
  assertEquals(response.status, 200);
  assertEquals(response.header("Content-Length"), null);
  assertEquals(response.header("Transfer-Encoding"), "chunked");
}
