// Buffered exchanges over pipes: what goes out, what comes back, and how the
// connection is left.

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  type HttpCloseReason,
  HttpError,
  type HttpErrorCode,
  HttpRequest,
} from "@pimalaya/io-http";
import {
  HttpClient,
  type HttpClientOptions,
  type HttpClientSendOptions,
} from "@pimalaya/io-http/client";
import { latin1, pipe } from "../_pipe.ts";
import { HI, PIPES } from "./_buffered.ts";
import { get, openPipe, post, rejection, SITE } from "./_exchange.ts";

const CHUNKED = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
  "HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nx-a: 2\r\n\r\n" +
  "3\r\nabc\r\n2;e=1\r\nde\r\n0\r\nX-Sum: 9\r\n\r\n";

for (const [kind, options] of PIPES) {
  for (const cut of [Infinity, 7, 1]) {
    const how = cut === Infinity ? "whole" : `in pieces of ${cut}`;

    Deno.test(`send returns a response that ${kind} gives ${how}`, async () => {
      const { client, server } = openPipe(options);
      const sending = client.send(get());
      await server.readUntil("\r\n\r\n");
      await server.write(CHUNKED, cut);
      const { response, interim, ...rest } = await sending;
      assertEquals(response.status, 200);
      assertEquals(response.reason, "Fine");
      assertEquals(response.headers.getAll("X-A"), ["1", "2"]);
      assertEquals(response.text(), "abcde");
      assertEquals([...response.trailers], [["X-Sum", "9"]]);
      assertEquals(interim.map(({ status }) => status), [103]);
      assertEquals(interim[0]!.header("link"), "</a>");
      assertEquals(rest, {
        remaining: new Uint8Array(0),
        keepAlive: true,
        closeReason: null,
        upgraded: false,
        redirect: null,
      });
      assertEquals(client.reusable, true);
      assertEquals(server.isClosed, false);
      await client.close();
    });
  }
}

Deno.test("send passes over empty pieces of a plain stream", async () => {
  const { client, server } = openPipe({ bytes: false });
  const sending = client.send(get());
  for (const piece of ["", "", HI.slice(0, 9), "", HI.slice(9), ""]) {
    await server.write(piece);
  }
  assertEquals((await sending).response.text(), "hi");
  await client.close();
});

Deno.test("send passes over empty pieces at the end of a plain stream", async () => {
  const { client, server } = openPipe({ bytes: false });
  const sending = client.send(get());
  for (const piece of ["", "HTTP/1.1 200 OK\r\n\r\n", "", "all", "", ""]) {
    await server.write(piece);
  }
  await server.close();
  assertEquals((await sending).response.text(), "all");
});

Deno.test("send writes the head and the body as they are", async () => {
  const { client, server } = openPipe();
  const request = HttpRequest.put("http://user@example.com:81/a?b#c", {
    headers: { "X-b": "2", "x-A": "1" },
    body: Uint8Array.of(0, 255, 13, 10),
  });
  const sending = client.send(request);
  const wire = "PUT /a?b HTTP/1.1\r\nHost: example.com:81\r\nX-b: 2\r\n" +
    "x-A: 1\r\nContent-Length: 4\r\n\r\n\x00\xff\r\n";
  assertEquals(await server.readUntil("\xff\r\n"), wire);
  assertEquals(server.received, 0);
  await server.write(HI);
  await sending;
  await client.close();
});

Deno.test("send writes the form of the target that it is told", async () => {
  const { client, server } = openPipe();
  const sending = client.send(get(), { target: "absolute" });
  const wire = await server.readUntil("\r\n");
  assertEquals(wire, `GET ${SITE} HTTP/1.1\r\n`);
  await server.write(HI);
  await sending;
  await client.close();
});

