// What a peer can do to a connection, at every stage of an exchange: cut it off,
// end it, say nothing more, say it byte by byte, or before it is asked. Every
// call ends, and says why; the connection is closed, which the peer sees.

import { assertEquals, assertRejects } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import type { HttpClient } from "@pimalaya/io-http/client";
import { endless, rejection, settle, streamOf } from "../client/_client.ts";
import { bounded, type Kind, openPeer } from "./_peer.ts";
import {
  type CallName,
  CALLS,
  isEof,
  isReset,
  reach,
  type Running,
  type Stage,
  STAGES,
  TLS_STAGES,
} from "./_stages.ts";

const REASON = new Error("Enough");

const PLACES: readonly (readonly [Kind, readonly Stage[]])[] = [
  ["TCP", STAGES],
  ["TLS", TLS_STAGES],
];

/** Checks that all of a call is over, for one reason. */
async function checkEnds(
  { ends, stopped }: Running,
  client: HttpClient,
  isRight: (error: unknown) => boolean,
): Promise<void> {
  const errors = await Promise.all(ends.map(rejection));
  for (const error of errors) {
    assertEquals(isRight(error), true, Deno.inspect(error));
    assertEquals(error, errors[0]);
  }
  await stopped;
  assertEquals(client.reusable, false);
  await assertRejects(
    () => client.send(HttpRequest.get("http://127.0.0.1/")),
    TypeError,
    "closed",
  );
  await client.close();
}

for (const [kind, stages] of PLACES) {
  for (const stage of stages) {
    for (const call of CALLS) {
      const where = `${stage.name}, over ${kind}`;

      Deno.test(
        `${call} rejects with the peer's reset ${where}`,
        bounded(async () => {
          const ends = await openPeer(kind);
          await using peer = ends.peer;
          const running = await reach(stage, call, ends);
          await peer.reset();
          await checkEnds(running, ends.client, isReset);
        }),
      );

      Deno.test(
        `${call} rejects the peer's end of file ${where}`,
        bounded(async () => {
          const ends = await openPeer(kind);
          await using peer = ends.peer;
          const running = await reach(stage, call, ends);
          peer.halfClose();
          await checkEnds(running, ends.client, isEof);
          await peer.gone();
        }),
      );

      Deno.test(
        `${call} rejects with its signal's reason where the peer is silent ${where}`,
        bounded(async () => {
          const ends = await openPeer(kind);
          await using peer = ends.peer;
          const controller = new AbortController();
          const running = await reach(stage, call, ends, controller.signal);
          controller.abort(REASON);
          await checkEnds(running, ends.client, (error) => error === REASON);
          await peer.gone();
        }),
      );
    }
  }
}

for (const stage of TLS_STAGES) {
  for (const call of CALLS) {
    Deno.test(
      `${call} rejects what is no TLS ${stage.name}`,
      bounded(async () => {
        const ends = await openPeer("TLS");
        await using peer = ends.peer;
        const running = await reach(stage, call, ends);
        peer.writeRaw("HTTP/1.1 200 OK\r\n\r\n");
        await checkEnds(running, ends.client, isReset);
        await peer.gone();
      }),
    );
  }
}

/** Makes an exchange, and tells all that came of it. */
async function outcome(
  client: HttpClient,
  call: CallName,
  request: HttpRequest,
) {
  const interim: number[] = [];
  if (call === "send") {
    const { response, ...end } = await client.send(request);
    const { status, reason, headers, body, trailers } = response;
    interim.push(...end.interim.map(({ status }) => status));
    const { keepAlive, closeReason } = end;
    const closed = { keepAlive, closeReason };
    const fields = [[...headers], [...trailers]];
    return { status, reason, interim, fields, body, closed };
  }
  const exchange = await client.exchange(request, {
    onInterim({ status }) {
      interim.push(status);
    },
  });
  const body = await exchange.bytes();
  const { status, reason, headers } = exchange.response;
  const closed = await exchange.closed;
  const fields = [[...headers], [...await exchange.trailers]];
  return { status, reason, interim, fields, body, closed };
}

