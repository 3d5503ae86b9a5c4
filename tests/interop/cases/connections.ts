// What becomes of the connection.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import { assertBytes, checkLarge, type Run, Session } from "../_session.ts";

/** 100 requests over one connection. */
export async function persistence(run: Run): Promise<void> {
  await using session = await Session.open(run);
  const { client } = session;
  for (let i = 0; i < 100; i++) {
    await session.checkInStep();
    assert(session.client === client, `Request ${i} took another connection`);
  }
}

/** A request that asks for the connection to be closed. */
export async function close(run: Run): Promise<void> {
  await using session = await Session.open(run);
  const { client } = session;
  const request = HttpRequest.get(session.url("/hello"))
    .header("Connection", "close");
  const output = await client.send(request, { signal: run.signal });
  assertBytes(output.response.body, run.site.hello);
  const { saysClose = true } = run.server;
  assertEquals(
    output.closeReason,
    saysClose ? "ResponseClose" : "RequestClose",
  );
  assertEquals(output.keepAlive, false);
  assertEquals(client.reusable, false);
  await assertRejects(() => client.send(request), TypeError, "closed");
}

/** HTTP/1.0, where nothing is chunked and the connection closes. */
export async function http10(run: Run): Promise<void> {
  for (const [path, body] of bodies(run)) {
    await using session = await Session.open(run);
    const output = await session.client.sendHttp10(
      HttpRequest.get(session.url(path)),
      { signal: run.signal },
    );
    checkHttp10(run, output, body);
  }
}

/** HTTP/1.0 that asks for the connection to be kept. */
export async function http10KeepAlive(run: Run): Promise<void> {
  await using session = await Session.open(run);
  for (let i = 0; i < 3; i++) {
    const request = HttpRequest.get(session.url("/hello"))
      .header("Connection", "keep-alive");
    const { response, closeReason } = await session.client.sendHttp10(
      request,
      { signal: run.signal },
    );
    assertEquals(response.status, 200);
    assertBytes(response.body, run.site.hello);
    assertEquals(closeReason, null);
  }
}

/** Sized, chunked and large bodies over TLS, on one connection. */
export async function tls(run: Run): Promise<void> {
  await using session = await Session.open(run, { tls: true });
  for (let i = 0; i < 5; i++) {
    for (const [path, body] of bodies(run)) {
      const { response } = await session.get(path);
      assertEquals(response.status, 200);
      assertBytes(response.body, body);
    }
  }
  await checkLarge(run, session);
}

/** A body over TLS that ends where the server says that nothing follows. */
export async function tlsClose(run: Run): Promise<void> {
  await using session = await Session.open(run, { tls: true });
  const output = await session.client.sendHttp10(
    HttpRequest.get(session.url("/lines")),
    { signal: run.signal },
  );
  checkHttp10(run, output, run.site.lines);
  assertEquals(output.closeReason, "ReadToClose");
}

function bodies({ site }: Run): [path: string, body: Uint8Array][] {
  return [["/hello", site.hello], ["/lines", site.lines]];
}

type Output = Awaited<ReturnType<Session["client"]["sendHttp10"]>>;

function checkHttp10(
  { server }: Run,
  output: Output,
  body: Uint8Array,
): void {
  const { response, closeReason, keepAlive } = output;
  assertEquals(response.status, 200);
  assertBytes(response.body, body);
  assertEquals(response.header("Transfer-Encoding"), null);
  // An answer in HTTP/1.1 that names no `close` tells nothing of what comes.
  if ((server.saysClose ?? true) || response.version === "HTTP/1.0") {
    assertEquals(keepAlive, false);
  }
  if (!response.headers.has("Content-Length")) {
    assertEquals(closeReason, "ReadToClose");
  }
}
