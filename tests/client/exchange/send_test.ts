// Whole exchanges: the request, the response, and the state of the connection
// afterwards.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type HttpCloseReason,
  type HttpErrorCode,
  HttpRequest,
} from "@pimalaya/io-http";
import type {
  HttpClientOptions,
  HttpExchangeOptions,
} from "@pimalaya/io-http/client";
import { toBytes, toText } from "../../_text.ts";
import {
  byExchange,
  bySend,
  byText,
  CARRIES,
  carryOne,
  checkOver,
  drain,
  drainViews,
  fails,
  get,
  HI,
  openPipe,
  type Outcome,
  PIPES,
  SITE,
  SWITCH,
} from "../_client.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const HINTS = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";

/** The head of a response with a length. */
function withLength(length: number, ...lines: string[]): string {
  const all = ["HTTP/1.1 200 OK", ...lines, `Content-Length: ${length}`];
  return `${all.join("\r\n")}\r\n\r\n`;
}

/** Every way to read a whole body. */
const READERS = [
  ["send", bySend],
  ["exchange, by its stream,", byExchange(({ body }) => drain(body))],
  [
    "exchange, by a BYOB reader,",
    byExchange(({ body }) => drainViews(body)),
  ],
  [
    "exchange, by bytes,",
    byExchange(async (exchange) => toText(await exchange.bytes())),
  ],
  ["exchange, by text,", byText],
  [
    "exchange, by a Response,",
    byExchange((exchange) => exchange.toResponse().text()),
  ],
] as const;

const CLOSING = ["Connection: a", "Connection: b, CLOSE"];
const TRAILERS: [string, string][] = [["X-Sum", "1"], ["x-sum", "2"]];

/** Responses, the body of each, and the state of the connection. */
const RESPONSES: [
  response: string,
  body: string,
  closeReason?: HttpCloseReason | null,
  expected?: Partial<Outcome>,
  request?: HttpRequest,
][] = [
  [`${withLength(5)}hello`, "hello"],
  [withLength(0), ""],
  [`${CHUNKED}0\r\n\r\n`, ""],
  [
    `${CHUNKED}2;x=1\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n`,
    "hello",
    null,
    { trailers: TRAILERS },
  ],
  [`${HINTS}${HINTS}${withLength(2)}hi`, "hi", null, { interim: [103, 103] }],
  [`${OK}\r\nhello`, "hello", "ReadToClose"],
  [`${OK}\r\n`, "", "ReadToClose"],
  [withLength(5), "", null, {}, HttpRequest.head(SITE)],
  [withLength(5).replace("200", "304"), "", null, { status: 304 }],
  [`${withLength(5, ...CLOSING)}hello`, "hello", "ResponseClose"],
  [withLength(0), "", "RequestClose", {}, get({ Connection: "close" })],
  ["HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi", "Http10"],
  [
    `${withLength(9, "Transfer-Encoding: chunked")}0\r\n\r\n`,
    "",
    "AmbiguousFraming",
  ],
  [CHUNKED.replace("/1.1", "/1.0") + "0\r\n\r\n", "", "AmbiguousFraming"],
  [`${HI}HTTP/1.1 200 OK`, "hi", "UnexpectedBytes"],
];

for (const [how, carry] of READERS) {
  for (const row of RESPONSES) {
    const [response, body, closeReason = null, expected, request] = row;
    const name = JSON.stringify(response);
    Deno.test(`${how} returns all of ${name}: ${closeReason}`, async () => {
      for (const [, options] of PIPES) {
        for (const pieceLength of [1, 2, 7, Infinity]) {
          // Otherwise, they would arrive on an idle connection.
          if (closeReason === "UnexpectedBytes" && pieceLength < 9) continue;
          const { client, server } = openPipe(options);
          const carrying = carry(client, request);
          await server.answer(response, pieceLength);
          if (closeReason === "ReadToClose") server.close();
          const { reason, headers, ...outcome } = await carrying;
          const fields = headers.map((field) => `${field.join(": ")}\r\n`);
          const head = ` ${reason}\r\n${fields.join("")}\r\n`;
          assertEquals(response.includes(head), true, head);
          assertEquals<Partial<Outcome>>(outcome, {
            status: 200,
            body,
            trailers: [],
            interim: [],
            closeReason,
            keepAlive: closeReason === null,
            uploaded: true,
            redirect: null,
            ...expected,
          });
          if (closeReason === null) {
            assertEquals(client.reusable, true);
            await carryOne(client, server);
            await client.close();
          } else {
            await assertRejects(
              () => client.send(get()),
              TypeError,
              `the connection is closed (${closeReason})`,
            );
          }
          await checkOver(client, server);
        }
      }
    });
  }
}

