// The connection after an exchange.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { HttpRequest } from "../../mod.ts";
import type { HttpClientOutput } from "../../client/mod.ts";
import { assertOk, type Run, Session } from "./_session.ts";
import { HELLO, LINES } from "./_site.ts";

const BODIES = [["/hello", HELLO], ["/lines", LINES]] as const;

/** The cases, by their title. */
export const CONNECTIONS = {
  async "100 requests on a connection"(run: Run) {
    const session = await Session.open(run);
    const { client } = session;
    for (let i = 0; i < 100; i++) {
      await session.checkInStep();
      assert(session.client === client, `Request ${i} took another connection`);
    }
  },

  async "Connection: close"(run: Run) {
    const session = await Session.open(run);
    const { client } = session;
    const headers = { "Connection": "close" };
    const request = HttpRequest.get(session.url("/hello"), { headers });
    const output = await client.send(request);
    assertOk(output, HELLO);
    const { saysClose = true } = run.habits;
    const reason = saysClose ? "ResponseClose" : "RequestClose";
    assertEquals([output.closeReason, output.keepAlive], [reason, false]);
    assertEquals(client.reusable, false);
    await assertRejects(() => client.send(request), TypeError, "closed");
  },

  /** Nothing is chunked, and the connection closes. */
  async "HTTP/1.0"(run: Run) {
    for (const [path, body] of BODIES) {
      checkHttp10(run, await getByHttp10(run, path), body);
    }
  },

  async "HTTP/1.0, keep-alive"(run: Run) {
    const session = await Session.open(run);
    const headers = { "Connection": "keep-alive" };
    const request = HttpRequest.get(session.url("/hello"), { headers });
    for (let i = 0; i < 3; i++) {
      const output = await session.client.sendHttp10(request);
      assertOk(output, HELLO);
      assertEquals(output.closeReason, null);
    }
  },

  async "100 MB by digest"(run: Run) {
    const session = await Session.open(run);
    await session.checkLarge();
  },

  /** Sized, chunked, and large bodies on one connection. */
  async "TLS"(run: Run) {
    const session = await Session.open(run, { tls: true });
    for (let i = 0; i < 5; i++) {
      for (const [path, body] of BODIES) {
        assertOk({ response: await session.get(path) }, body);
      }
    }
    await session.checkLarge();
  },

  /** It ends when the server says that nothing follows. */
  async "TLS, a body up to the close"(run: Run) {
    const output = await getByHttp10(run, "/lines", { tls: true });
    checkHttp10(run, output, LINES);
    assertEquals(output.closeReason, "ReadToClose");
  },
};

async function getByHttp10(run: Run, path: string, options?: { tls: true }) {
  const session = await Session.open(run, options);
  const request = HttpRequest.get(session.url(path));
  return await session.client.sendHttp10(request);
}

function checkHttp10(
  { habits }: Run,
  output: HttpClientOutput,
  body: Uint8Array,
): void {
  const { response, closeReason, keepAlive } = output;
  assertOk(output, body);
  assertEquals(response.header("Transfer-Encoding"), null);
  // A response in HTTP/1.1 without `close` does not decide it.
  if ((habits.saysClose ?? true) || response.version === "HTTP/1.0") {
    assertEquals(keepAlive, false);
  }
  if (!response.headers.has("Content-Length")) {
    assertEquals(closeReason, "ReadToClose");
  }
}
