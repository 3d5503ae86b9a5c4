// Connections that a coroutine leaves while its write is blocked, and that
// somebody else goes on with.

import type { HttpCoroutine } from "../../../coroutine.ts";
import { HttpClient } from "../../../client/mod.ts";
import { nextTurn } from "../../../client/transport/turn.ts";
import { HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import { toBytes } from "../../_text.ts";
import {
  type Action,
  type Case,
  casesOf,
  type Env,
  type Group,
  type Peer,
  reasonOf,
} from "./_case.ts";
import { open } from "./_transports.ts";

/** The size of one write of `run`. */
const WRITE_BYTES = 65536;

/** More than the system buffers, twice. */
const LEFT = patternOf("abcdefghijklmnopqrstuvw", 320 * WRITE_BYTES);
const NEXT = patternOf("ABCDEFGHIJKLMNOPQRS", 40_000_000);

/** What a peer does until the client is told to go on. */
const BLOCKED: Action[] = ["pause", { write: "ee" }, "signal", "resume"];

/** Connections that are handed over while a write is blocked. */
export const HANDOVERS: Group = {
  title: "Connections left during a write",
  cases: [
    ...casesOver("backpressure"),
    ...casesOver("tls"),
    ...casesOf("sockets", {
      "a write over TCP is not done when the one that was left is": (env) =>
        waitsForItsOwn(env, false),
      "an end of file over TCP ends no write that was left": (env) =>
        outlivesEnd(env, false),
    }),
    ...casesOf("tls", {
      "a write over TLS is not done when the one that was left is": (env) =>
        waitsForItsOwn(env, true),
      "an end of file over TLS ends no write that was left": (env) =>
        outlivesEnd(env, true),
      "TLS starts over TCP after the writes that were left": (env) =>
        startsTls(env, false),
      "TLS starts over TLS after the writes that were left": (env) =>
        startsTls(env, true),
      "TLS that waits for the write that was left can be aborted": abortsTls,
    }),
  ],
};

function casesOver(needs: "backpressure" | "tls"): Case[] {
  const tls = needs === "tls";
  const over = tls ? "over TLS" : "over TCP";
  return casesOf(needs, {
    async [`what follows ${over} comes after the writes that were left`](env) {
      const { peer, client } = await leave(env, BLOCKED, tls);
      await client.run(writeUntilAnswered(toBytes("second")));
      const writer = client.detach().writable.getWriter();
      const writing = writer.write(toBytes("third"));
      const closing = writer.close();
      await peer.signal();
      await Promise.all([writing, closing]);
      await checkReceived(peer, "secondthird");
    },

    async [`an end ${over} comes after the write that was left`](env) {
      const { peer, client } = await leave(env, BLOCKED, tls);
      const closing = client.detach().writable.close();
      await peer.signal();
      await closing;
      await checkReceived(peer, "");
    },

    async [`a client ${over} goes on after the write that was left`](env) {
      const script: Action[] = [
        ...BLOCKED,
        "head",
        { write: "HTTP/1.1 204 No Content\r\n\r\n" },
      ];
      const { peer, client } = await leave(env, script, tls);
      // Given up twice, and nothing is lost in between.
      const other = new HttpClient(client.detach());
      const last = env.use(new HttpClient(other.detach()));
      // The second byte of what the peer has written.
      await last.run(readOnce());
      const sending = last.send(HttpRequest.get("http://example.com/"));
      await peer.signal();
      equal("status", (await sending).response.status, 204);
      await last.close();
      const head = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
      await checkReceived(peer, head);
    },

    async [`what waits ${over} for a write that was left fails with it`](env) {
      const script: Action[] = ["pause", { write: "ee" }, "signal", "reset"];
      for (const how of ["reset", "abort"] as const) {
        const { peer, client } = await leave(env, script, tls);
        const connection = client.detach();
        const writer = connection.writable.getWriter();
        const failing = Promise.all([
          writer.write(toBytes("never")),
          writer.close(),
          writer.closed,
        ].map(reasonOf));
        if (how === "reset") await peer.signal();
        else if (connection.abort) connection.abort(new Error("Enough"));
        else {
          await Promise.allSettled([
            connection.readable.cancel(),
            writer.abort(),
          ]);
        }
        await failing;
        if (how === "abort") await peer.signal();
        const { received } = await peer.closed();
        equal("unwritten", received.includes("never"), false);
      }
    },

    async [`close ${over} waits for nobody who does not read`](env) {
      const { peer, client } = await leave(env, BLOCKED, tls);
      const other = new HttpClient(client.detach());
      await other.close();
      await peer.signal();
      await peer.closed();
    },
  });
}

async function waitsForItsOwn(env: Env, tls: boolean): Promise<void> {
  const script: Action[] = [
    ...BLOCKED,
    { read: 4_000_000 },
    "pause",
    { write: "paused" },
    "signal",
    "resume",
  ];
  const { peer, client } = await leave(env, script, tls);
  const { readable, writable } = client.detach();
  const writer = writable.getWriter();
  let isDone = false;
  const writing = writer.write(NEXT).then(() => isDone = true);
  await peer.signal();
  const reader = readable.getReader();
  let text = "";
  while (!text.endsWith("paused")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The end of file comes after ${text}`);
    text += new TextDecoder().decode(value);
  }
  for (let i = 0; i < 10; i++) await nextTurn();
  equal("done", isDone, false);
  await peer.signal();
  await writing;
  await writer.close();
  await checkReceived(peer, NEXT);
}

async function outlivesEnd(env: Env, tls: boolean): Promise<void> {
  // Node's server sends no close_notify before it has read something.
  const script: Action[] = [
    { read: 1 },
    "pause",
    { write: "ee" },
    "fin",
    "signal",
    "resume",
  ];
  const { peer, client } = await leave(env, script, tls);
  const { readable, writable } = client.detach();
  equal("text", await new Response(readable).text(), "e");
  const writer = writable.getWriter();
  const writing = Promise.all([writer.write(toBytes("late")), writer.close()]);
  await peer.signal();
  await writing;
  await checkReceived(peer, "late");
}

async function startsTls(env: Env, tls: boolean): Promise<void> {
  const script: Action[] = [...BLOCKED, "secure", { read: 4 }, {
    write: "safe",
  }];
  const { peer, client } = await leave(env, script, tls);
  await client.run(writeUntilAnswered(toBytes("second")));
  const starting = client.detach().startTls!({
    serverName: "localhost",
    caCerts: [env.caCert],
  });
  await peer.signal();
  const { readable, writable } = await starting;
  const writer = writable.getWriter();
  await writer.write(toBytes("over"));
  await writer.close();
  equal("text", await new Response(readable).text(), "safe");
  await checkReceived(peer, "secondover");
}

async function abortsTls(env: Env): Promise<void> {
  for (const tls of [false, true]) {
    const { peer, client } = await leave(env, BLOCKED, tls);
    await client.run(readOnce());
    const controller = new AbortController();
    const starting = client.detach().startTls!({
      serverName: "localhost",
      signal: controller.signal,
    });
    const reason = new Error("Enough");
    controller.abort(reason);
    equal("reason", await reasonOf(starting) === reason, true);
    await peer.signal();
    await peer.closed();
  }
}

/** Lets a coroutine end while its write is blocked. */
async function leave(
  env: Env,
  script: Action[],
  tls: boolean,
): Promise<{ peer: Peer; client: HttpClient }> {
  const peer = await env.peer([script], { tls });
  const stream = tls
    ? await open(env, peer.port, {})
    : await env.open(peer.port);
  const client = env.use(new HttpClient(stream));
  await client.run(writeUntilAnswered(LEFT));
  return { peer, client };
}

/** Checks what a peer has received: a part of `LEFT` in whole writes, and more. */
async function checkReceived(
  peer: Peer,
  more: string | Uint8Array,
): Promise<void> {
  const { received } = await peer.closed();
  const length = received.length - more.length;
  equal("parts of writes", length % WRITE_BYTES, 0);
  const rest = typeof more === "string" ? toBytes(more) : more;
  const expected = [LEFT.subarray(0, length), rest];
  let at = 0;
  for (const bytes of expected) {
    for (const byte of bytes) {
      if (received.charCodeAt(at) !== byte) {
        throw new Error(`Byte ${at} of ${received.length} differs`);
      }
      at++;
    }
  }
}

type Step =
  | { readonly type: "WantsWrite"; readonly bytes: Uint8Array }
  | { readonly type: "WantsRead" }
  | {
    readonly type: "Ok";
    readonly keepAlive: true;
    readonly remaining: Uint8Array;
  };

/** Writes bytes, and ends with the first byte that it reads. */
function writeUntilAnswered(bytes: Uint8Array): HttpCoroutine<Step> {
  let isWritten = bytes.length === 0;
  return {
    resume(read) {
      if (read) {
        return { type: "Ok", keepAlive: true, remaining: read.subarray(1) };
      }
      if (isWritten) return { type: "WantsRead" };
      isWritten = true;
      return { type: "WantsWrite", bytes };
    },
  };
}

/** Reads a byte. */
function readOnce(): HttpCoroutine<Step> {
  return writeUntilAnswered(new Uint8Array(0));
}

/** A text again and again, of so many bytes. */
function patternOf(text: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    bytes[at] = text.charCodeAt(at % text.length);
  }
  return bytes;
}