const MANY_PARTS = [
  "\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
  "HTTP/1.1 200 All right\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n",
  "x-a: 2,\r\n 3\r\n\r\n",
  '5 ;a="b;c"\r\nhello\r\n00B\r\n, you there\r\n0;last\r\nA: 1\r\nB: 2\r\n\r\n',
].join("");

for (const kind of ["TCP", "TLS"] as const) {
  for (const call of CALLS) {
    Deno.test(
      `${call} returns the same of a response that comes byte by byte, over ${kind}`,
      bounded(async () => {
        const { url, client, peer: server } = await openPeer(kind);
        await using peer = server;
        const whole = outcome(client, call, HttpRequest.get(url));
        await peer.readUntil("\r\n\r\n");
        await peer.write(MANY_PARTS);
        const expected = await whole;
        assertEquals(expected.interim, [103]);
        assertEquals(
          new TextDecoder().decode(expected.body),
          "hello, you there",
        );
        assertEquals(expected.fields, [
          [["X-A", "1"], ["Transfer-Encoding", "chunked"], ["x-a", "2, 3"]],
          [["A", "1"], ["B", "2"]],
        ]);
        const cut = outcome(client, call, HttpRequest.get(url));
        await peer.readUntil("\r\n\r\n");
        for (const byte of MANY_PARTS) await peer.write(byte);
        assertEquals(await cut, expected);
        assertEquals(client.reusable, true);
        await client.close();
        await peer.gone();
      }),
    );
  }
}

const HI = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const REFUSAL =
  "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy";

for (const call of CALLS) {
  Deno.test(
    `${call} returns the refusal of a peer that reads little of a large upload`,
    bounded(async () => {
      const { url, client, peer: server } = await openPeer("TCP");
      await using peer = server;
      const refusing = peer.readUntil("\r\n\r\n").then(async () => {
        await peer.write(REFUSAL);
        peer.halfClose();
      });
      const source = streamOf(endless(2 ** 20));
      if (call === "send") {
        const request = HttpRequest.post(url, {
          body: new Uint8Array(2 ** 24),
        });
        const { response, closeReason } = await client.send(request);
        assertEquals(response.text(), "busy");
        assertEquals(closeReason, "ResponseClose");
      } else {
        const { body } = source;
        const exchange = await client.exchange(HttpRequest.post(url), { body });
        assertEquals(await exchange.text(), "busy");
        const { closeReason } = await exchange.closed;
        assertEquals(closeReason, "ResponseClose");
        await source.stopped;
      }
      await refusing;
      assertEquals(client.reusable, false);
      await peer.gone();
    }),
  );

  Deno.test(
    `${call} closes a connection on which a second answer comes with the first`,
    bounded(async () => {
      const { url, client, peer: server } = await openPeer("TCP");
      await using peer = server;
      const answering = outcome(client, call, HttpRequest.get(url));
      await peer.readUntil("\r\n\r\n");
      await peer.write(HI + REFUSAL);
      assertEquals((await answering).status, 200);
      assertEquals(client.reusable, false);
      await assertRejects(() => client.send(HttpRequest.get(url)), TypeError);
      await peer.gone();
    }),
  );

  Deno.test(
    `${call} rejects a body that ends with the connection, where that is cut off`,
    bounded(async () => {
      const { url, client, peer: server } = await openPeer("TCP");
      await using peer = server;
      const answering = outcome(client, call, HttpRequest.get(url));
      const failing = rejection(answering);
      await peer.readUntil("\r\n\r\n");
      await peer.write("HTTP/1.1 200 OK\r\n\r\nsome");
      await settle();
      await peer.reset();
      assertEquals(isReset(await failing), true);
      assertEquals(client.reusable, false);
    }),
  );
}
