// Peers that never stop: each part of a response that has no end of its own is
// ended by its limit, or by the signal. A limit is passed by one read at most,
// and the connection is closed, which the peer sees.

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { HttpError, type HttpErrorCode, HttpRequest } from "@pimalaya/io-http";
import type { HttpClientOptions } from "@pimalaya/io-http/client";
import { endless, rejection, settle, streamOf } from "../client/_client.ts";
import { type Flood, type Flooded, openFlood, READ_BYTES } from "./_flood.ts";
import { bounded, type Kind } from "./_peer.ts";
import { type CallName, CALLS } from "./_stages.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const LONG = "a".repeat(1000);

/** What has no end, and what ends it. */
interface Endless extends Flood {
  readonly name: string;
  readonly code: HttpErrorCode;
  /** Bytes that the client may read, but for one read. */
  readonly maxBytes: number;
  readonly options?: HttpClientOptions;
  readonly kinds?: readonly Kind[];
}

const BOTH: readonly Kind[] = ["TCP", "TLS"];

/** One for each limit; `tests/properties/` has every kind of what is endless. */
const ENDLESS: readonly Endless[] = [
  {
    name: "endless field lines",
    first: OK,
    again: "A: b\r\n",
    code: "HeadTooLarge",
    maxBytes: 65_536,
    kinds: BOTH,
  },
  {
    name: "endless interim responses with large heads",
    first: "",
    again: `HTTP/1.1 103 Early Hints\r\nA: ${LONG.repeat(60)}\r\n\r\n`,
    code: "TooManyInterimResponses",
    maxBytes: 33 * 60_100,
  },
  {
    name: "endless bytes of another protocol",
    first: "",
    again: "SSH-2.0-Server\r\n",
    code: "InvalidStatusLine",
    maxBytes: 0,
  },
  {
    name: "an endless trailer",
    first: `${CHUNKED}0\r\nA:`,
    again: LONG,
    code: "TrailersTooLarge",
    maxBytes: CHUNKED.length + 65_536,
    kinds: BOTH,
  },
  {
    name: "endless chunk extensions",
    first: CHUNKED,
    again: "1;ab\r\nc\r\n",
    code: "ChunkExtensionsTooLarge",
    // Each of them is some bytes of one chunk.
    maxBytes: CHUNKED.length + 5 * 16_384,
  },
  {
    name: "an endless body without a length",
    first: `${OK}\r\n`,
    again: LONG,
    code: "BodyTooLarge",
    options: { maxBodyBytes: 300_000 },
    maxBytes: 300_000,
    kinds: BOTH,
  },
  {
    name: "endless chunks",
    first: CHUNKED,
    again: "1\r\na\r\n",
    code: "BodyTooLarge",
    options: { maxBodyBytes: 300_000 },
    // A byte of data, and five of framing.
    maxBytes: 6 * 300_001,
  },
];

/** Makes an exchange, and takes its body whole. */
async function take(
  { client, url }: Flooded,
  call: CallName,
  signal: AbortSignal | null = null,
): Promise<unknown> {
  const request = HttpRequest.get(url);
  const options = signal === null ? {} : { signal };
  if (call === "send") return await client.send(request, options);
  const exchange = await client.exchange(request, options);
  return await exchange.bytes();
}

/** Checks that a client has given up, and that its peer knows. */
async function checkClosed({ client, closed }: Flooded): Promise<void> {
  assertEquals(client.reusable, false);
  await closed;
  await client.close();
}

for (const endless of ENDLESS) {
  const { name, code, maxBytes, options = {}, kinds = ["TCP"] } = endless;
  for (const kind of kinds) {
    for (const call of CALLS) {
      Deno.test(
        `${call} rejects ${name} as ${code}, over ${kind}`,
        bounded(async () => {
          const flooded = await openFlood(kind, endless, options);
          const error = await rejection(take(flooded, call));
          assertInstanceOf(error, HttpError);
          assertEquals(error.code, code);
          const read = flooded.read();
          assert(read <= maxBytes + READ_BYTES, `${read} bytes were read`);
          await checkClosed(flooded);
        }),
      );
    }
  }
}

for (const kind of BOTH) {
  for (const call of CALLS) {
    Deno.test(
      `${call} returns a response that is followed by endless bytes, and closes, over ${kind}`,
      bounded(async () => {
        const first = `${OK}Content-Length: 2\r\n\r\nhi${LONG}`;
        const flooded = await openFlood(kind, { first, again: LONG });
        await take(flooded, call);
        const read = flooded.read();
        assert(read <= READ_BYTES, `${read} bytes were read`);
        await checkClosed(flooded);
      }),
    );
  }
}

const REASON = new Error("Enough");

const STREAMS: readonly (readonly [string, string])[] = [
  [
    "a body of 2^53-1 bytes",
    `${OK}Content-Length: ${Number.MAX_SAFE_INTEGER}\r\n\r\n`,
  ],
  ["a chunk of 2^53-1 bytes", `${CHUNKED}1fffffffffffff\r\n`],
  ["a body without a length", `${OK}\r\n`],
];

for (const [what, first] of STREAMS) {
  for (const kind of BOTH) {
    Deno.test(
      `exchange streams ${what} until its signal aborts, over ${kind}`,
      bounded(async () => {
        const flooded = await openFlood(kind, { first, again: LONG });
        const controller = new AbortController();
        const { signal } = controller;
        const { body, closed } = await flooded.client.exchange(
          HttpRequest.get(flooded.url),
          { signal },
        );
        const reader = body.getReader();
        let taken = 0;
        while (taken < 4_000_000) {
          taken += (await reader.read()).value!.length;
          const held = flooded.read() - first.length - taken;
          assert(held <= READ_BYTES, `${held} bytes are held`);
        }
        const reading = reader.read();
        controller.abort(REASON);
        // It may have come before the abort; what follows has not.
        await reading.catch((error) => assertEquals(error, REASON));
        assertEquals(await rejection(reader.read()), REASON);
        assertEquals(await rejection(closed), REASON);
        await checkClosed(flooded);
      }),
    );

    Deno.test(
      `exchange reads no more of ${what} than is asked for, over ${kind}`,
      bounded(async () => {
        const flooded = await openFlood(kind, { first, again: LONG });
        const { body } = await flooded.client.exchange(
          HttpRequest.get(flooded.url),
        );
        const read = flooded.read();
        assert(read <= READ_BYTES, `${read} bytes were read`);
        await settle();
        assertEquals(flooded.read(), read);
        await body.cancel(REASON);
        await checkClosed(flooded);
      }),
    );
  }
}

for (const kind of BOTH) {
  Deno.test(
    `exchange takes no more of an endless upload than it writes, over ${kind}`,
    bounded(async () => {
      const flooded = await openFlood(kind, { first: "", again: "" });
      const controller = new AbortController();
      const { signal } = controller;
      const length = 2 ** 16;
      const source = streamOf(endless(length));
      const exchanging = flooded.client.exchange(
        HttpRequest.post(flooded.url),
        { signal, body: source.body },
      );
      exchanging.catch(() => {});
      for (let turn = 0; turn < 20; turn++) {
        await settle();
        const held = source.taken() * length - flooded.written();
        assert(held <= length, `${held} bytes are held`);
      }
      controller.abort(REASON);
      assertEquals(await rejection(exchanging), REASON);
      assertEquals(await source.stopped, REASON);
      await checkClosed(flooded);
    }),
  );
}
