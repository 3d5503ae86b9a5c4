// Requests with bodies, asked for and refused.

import { assertEquals, assertMatch } from "@std/assert";
import { HttpRequest } from "../../mod.ts";
import { assertOk, type Run, Session } from "./_session.ts";
import { HELLO, LINES } from "./_site.ts";

// More than the buffers of a loopback connection take.
const TOO_MUCH = new Uint8Array(16_000_000);
const PIECE_BYTES = 65536;

/** The cases, by their title. */
export const REQUESTS = {
  async "POST"(run: Run) {
    for (const body of [HELLO, LINES]) {
      await postTwice(run, body, { "Content-Length": String(body.length) });
    }
  },

  async "POST, chunked"(run: Run) {
    await postTwice(run, LINES, { "Transfer-Encoding": "chunked" });
  },

  /** The body waits for the server to ask for it, for ever if need be. */
  async "POST, 100-continue"(run: Run) {
    const session = await Session.open(run);
    for (const body of [HELLO, LINES]) {
      const headers = { "Expect": "100-continue" };
      const streamed = await session.stream(
        HttpRequest.post(session.url("/echo"), { headers, body }),
        { continueTimeout: Infinity },
      );
      assertEquals(streamed.interim, [100]);
      assertOk(streamed, body);
    }
    await session.checkInStep();
  },

  /** The body waits for the server to ask for it, which it does not. */
  async "POST, refused before the body"(run: Run) {
    const session = await Session.open(run);
    let taken = 0;
    let isCanceled = false;
    const body = new ReadableStream({
      pull(controller) {
        taken++;
        controller.enqueue(new Uint8Array(PIECE_BYTES));
      },
      cancel() {
        isCanceled = true;
      },
    }, { highWaterMark: 0 });
    const interim: number[] = [];
    const headers = { "Expect": "100-continue" };
    const exchange = await session.client.exchange(
      HttpRequest.post(session.url("/private/hello"), { headers }),
      {
        body,
        continueTimeout: Infinity,
        onInterim: ({ status }) => interim.push(status),
      },
    );
    assertEquals(exchange.response.status, 401);
    await exchange.bytes();
    assertEquals(await exchange.uploaded, false);
    // Most servers say that they will close.
    const { closeReason } = await exchange.closed;
    assertMatch(`${closeReason}`, /^(?:ResponseClose|RequestIncomplete)$/);
    assertEquals([interim, taken, isCanceled], [[], 0, true]);
    assertEquals(session.client.reusable, false);
  },

  /** The body is long, and its response comes before it was sent. */
  async "POST, response before its end"(run: Run) {
    const whole = await Session.open(run);
    const url = whole.url("/private/hello");
    const { response } = await whole.client.send(
      HttpRequest.post(url, { body: TOO_MUCH }),
    );
    assertEquals(response.status, 401);
    const { client } = await Session.open(run);
    const body = pieces(TOO_MUCH);
    const exchange = await client.exchange(HttpRequest.post(url), { body });
    assertEquals(exchange.response.status, 401);
    await exchange.bytes();
    await exchange.closed;
  },
};

/** Posts a body whole and streamed, framed by the given field. */
async function postTwice(
  run: Run,
  body: Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<void> {
  const session = await Session.open(run);
  const url = session.url("/echo");
  const request = HttpRequest.post(url, { headers, body });
  assertOk(await session.send(request), body);
  const streamed = HttpRequest.post(url, { headers });
  assertOk(await session.stream(streamed, { body: pieces(body) }), body);
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield await Promise.resolve(bytes.subarray(at, at + PIECE_BYTES));
  }
}
