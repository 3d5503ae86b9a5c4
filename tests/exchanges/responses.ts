// Responses with and without bodies.

import { assert, assertEquals } from "@std/assert";
import {
  HttpAuthBasic,
  HttpRequest,
  type HttpResponse,
  redirectRequest,
} from "../../mod.ts";
import { assertOk, type Run, Session } from "./_session.ts";
import { HELLO, LINES, PASSWORD, REALM, USER } from "./_site.ts";

const CONDITIONS = {
  "ETag": "If-None-Match",
  "Last-Modified": "If-Modified-Since",
} as const;

/** The cases, by their title. */
export const RESPONSES = {
  async "Sized body"(run: Run) {
    for (const response of await getTwice(run, "/hello", HELLO)) {
      assertSized(response, HELLO);
    }
  },

  async "Chunked body"(run: Run) {
    for (const response of await getTwice(run, "/lines", LINES)) {
      assertEquals(response.header("Content-Length"), null);
      assertEquals(response.header("Transfer-Encoding"), "chunked");
    }
  },

  async "HEAD"(run: Run) {
    const session = await Session.open(run);
    for (const path of ["/hello", "/lines"]) {
      const request = HttpRequest.head(session.url(path));
      const { response } = await session.send(request);
      assertOk({ response }, new Uint8Array(0));
      if (path === "/hello") assertSized(response, HELLO);
      await session.checkInStep();
    }
  },

  async "204 without a body"(run: Run) {
    const session = await Session.open(run);
    const response = await session.get("/empty");
    assertEquals([response.status, response.body.length], [204, 0]);
    await session.checkInStep();
  },

  async "304 by a validator"(run: Run) {
    const session = await Session.open(run);
    const first = await session.get("/hello");
    const both = ["ETag", "Last-Modified"] as const;
    for (const validator of run.habits.validators ?? both) {
      const value = first.header(validator);
      assert(value !== null, `There is no ${validator}`);
      const condition = { [CONDITIONS[validator]]: value };
      const response = await session.get("/hello", condition);
      assertEquals([response.status, response.body.length], [304, 0]);
      await session.checkInStep();
    }
  },

  async "206 of a range"(run: Run) {
    const session = await Session.open(run);
    const response = await session.get("/hello", { "Range": "bytes=6-14" });
    assertEquals(response.status, 206);
    const range = response.header("Content-Range");
    assertEquals(range, `bytes 6-14/${HELLO.length}`);
    assertEquals(response.body, HELLO.slice(6, 15));
    await session.checkInStep();
  },

  /** It is returned to the caller, which follows it. */
  async "Redirect"(run: Run) {
    const session = await Session.open(run);
    const request = HttpRequest.get(session.url("/moved"));
    const moved = await session.send(request);
    assertEquals(moved.response.status, 301);
    assertEquals(moved.redirect?.url.href, session.url("/moved/"));
    assertEquals(moved.redirect?.sameOrigin, true);
    const next = redirectRequest(request, moved);
    assertOk(await session.send(next), HELLO);
  },

  async "Basic: 401, then 200"(run: Run) {
    const session = await Session.open(run);
    const url = session.url("/private/hello");
    const withPassword = (password: string) =>
      HttpRequest.get(url).header(
        "Authorization",
        new HttpAuthBasic(USER, password).toAuthorization(),
      );
    const { response } = await session.send(HttpRequest.get(url));
    assertEquals(response.status, 401);
    const challenges = response.challenges();
    assertEquals(challenges.map(({ scheme }) => scheme), ["basic"]);
    assertEquals(challenges[0]!.param("realm"), REALM);
    assertOk(await session.send(withPassword(PASSWORD)), HELLO);
    // Some servers hold a wrong password against the connection, and close it.
    const wrong = await session.client.send(withPassword("wrong"));
    assertEquals(wrong.response.status, 401);
  },
};

/** Gets a path whole and streamed, and returns both responses. */
async function getTwice(
  run: Run,
  path: string,
  expected: Uint8Array,
): Promise<HttpResponse[]> {
  const session = await Session.open(run);
  const request = HttpRequest.get(session.url(path));
  const whole = await session.send(request);
  assertOk(whole, expected);
  const streamed = await session.stream(request);
  assertOk(streamed, expected);
  await session.checkInStep();
  return [whole.response, streamed.response];
}

function assertSized(response: HttpResponse, body: Uint8Array): void {
  assertEquals(response.header("Content-Length"), String(body.length));
  assertEquals(response.header("Transfer-Encoding"), null);
}
