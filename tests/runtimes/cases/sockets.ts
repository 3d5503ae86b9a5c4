// Reads and writes at the end of a connection, below HTTP.

import { readFrom, writeTo } from "../../../client/transport/transport.ts";
import { nextTurn } from "../../../client/transport/turn.ts";
import { equal } from "../../_sweep.ts";
import { toBytes } from "../../_text.ts";
import {
  type Action,
  type Case,
  casesOf,
  type Group,
  reasonOf,
} from "./_case.ts";
import { open, openPeer, readUntil } from "./_transports.ts";

const MEGABYTES = new Uint8Array(20_000_000);

/** Reads and writes at the end of a connection. */
export const SOCKETS: Group = {
  title: "Sockets: end of file, reset, abort, half-close",
  cases: [...casesOver(false), ...casesOver(true)],
};

function casesOver(tls: boolean): Case[] {
  const over = tls ? "over TLS" : "over TCP";
  const ofTransports = casesOf(tls ? "tls" : "transport", {
    async [`a read ${over} returns null at end of file, for good`](env) {
      // Node's server sends no close_notify before it has read something.
      const script: Action[] = [{ read: 1 }, { write: "last" }, "fin", "eof"];
      const { peer, transport } = await openPeer(env, script, tls);
      await writeTo(transport, [toBytes("x")]);
      equal("text", await readUntil(transport, "last"), "last");
      equal("end", await readFrom(transport), null);
      equal("end", await readFrom(transport), null);
      await writeTo(transport, [toBytes("late")]);
      await transport.close();
      equal("received", (await peer.closed()).received, "xlate");
    },

    async [`a read ${over} rejects at a reset`](env) {
      const script: Action[] = [{ read: 1 }, "reset"];
      const { transport } = await openPeer(env, script, tls);
      const reading = reasonOf(readFrom(transport));
      await writeTo(transport, [toBytes("x")]);
      equal("code", (await reading as { code?: unknown }).code, "ECONNRESET");
      await transport.close();
    },

    async [`abort ${over} settles the read and the blocked write`](env) {
      const script: Action[] = ["pause", "signal"];
      const { transport } = await openPeer(env, script, tls);
      const settled = Promise.allSettled([
        readFrom(transport),
        writeTo(transport, [MEGABYTES]),
      ]);
      await nextTurn();
      transport.abort(new Error("Enough"));
      const kinds = (await settled).map(({ status }) => status);
      equal("outcomes", kinds, ["rejected", "rejected"]);
      equal(
        "later",
        await reasonOf(readFrom(transport)) instanceof Error,
        true,
      );
      await transport.close();
    },

    async [`close ${over} ends the connection in order`](env) {
      const { peer, transport } = await openPeer(env, [], tls);
      const reading = readFrom(transport).catch(() => null);
      await writeTo(transport, [toBytes("a"), toBytes("b"), MEGABYTES]);
      await transport.close();
      equal("read", await reading, null);
      await transport.close();
      const { received, open } = await peer.closed();
      equal("facts", [received.length, open], [2 + MEGABYTES.length, 0]);
    },

    async [`all bytes come through ${over} to a slow reader`](env) {
      const times = 2_000_000;
      const digits = { write: "0123456789", times };
      const script: Action[] = [{ read: 1 }, digits, "fin"];
      const { transport } = await openPeer(env, script, tls);
      await writeTo(transport, [toBytes("x")]);
      let length = 0;
      for (let bytes; (bytes = await readFrom(transport)) !== null;) {
        for (const byte of bytes) {
          if (byte !== 0x30 + length % 10) {
            throw new Error(`Byte ${length} differs`);
          }
          length++;
        }
        transport.recycle(bytes);
        await nextTurn();
      }
      equal("length", length, 10 * times);
      await transport.close();
    },

    async [`the streams of a connection ${over} reject what cannot be sent`](
      env,
    ) {
      const bytes = toBytes("late");
      const script: Action[] = [{ read: 1 }, { write: "y" }];
      for (
        const chunk of [bytes, "end", "text", [1], new ArrayBuffer(1), null]
      ) {
        const peer = await env.peer([script], { tls });
        const connection = await open(env, peer.port, tls ? {} : null);
        const writer = connection.writable.getWriter();
        const reader = connection.readable.getReader();
        await writer.write(toBytes("x"));
        equal("read", (await reader.read()).value?.length, 1);
        const reading = reasonOf(reader.read());
        const isMistake = chunk !== bytes && chunk !== "end";
        const enough = new Error("Enough");
        if (!isMistake) connection.abort!(enough);
        const reason = await reasonOf(
          chunk === "end"
            ? writer.close()
            : writer.write(chunk as typeof bytes),
        );
        equal("mistake", reason instanceof TypeError, isMistake);
        equal("reason", isMistake || reason === enough, true);
        equal("ends both", await reading === reason, true);
        equal("received", (await peer.closed()).received, "x");
      }
    },
  });
  const ofStreams = casesOf(tls ? "tls" : "sockets", {
    async [`the streams of a connection ${over} end one by one`](env) {
      const script: Action[] = ["eof", { write: "answer" }];
      const peer = await env.peer([script], { tls });
      const connection = await open(env, peer.port, tls ? {} : null);
      const writer = connection.writable.getWriter();
      await writer.write(toBytes("question"));
      await writer.close();
      const text = await new Response(connection.readable).text();
      equal("text", text, "answer");
      equal("received", (await peer.closed()).received, "question");
    },
  });
  return [...ofTransports, ...ofStreams];
}