const FAULTS: [HttpErrorCode, string, HttpExchangeOptions?][] = [
  ["InvalidStatusLine", "HTTP/2 200\r\n\r\n"],
  ["InvalidHeader", `${OK}No colon\r\n\r\n`],
  ["HeadTooLarge", `${OK}A: ${"b".repeat(100)}\r\n\r\n`, { maxHeadBytes: 100 }],
  ["TooManyInterimResponses", HINTS.repeat(3), { maxInterimResponses: 2 }],
  ["UnexpectedUpgrade", SWITCH],
  ["InvalidContentLength", `${OK}Content-Length: +1\r\n\r\n`],
  ["UnsupportedTransferCoding", `${OK}Transfer-Encoding: gzip\r\n\r\n`],
  ["BodyTooLarge", withLength(5), { maxBodyBytes: 4 }],
  ["BodyTooLarge", `${CHUNKED}5\r\nhello\r\n`, { maxBodyBytes: 4 }],
  ["InvalidChunkSize", `${CHUNKED}0x5\r\n`],
  ["InvalidTrailer", `${CHUNKED}0\r\n: x\r\n\r\n`],
  ["UnexpectedEof", `${withLength(5)}ab`],
];

for (const [name, carry] of CARRIES) {
  for (const [code, response, options] of FAULTS) {
    const text = JSON.stringify(response.slice(0, 60));
    Deno.test(`${name} rejects ${text} with ${code}, and says how far it had come`, async () => {
      for (const [, pipeOptions] of PIPES) {
        const { client, server } = openPipe(pipeOptions);
        await carryOne(client, server);
        const carrying = carry(client, get(), options);
        await server.answer(response);
        if (code === "UnexpectedEof") server.close();
        const error = await fails(carrying, code);
        const hasHead = /Body|Eof|Chunk|Trailer/.test(code);
        assertEquals(error.progress, {
          phase: hasHead ? "body" : "head",
          reused: true,
          requestBytes: 37,
          responseBytes: response.length,
        });
        const status = /Body|Eof|Chunk|Trailer|Length|Coding/.test(code)
          ? 200
          : code === "UnexpectedUpgrade"
          ? 101
          : undefined;
        assertEquals(error.response?.status, status);
        if (status !== undefined) {
          assertThrows(() => error.response?.text(), TypeError, "streamed");
        }
        assertEquals(error.message.endsWith(" (from example.com:80)"), true);
        await checkOver(client, server);
      }
    });
  }
}

Deno.test("send returns the head as it came, and the bytes after the response", async () => {
  const { client, server } = openPipe();
  const sending = client.send(get());
  await server.answer(
    "HTTP/1.1 200 Fine\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\nHTTP/1",
  );
  const { response, remaining, upgraded, reused } = await sending;
  assertEquals([response.status, response.reason], [200, "Fine"]);
  assertEquals(response.headers.getAll("X-A"), ["1", "2"]);
  assertEquals([remaining, upgraded, reused], [
    toBytes("HTTP/1"),
    false,
    false,
  ]);
});

