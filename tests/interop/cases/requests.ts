// What is sent: bodies, asked for and refused.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import { assertBytes, type Run, Session } from "../_session.ts";

// More than what the buffers of a loopback connection take.
const TOO_MUCH = 16_000_000;
const PIECE_BYTES = 65536;

/** A body with a Content-Length, whole and streamed. */
export async function post(run: Run): Promise<void> {
  await using session = await Session.open(run);
  const url = session.url("/echo");
  for (const body of [run.site.hello, run.site.lines]) {
    const { response } = await session.send(HttpRequest.post(url, { body }));
    assertEquals(response.status, 200);
    assertBytes(response.body, body);
    const request = HttpRequest.post(url, {
      headers: { "Content-Length": String(body.length) },
    });
    const streamed = await session.stream(request, { body: pieces(body) });
    assertEquals(streamed.response.status, 200);
    assertBytes(streamed.body, body);
  }
}

/** A chunked body, whole and streamed. */
export async function upload(run: Run): Promise<void> {
  await using session = await Session.open(run);
  const { lines } = run.site;
  const url = session.url("/echo");
  const headers = { "Transfer-Encoding": "chunked" };
  const { response } = await session.send(
    HttpRequest.post(url, { headers, body: lines }),
  );
  assertEquals(response.status, 200);
  assertBytes(response.body, lines);
  const streamed = await session.stream(HttpRequest.post(url), {
    body: pieces(lines),
  });
  assertEquals(streamed.response.status, 200);
  assertBytes(streamed.body, lines);
}

/** A body that waits for the server to ask for it, for ever if need be. */
export async function expect(run: Run): Promise<void> {
  await using session = await Session.open(run);
  const { hello, lines } = run.site;
  const url = session.url("/echo");
  for (const body of [hello, lines]) {
    const { response, body: echoed, interim } = await session.stream(
      HttpRequest.post(url, { headers: { "Expect": "100-continue" }, body }),
      { continueTimeout: Infinity },
    );
    assertEquals(interim, [100]);
    assertEquals(response.status, 200);
    assertBytes(echoed, body);
  }
  await session.checkInStep();
}

/** A body that waits for the server to ask for it, which it does not. */
export async function refused(run: Run): Promise<void> {
  await using session = await Session.open(run);
  let taken = 0;
  const body = new ReadableStream({
    pull(controller) {
      taken++;
      controller.enqueue(new Uint8Array(PIECE_BYTES));
    },
  }, { highWaterMark: 0 });
  const interim: number[] = [];
  const exchange = await session.client.exchange(
    HttpRequest.post(session.url("/private/hello"), {
      headers: { "Expect": "100-continue" },
    }),
    {
      body,
      continueTimeout: Infinity,
      onInterim: ({ status }) => interim.push(status),
      signal: run.signal,
    },
  );
  assertEquals(exchange.response.status, 401);
  await exchange.bytes();
  assertEquals(await exchange.uploaded, false);
  // Most servers say that they will close.
  const { closeReason } = await exchange.closed;
  assertMatch(`${closeReason}`, /^(?:ResponseClose|RequestIncomplete)$/);
  assertEquals(interim, []);
  assertEquals(taken, 0);
  assertEquals(session.client.reusable, false);
}

/** A long body whose answer comes before it was sent. */
export async function early(run: Run): Promise<void> {
  {
    await using session = await Session.open(run);
    const { response } = await session.client.send(
      HttpRequest.post(session.url("/private/hello"), {
        body: new Uint8Array(TOO_MUCH),
      }),
      { signal: run.signal },
    );
    assertEquals(response.status, 401);
  }
  await using session = await Session.open(run);
  const exchange = await session.client.exchange(
    HttpRequest.post(session.url("/private/hello")),
    { body: pieces(new Uint8Array(TOO_MUCH)), signal: run.signal },
  );
  assertEquals(exchange.response.status, 401);
  assert((await exchange.bytes()).length >= 0);
  await exchange.closed;
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield await Promise.resolve(bytes.subarray(at, at + PIECE_BYTES));
  }
}
