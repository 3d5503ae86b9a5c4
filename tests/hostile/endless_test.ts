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

const HEAD = { code: "HeadTooLarge", maxBytes: 65_536 } as const;
const TRAILERS = {
  code: "TrailersTooLarge",
  maxBytes: CHUNKED.length + 65_536,
} as const;
const EXTENSIONS = {
  code: "ChunkExtensionsTooLarge",
  // Each of them is some bytes of one chunk.
  maxBytes: CHUNKED.length + 5 * 16_384,
} as const;
const BODY = {
  code: "BodyTooLarge",
  options: { maxBodyBytes: 300_000 },
  maxBytes: 300_000,
} as const;
const BOTH: readonly Kind[] = ["TCP", "TLS"];

const ENDLESS: readonly Endless[] = [
  { ...HEAD, name: "endless empty lines", first: "", again: "\r\n" },
  {
    ...HEAD,
    name: "an endless reason phrase",
    first: OK.slice(0, -2),
    again: LONG,
  },
  {
    ...HEAD,
    name: "an endless field line",
    first: `${OK}A:`,
    again: LONG,
    kinds: BOTH,
  },
  { ...HEAD, name: "an endless field name", first: OK, again: LONG },
  {
    ...HEAD,
    name: "endless field lines",
    first: OK,
    again: "A: b\r\n",
    kinds: BOTH,
  },
  {
    ...HEAD,
    name: "an endless folded value",
    first: `${OK}A: b\r\n`,
    again: " c\r\n",
  },
  { ...HEAD, name: "an endless line that is no field", first: OK, again: "\0" },
  {
    name: "endless interim responses",
    first: "",
    again: "HTTP/1.1 103 Early Hints\r\n\r\n",
    code: "TooManyInterimResponses",
    maxBytes: 33 * 28,
  },
  {
    name: "endless interim responses with large heads",
    first: "",
    again: `HTTP/1.1 103 Early Hints\r\nA: ${LONG.repeat(60)}\r\n\r\n`,
    code: "TooManyInterimResponses",
    maxBytes: 33 * 60_100,
  },
  {
    name: "endless bytes that are no response",
    first: "",
    again: "SSH-2.0-Server\r\n",
    code: "InvalidStatusLine",
    maxBytes: 0,
  },
  {
    ...TRAILERS,
    name: "endless trailers",
    first: `${CHUNKED}0\r\n`,
    again: "A: b\r\n",
  },
  {
    ...TRAILERS,
    name: "an endless trailer",
    first: `${CHUNKED}0\r\nA:`,
    again: LONG,
    kinds: BOTH,
  },
  {
    ...EXTENSIONS,
    name: "an endless chunk extension",
    first: `${CHUNKED}1;`,
    again: LONG,
  },
  {
    ...EXTENSIONS,
    name: "endless chunk extensions",
    first: CHUNKED,
    again: "1;ab\r\nc\r\n",
  },
  {
    ...EXTENSIONS,
    name: "endless blanks after a chunk size",
    first: `${CHUNKED}1`,
    again: " ",
  },
  {
    name: "an endless chunk size",
    first: CHUNKED,
    again: "0",
    code: "InvalidChunkSize",
    maxBytes: CHUNKED.length + 17,
  },
];

/** Endless bodies, which end what holds them in memory. */
const BODIES: readonly Endless[] = [
  {
    ...BODY,
    name: "an endless body without a length",
    first: `${OK}\r\n`,
    again: LONG,
    kinds: BOTH,
  },
  {
    ...BODY,
    name: "a chunk of 2^53-1 bytes",
    first: `${CHUNKED}1fffffffffffff\r\n`,
    again: LONG,
  },
  // A byte of data, and five of framing.
  {
    ...BODY,
    name: "endless chunks",
    first: CHUNKED,
    again: "1\r\na\r\n",
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

for (const endless of [...ENDLESS, ...BODIES]) {
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

const SMALL_LIMIT = 200;
const SMALL_LIMITS: HttpClientOptions = {
  maxHeadBytes: SMALL_LIMIT,
  maxTrailerBytes: SMALL_LIMIT,
  maxChunkExtensionBytes: SMALL_LIMIT,
  maxInterimResponses: 2,
};

for (const endless of ENDLESS) {
  const { name, code, again } = endless;
  if (again.length > LONG.length) continue;
  for (const call of CALLS) {
    Deno.test(
      `${call} rejects ${name} as ${code}, byte by byte`,
      bounded(async () => {
        const flood = { ...endless, isSlow: true };
        const flooded = await openFlood("TCP", flood, SMALL_LIMITS);
        const error = await rejection(take(flooded, call));
        assertInstanceOf(error, HttpError);
        assertEquals(error.code, code);
        await checkClosed(flooded);
      }),
    );
  }
}

const MAX = Number.MAX_SAFE_INTEGER;
const LENGTH = `${OK}Content-Length: `;

for (const call of CALLS) {
  Deno.test(
    `${call} rejects a buffered body of 2^53-1 bytes at its head`,
    bounded(async () => {
      const flood = { first: `${LENGTH}${MAX}\r\n\r\n`, again: "" };
      const flooded = await openFlood("TCP", flood);
      const error = await rejection(take(flooded, call));
      assertInstanceOf(error, HttpError);
      assertEquals(error.code, "BodyTooLarge");
      assertEquals(flooded.read(), flood.first.length);
      await checkClosed(flooded);
    }),
  );

  for (
    const [what, first, code] of [
      ["a body", `${LENGTH}9007199254740992\r\n\r\n`, "InvalidContentLength"],
      ["a chunk", `${CHUNKED}20000000000000\r\n`, "InvalidChunkSize"],
    ] as const
  ) {
    Deno.test(
      `${call} rejects ${what} of 2^53 bytes as ${code}`,
      bounded(async () => {
        const flooded = await openFlood("TCP", { first, again: "" });
        const error = await rejection(take(flooded, call));
        assertInstanceOf(error, HttpError);
        assertEquals(error.code, code);
        await checkClosed(flooded);
      }),
    );
  }
}

const REASON = new Error("Enough");

const STREAMS: readonly (readonly [string, string])[] = [
  ["a body of 2^53-1 bytes", `${LENGTH}${MAX}\r\n\r\n`],
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