Deno.test("send writes the head and the body as they are", async () => {
  const { client, server } = openPipe();
  const request = HttpRequest.put("http://user@example.com:81/a?b#c", {
    headers: { "X-b": "2", "x-A": "1" },
    body: Uint8Array.of(0, 255, 13, 10),
  });
  for (let turn = 0; turn < 2; turn++) {
    const sending = client.send(request);
    assertEquals(
      await server.readUntil("\xff\r\n"),
      "PUT /a?b HTTP/1.1\r\nHost: example.com:81\r\nX-b: 2\r\n" +
        "x-A: 1\r\nContent-Length: 4\r\n\r\n\x00\xff\r\n",
    );
    assertEquals(server.received, 0);
    server.write(HI);
    assertEquals((await sending).reused, turn > 0);
  }
  const sending = client.send(get(), { target: "absolute" });
  assertEquals(await server.readUntil("\r\n"), `GET ${SITE} HTTP/1.1\r\n`);
  server.write(HI);
  await sending;
});

for (const [name, carry] of CARRIES) {
  Deno.test(`${name} returns where a redirect points, and follows nothing`, async () => {
    const { client, server } = openPipe();
    for (
      const [location, href, sameOrigin] of [
        ["/b", "http://example.com/b", true],
        ["https://example.com/c", "https://example.com/c", false],
        ["ftp://a/", undefined, undefined],
      ] as const
    ) {
      const request = get();
      const carrying = carry(client, request);
      // Later changes have no effect.
      request.url.host = "elsewhere.test";
      await server.answer(
        `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 1\r\n\r\nx`,
      );
      const { body, redirect } = await carrying;
      assertEquals(body, "x");
      assertEquals(redirect?.url.href, href);
      assertEquals(redirect?.sameOrigin, sameOrigin);
      assertEquals(server.received, 0);
    }
  });
}

Deno.test("sendHttp10 writes HTTP/1.0, and keeps a connection that both sides want to keep", async () => {
  for (
    const [asked, given, kept] of [
      [true, true, true],
      [false, true, false],
      [true, false, false],
    ]
  ) {
    for (const version of ["1.0", "1.1"]) {
      const { client, server } = openPipe();
      const request = get(asked ? { Connection: "keep-alive" } : {});
      const sending = client.sendHttp10(request);
      assertEquals(
        (await server.readUntil("\r\n\r\n")).split("\r\n")[0],
        "GET / HTTP/1.0",
      );
      await server.write(
        `HTTP/${version} 200 OK\r\nContent-Length: 2\r\n` +
          `${given ? "Connection: Keep-Alive\r\n" : ""}\r\nhi`,
      );
      const { response, closeReason } = await sending;
      assertEquals(response.version, `HTTP/${version}`);
      assertEquals(closeReason, kept ? null : "Http10");
      assertEquals(client.reusable, kept);
    }
  }
});

Deno.test("a call has its client's limits, unless it has its own", async () => {
  const options: HttpClientOptions = { maxBodyBytes: 1, lenient: [] };
  const carries = [...CARRIES.map(([, carry]) => carry)];
  for (const carry of carries) {
    for (const own of [undefined, {}, { maxBodyBytes: undefined }]) {
      const { client, server } = openPipe({}, options);
      server.write(HI);
      await fails(carry(client, get(), own), "BodyTooLarge");
    }
  }
  const { client, server } = openPipe({}, options);
  // Later changes have no effect.
  options.maxBodyBytes = 0;
  server.write(HI);
  const { body } = await bySend(client, get(), { maxBodyBytes: 2 });
  assertEquals(body, "hi");
  for (const maxBodyBytes of [-1, 0.5, NaN]) {
    for (const carry of carries) {
      await assertRejects(
        () => carry(client, get(), { maxBodyBytes }),
        RangeError,
      );
    }
  }

  const sloppy = "HTTP/1.1 204 No\r\nA : b\r\n\r\n";
  const other = openPipe({}, { lenient: ["SpaceBeforeColon"] });
  other.server.write(sloppy);
  assertEquals((await other.client.send(get())).response.header("a"), "b");
  await other.server.readUntil("\r\n\r\n");
  const strict = other.client.send(get(), { lenient: [] });
  await other.server.answer(sloppy);
  await fails(strict, "InvalidHeader");
});
