// Peers that never stop: each part of a response that has no end of its own is
// ended by its limit, or by the signal. A limit is passed by one read at most,
// and the connection is closed, which the peer sees.

import { assertEquals, assertLess } from "@std/assert";
import { type HttpErrorCode, HttpRequest } from "@pimalaya/io-http";
import type { HttpClientOptions } from "@pimalaya/io-http/client";
import { CARRIES, fails, rejection, watchedSignal } from "../client/_client.ts";
import { bounded, type Kind, openPeer } from "./_peer.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const LONG = "a".repeat(1000);
const KINDS: Kind[] = ["a byte stream", "a plain stream", "TCP", "TLS"];
const MAX_BODY = { maxBodyBytes: 300_000 };

/** The most that a client reads at once, in bytes. */
const READ_BYTES = 262_144;

/**
 * A beginning, a part without end, and the error that ends it, one for each limit. The
 * number is the bytes that a client may read, except for one read.
 */
const ENDLESS: [
  name: string,
  first: string,
  again: string,
  code: HttpErrorCode,
  maxBytes: number,
  options?: HttpClientOptions,
][] = [
  ["endless field lines", OK, "A: b\r\n", "HeadTooLarge", 65_536],
  [
    "endless interim responses with large heads",
    "",
    `HTTP/1.1 103 Early Hints\r\nA: ${LONG.repeat(60)}\r\n\r\n`,
    "TooManyInterimResponses",
    33 * 60_100,
  ],
  ["another protocol", "", "SSH-2.0-Server\r\n", "InvalidStatusLine", 0],
  [
    "an endless trailer",
    `${CHUNKED}0\r\nA:`,
    LONG,
    "TrailersTooLarge",
    CHUNKED.length + 65_536,
  ],
  [
    "endless chunk extensions",
    CHUNKED,
    "1;ab\r\nc\r\n",
    "ChunkExtensionsTooLarge",
    // Each of them is some bytes of one chunk.
    CHUNKED.length + 5 * 16_384,
  ],
  [
    "an endless body without a length",
    `${OK}\r\n`,
    LONG,
    "BodyTooLarge",
    300_000,
    MAX_BODY,
  ],
  [
    "endless chunks",
    CHUNKED,
    "1\r\na\r\n",
    "BodyTooLarge",
    // A byte of data, and five of framing.
    6 * 300_001,
    MAX_BODY,
  ],
];

for (const [name, first, again, code, maxBytes, options] of ENDLESS) {
  for (const kind of KINDS) {
    for (const [call, carry] of CARRIES) {
      Deno.test(
        `${call} rejects ${name} as ${code}, over ${kind}`,
        bounded(async () => {
          await using ends = await openPeer(kind, options);
          const { client, url, peer } = ends;
          const failing = fails(carry(client, HttpRequest.get(url)), code);
          await peer.readUntil("\r\n\r\n");
          if (first !== "") await peer.write(first);
          const flooding = peer.flood(again.repeat(1 + 65_536 / again.length));
          const { progress } = await failing;
          assertLess(progress!.responseBytes, maxBytes + READ_BYTES + 1);
          assertEquals(client.reusable, false);
          await flooding;
          await peer.closed;
        }),
      );
    }
  }
}

const REASON = new Error("Enough");

for (
  const [what, first] of [
    [
      "a body of 2^53-1 bytes",
      `${OK}Content-Length: ${Number.MAX_SAFE_INTEGER}\r\n\r\n`,
    ],
    ["a chunk of 2^53-1 bytes", `${CHUNKED}1fffffffffffff\r\n`],
    ["a body without a length", `${OK}\r\n`],
  ]
) {
  for (const kind of KINDS) {
    Deno.test(
      `exchange streams ${what} until its signal aborts, over ${kind}`,
      bounded(async () => {
        await using ends = await openPeer(kind);
        const { client, url, peer } = ends;
        const { signal, abort } = watchedSignal();
        const exchanging = client.exchange(HttpRequest.get(url), { signal });
        await peer.readUntil("\r\n\r\n");
        await peer.write(first!);
        const flooding = peer.flood(LONG.repeat(65));
        const { body, closed } = await exchanging;
        const reader = body.getReader();
        let taken = 0;
        while (taken < 4_000_000) taken += (await reader.read()).value!.length;
        const reading = reader.read();
        abort(REASON);
        // It may have come before the abort, but nothing after it has.
        await reading.catch((error) => assertEquals(error, REASON));
        assertEquals(await rejection(reader.read()), REASON);
        assertEquals(await rejection(closed), REASON);
        assertEquals(client.reusable, false);
        await flooding;
        await peer.closed;
      }),
    );
  }
}

for (const kind of KINDS) {
  for (const [call, carry] of CARRIES) {
    Deno.test(
      `${call} returns a response that is followed by endless bytes, and closes, over ${kind}`,
      bounded(async () => {
        await using ends = await openPeer(kind);
        const { client, url, peer } = ends;
        const carrying = carry(client, HttpRequest.get(url));
        await peer.readUntil("\r\n\r\n");
        await peer.write(`${OK}Content-Length: 2\r\n\r\nhi${LONG}`);
        const flooding = peer.flood(LONG.repeat(65));
        assertEquals((await carrying).body, "hi");
        await client.ended;
        await flooding;
        await peer.closed;
      }),
    );
  }
}