Deno.test("send returns where a redirect points, and follows nothing", async () => {
  const { client, server } = openPipe();
  for (
    const [location, href, sameOrigin] of [
      ["/b", "http://example.com/b", true],
      ["https://example.com/c", "https://example.com/c", false],
    ] as const
  ) {
    const sending = client.send(get());
    await server.readUntil("\r\n\r\n");
    await server.write(
      `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 1\r\n\r\nx`,
    );
    const { response, redirect, keepAlive } = await sending;
    assertEquals(response.status, 302);
    assertEquals(response.text(), "x");
    assertEquals(redirect?.url.href, href);
    assertEquals(redirect?.sameOrigin, sameOrigin);
    assertEquals(keepAlive, true);
    assertEquals(server.received, 0);
  }
  await client.close();
});

Deno.test("send returns a 3xx without a usable Location as it is", async () => {
  const { client, server } = openPipe();
  const sending = client.send(get());
  await server.write(
    "HTTP/1.1 302 Found\r\nLocation: ftp://a/\r\nContent-Length: 0\r\n\r\n",
  );
  assertEquals((await sending).redirect, null);
  await client.close();
});

Deno.test("send returns no body for HEAD, whatever its length says", async () => {
  const { client, server } = openPipe();
  const sending = client.send(HttpRequest.head(SITE));
  await server.write("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
  const { response, keepAlive } = await sending;
  assertEquals(response.body, new Uint8Array(0));
  assertEquals(keepAlive, true);
  await client.close();
});

Deno.test("send carries many requests over one connection", async () => {
  for (const [, options] of PIPES) {
    const { client, server } = openPipe(options);
    for (let turn = 0; turn < 100; turn++) {
      const body = `${turn}`.repeat(turn);
      const sending = client.send(post({ "X-Turn": `${turn}` }));
      const wire = await server.readUntil("\r\n\r\n");
      assertEquals(wire.includes(`X-Turn: ${turn}\r\n`), true);
      await server.write(
        `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        turn + 1,
      );
      assertEquals((await sending).response.text(), body);
    }
    assertEquals(client.reusable, true);
    await client.close();
  }
});

Deno.test("sendHttp10 writes and reads HTTP/1.0", async () => {
  const { client, server } = openPipe();
  const sending = client.sendHttp10(get());
  const wire = await server.readUntil("\r\n\r\n");
  assertEquals(wire, "GET / HTTP/1.0\r\nHost: example.com\r\n\r\n");
  await server.write("HTTP/1.0 200 OK\r\n\r\nto the end");
  await server.close();
  const { response, closeReason } = await sending;
  assertEquals(response.version, "HTTP/1.0");
  assertEquals(response.text(), "to the end");
  assertEquals(closeReason, "ReadToClose");
  assertEquals(client.reusable, false);
  await server.closed;
});

Deno.test("sendHttp10 keeps a connection that both sides want to keep", async () => {
  const { client, server } = openPipe();
  const request = get().header("Connection", "keep-alive");
  for (let turn = 0; turn < 2; turn++) {
    const sending = client.sendHttp10(request);
    await server.readUntil("\r\n\r\n");
    await server.write(
      "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi",
    );
    assertEquals((await sending).closeReason, null);
    assertEquals(client.reusable, true);
  }
  await client.close();
});

const OK = "HTTP/1.1 200 OK\r\n";
const UPGRADE = { Connection: "upgrade", Upgrade: "x" };
const CLOSINGS: readonly [
  what: string,
  reason: HttpCloseReason,
  request: HttpRequest,
  answer: string,
][] = [
  [
    "a body that ends with the connection",
    "ReadToClose",
    get(),
    `${OK}\r\nabc`,
  ],
  [
    "Content-Length beside chunked",
    "AmbiguousFraming",
    get(),
    `${OK}Transfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n0\r\n\r\n`,
  ],
  [
    "chunked in HTTP/1.0",
    "AmbiguousFraming",
    get(),
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "the coding identity",
    "AmbiguousFraming",
    get(),
    `${OK}Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\nx`,
  ],
  [
    "close among the response's options",
    "ResponseClose",
    get(),
    `${OK}Connection: a\r\nConnection: b, CLOSE\r\nContent-Length: 0\r\n\r\n`,
  ],
  [
    "close among the request's options",
    "RequestClose",
    get().header("Connection", "close"),
    `${OK}Content-Length: 0\r\n\r\n`,
  ],
  ["HTTP/1.0", "Http10", get(), "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
];

for (const [what, reason, request, answer] of CLOSINGS) {
  Deno.test(`send closes the connection after ${what}, and says ${reason}`, async () => {
    const { client, server } = openPipe();
    const sending = client.send(request);
    await server.readUntil("\r\n\r\n");
    await server.write(answer);
    if (reason === "ReadToClose") await server.close();
    const { keepAlive, closeReason, upgraded } = await sending;
    assertEquals(closeReason, reason);
    assertEquals(keepAlive, false);
    assertEquals(upgraded, false);
    assertEquals(client.reusable, false);
    await server.closed;
    const again = await assertRejects(() => client.send(get()), TypeError);
    assertEquals(
      again.message,
      `Cannot start an exchange: the connection is closed (${closeReason})`,
    );
  });
}

for (
  const [what, request, answer] of [
    [
      "a 101",
      HttpRequest.get(SITE, { headers: UPGRADE }),
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    ],
    ["a 2xx to CONNECT", new HttpRequest("CONNECT", SITE), `${OK}\r\n`],
  ] as const
) {
  Deno.test(`send leaves the connection open, and to no other request, after ${what}`, async () => {
    const { client, server } = openPipe();
    const sending = client.send(request);
    await server.write(`${answer}early`);
    const { upgraded, keepAlive, closeReason, remaining } = await sending;
    assertEquals(closeReason, "Upgraded");
    assertEquals(keepAlive, false);
    assertEquals(upgraded, true);
    assertEquals(remaining, latin1("early"));
    assertEquals(client.reusable, false);
    assertEquals(server.isClosed, false);
    await assertRejects(() => client.send(get()), TypeError, "upgraded");
    assertEquals(server.isClosed, false);
    await client.close();
    assertEquals(server.isClosed, true);
  });
}

Deno.test("send gives bytes that nobody asked for, and closes the connection", async () => {
  for (const [, options] of PIPES) {
    const { client, server } = openPipe(options);
    const sending = client.send(get());
    await server.readUntil("\r\n\r\n");
    await server.write(`${HI}HTTP/1.1 200 OK`);
    const { response, remaining } = await sending;
    assertEquals(response.text(), "hi");
    assertEquals(remaining, latin1("HTTP/1.1 200 OK"));
    assertEquals(client.reusable, false);
    await server.closed;
    await assertRejects(() => client.send(get()), TypeError, "closed");
  }
});

const FAULTS: Record<
  Exclude<HttpErrorCode, "EventTooLarge">,
  readonly [answer: string, options?: HttpClientSendOptions]
> = {
  InvalidStatusLine: ["HTTP/2 200\r\n\r\n"],
  InvalidHeader: [`${OK}No colon\r\n\r\n`],
  HeadTooLarge: [`${OK}A: ${"b".repeat(100)}\r\n\r\n`, { maxHeadBytes: 100 }],
  TooManyInterimResponses: [
    "HTTP/1.1 100 Continue\r\n\r\n".repeat(3),
    { maxInterimResponses: 2 },
  ],
  UnexpectedUpgrade: ["HTTP/1.1 101 Switching Protocols\r\n\r\n"],
  InvalidContentLength: [`${OK}Content-Length: +1\r\n\r\n`],
  InvalidTransferEncoding: [`${OK}Transfer-Encoding: chunked, x\r\n\r\n`],
  UnsupportedTransferCoding: [`${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`],
  BodyTooLarge: [`${OK}Content-Length: 5\r\n\r\n`, { maxBodyBytes: 4 }],
  InvalidChunkSize: [`${OK}Transfer-Encoding: chunked\r\n\r\n0x5\r\n`],
  InvalidChunkExtension: [`${OK}Transfer-Encoding: chunked\r\n\r\n1;\x01\r\n`],
  ChunkExtensionsTooLarge: [
    `${OK}Transfer-Encoding: chunked\r\n\r\n1;${"a".repeat(9)}\r\n`,
    { maxChunkExtensionBytes: 8 },
  ],
  InvalidChunkTerminator: [
    `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n`,
  ],
  InvalidTrailer: [`${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n: x\r\n\r\n`],
  TrailersTooLarge: [
    `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nA: ${"b".repeat(9)}\r\n\r\n`,
    { maxTrailerBytes: 8 },
  ],
  UnexpectedEof: [`${OK}Content-Length: 5\r\n\r\nab`],
};

for (const [code, [answer, options]] of Object.entries(FAULTS)) {
  for (const [kind, pipeOptions] of PIPES) {
    Deno.test(`send rejects with ${code} over ${kind}, and closes it`, async () => {
      const { client, server } = openPipe(pipeOptions);
      const sending = client.send(get(), options);
      await server.readUntil("\r\n\r\n");
      await server.write(answer);
      if (code === "UnexpectedEof") await server.close();
      const error = await assertRejects(() => sending, HttpError);
      assertEquals(error.code, code as HttpErrorCode);
      assertEquals(client.reusable, false);
      await server.closed;
      await assertRejects(() => client.send(get()), TypeError, "closed");
      await client.close();
    });
  }
}

const MISTAKES: Record<string, readonly [HttpRequest, HttpClientSendOptions?]> =
  {
    "two Host fields": [
      HttpRequest.get(SITE, { headers: [["Host", "a"], ["Host", "b"]] }),
    ],
    "a Content-Length that is not the body's": [
      HttpRequest.post(SITE, { headers: { "Content-Length": "3" }, body: "x" }),
    ],
    "a transfer coding other than chunked": [
      post({ "Transfer-Encoding": "gzip" }),
    ],
    "a body with TRACE": [new HttpRequest("TRACE", SITE, { body: "x" })],
    "an asterisk for GET": [get(), { target: "asterisk" }],
  };

for (const [what, [request, options]] of Object.entries(MISTAKES)) {
  Deno.test(`send rejects ${what} before a byte is sent, and stays usable`, async () => {
    const { client, server } = openPipe();
    await assertRejects(() => client.send(request, options), TypeError);
    await assertRejects(() => client.sendHttp10(request, options), TypeError);
    assertEquals(client.reusable, true);
    assertEquals(server.received, 0);
    const sending = client.send(get());
    await server.write(HI);
    assertEquals((await sending).response.text(), "hi");
    await client.close();
  });
}

Deno.test("send rejects a limit that is no whole number, and stays usable", async () => {
  const { client, server } = openPipe();
  for (const maxBodyBytes of [-1, 0.5, NaN]) {
    await assertRejects(() => client.send(get(), { maxBodyBytes }), RangeError);
  }
  assertEquals(client.reusable, true);
  assertEquals(server.received, 0);
  await client.close();
});

Deno.test("send holds to the client's limits, and to its own before them", async () => {
  const limits: HttpClientOptions = { maxBodyBytes: 1 };
  const { client: stream, server } = pipe();
  const client = new HttpClient(stream, limits);
  const sending = client.send(get(), { maxBodyBytes: 2 });
  await server.write(HI);
  assertEquals((await sending).response.text(), "hi");
  for (const call of ["send", "sendHttp10"] as const) {
    const { client: stream, server } = pipe();
    const client = new HttpClient(stream, limits);
    const failing = client[call](get());
    await server.write(HI);
    const error = await rejection(failing);
    assertInstanceOf(error, HttpError);
    assertEquals(error.code, "BodyTooLarge");
  }
  await client.close();
});

Deno.test("send rejects while another call is in flight, which goes on", async () => {
  const { client, server } = openPipe();
  const first = client.send(get());
  assertEquals(client.reusable, false);
  for (
    const second of [
      () => client.send(get()),
      () => client.sendHttp10(get()),
      () => client.exchange(get()),
      () => client.run({ resume: () => ({ type: "Ok" }) }),
    ]
  ) await assertRejects(second, TypeError, "in a call");
  assertEquals(
    await server.readUntil("\r\n\r\n"),
    "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
  );
  assertEquals(server.received, 0);
  await server.write(HI);
  assertEquals((await first).response.text(), "hi");
  assertEquals(client.reusable, true);
  await client.close();
});
