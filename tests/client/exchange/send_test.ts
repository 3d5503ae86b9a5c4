// Buffered exchanges: what goes out, what comes back, and what is left of the
// connection.

import { assertEquals, assertRejects } from "@std/assert";
import {
  type HttpCloseReason,
  type HttpErrorCode,
  HttpRequest,
} from "@pimalaya/io-http";
import {
  HttpClient,
  type HttpClientOptions,
  type HttpClientSendOptions,
} from "@pimalaya/io-http/client";
import { pipe } from "../../_pipe.ts";
import { toBytes } from "../../_text.ts";
import {
  carryOne,
  fails,
  get,
  HI,
  openPipe,
  PIPES,
  post,
  SITE,
} from "../_client.ts";

const OK = "HTTP/1.1 200 OK\r\n";

for (const [kind, options] of PIPES) {
  Deno.test(`send returns the whole response, over ${kind}`, async () => {
    for (const cut of [Infinity, 7, 1]) {
      const { client, server } = openPipe(options);
      const sending = client.send(get());
      await server.readUntil("\r\n\r\n");
      await server.write(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
          "HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n" +
          "X-A: 1\r\nx-a: 2\r\n\r\n" +
          "3\r\nabc\r\n2;e=1\r\nde\r\n0\r\nX-Sum: 9\r\n\r\n",
        cut,
      );
      const { response, interim, ...rest } = await sending;
      assertEquals([response.status, response.reason], [200, "Fine"]);
      assertEquals(response.headers.getAll("X-A"), ["1", "2"]);
      assertEquals(response.text(), "abcde");
      assertEquals([...response.trailers], [["X-Sum", "9"]]);
      assertEquals(interim.map(({ status }) => status), [103]);
      assertEquals(rest, {
        remaining: new Uint8Array(0),
        keepAlive: true,
        closeReason: null,
        upgraded: false,
        redirect: null,
        reused: false,
        uploaded: true,
      });
      await carryOne(client, server);
      await client.close();
    }
  });

  Deno.test(`send carries many requests over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    for (let turn = 0; turn < 50; turn++) {
      const body = `${turn}`.repeat(turn * turn);
      const sending = client.send(post({ "X-Turn": `${turn}` }));
      const wire = await server.readUntil("\r\n\r\n");
      assertEquals(wire.includes(`X-Turn: ${turn}\r\n`), true);
      await server.write(
        `${OK}Content-Length: ${body.length}\r\n\r\n${body}`,
        100 * turn + 1,
      );
      const { response, reused } = await sending;
      assertEquals(response.text(), body);
      assertEquals(reused, turn > 0);
    }
    await client.close();
  });
}

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
    await server.write(HI);
    await sending;
  }
  const sending = client.send(get(), { target: "absolute" });
  assertEquals(await server.readUntil("\r\n"), `GET ${SITE} HTTP/1.1\r\n`);
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
      ["ftp://a/", undefined, undefined],
    ] as const
  ) {
    const request = get();
    const sending = client.send(request);
    // Later changes have no effect.
    request.url.host = "elsewhere.test";
    await server.readUntil("\r\n\r\n");
    await server.write(
      `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 1\r\n\r\nx`,
    );
    const { response, redirect } = await sending;
    assertEquals(response.text(), "x");
    assertEquals(redirect?.url.href, href);
    assertEquals(redirect?.sameOrigin, sameOrigin);
    assertEquals(server.received, 0);
  }
  await client.close();
});

Deno.test("send returns no body for HEAD, whatever its length says", async () => {
  const { client, server } = openPipe();
  const sending = client.send(HttpRequest.head(SITE));
  await server.write(`${OK}Content-Length: 500\r\n\r\n`);
  assertEquals((await sending).response.body, new Uint8Array(0));
  await server.readUntil("\r\n\r\n");
  await carryOne(client, server);
  await client.close();
});

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
      await client.close();
    }
  }
});

const CLOSINGS: [HttpCloseReason, string, HttpRequest?][] = [
  ["ReadToClose", `${OK}\r\nabc`],
  [
    "AmbiguousFraming",
    `${OK}Transfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n0\r\n\r\n`,
  ],
  [
    "AmbiguousFraming",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "ResponseClose",
    `${OK}Connection: a\r\nConnection: b, CLOSE\r\nContent-Length: 0\r\n\r\n`,
  ],
  [
    "RequestClose",
    `${OK}Content-Length: 0\r\n\r\n`,
    get({ Connection: "close" }),
  ],
  ["Http10", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
  ["UnexpectedBytes", `${HI}HTTP/1.1 200 OK`],
];

for (const [reason, response, request = get()] of CLOSINGS) {
  Deno.test(`send closes the connection after ${JSON.stringify(response)}: ${reason}`, async () => {
    for (const [, options] of PIPES) {
      const { client, server } = openPipe(options);
      const sending = client.send(request);
      await server.readUntil("\r\n\r\n");
      await server.write(response);
      if (reason === "ReadToClose") await server.close();
      const { keepAlive, closeReason, upgraded, remaining } = await sending;
      assertEquals([closeReason, keepAlive, upgraded], [reason, false, false]);
      assertEquals(
        remaining,
        toBytes(reason === "UnexpectedBytes" ? "HTTP/1.1 200 OK" : ""),
      );
      assertEquals(client.reusable, false);
      await server.closed;
      await assertRejects(
        () => client.send(get()),
        TypeError,
        `the connection is closed (${reason})`,
      );
    }
  });
}

const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const FAULTS: [HttpErrorCode, string, HttpClientSendOptions?][] = [
  ["InvalidStatusLine", "HTTP/2 200\r\n\r\n"],
  ["InvalidHeader", `${OK}No colon\r\n\r\n`],
  ["HeadTooLarge", `${OK}A: ${"b".repeat(100)}\r\n\r\n`, { maxHeadBytes: 100 }],
  ["UnexpectedUpgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
  ["InvalidContentLength", `${OK}Content-Length: +1\r\n\r\n`],
  ["UnsupportedTransferCoding", `${OK}Transfer-Encoding: gzip\r\n\r\n`],
  ["BodyTooLarge", `${OK}Content-Length: 5\r\n\r\n`, { maxBodyBytes: 4 }],
  ["BodyTooLarge", `${CHUNKED}5\r\nhello\r\n`, { maxBodyBytes: 4 }],
  ["InvalidChunkSize", `${CHUNKED}0x5\r\n`],
  ["InvalidTrailer", `${CHUNKED}0\r\n: x\r\n\r\n`],
  ["UnexpectedEof", `${OK}Content-Length: 5\r\n\r\nab`],
];

for (const [code, response, options] of FAULTS) {
  Deno.test(`send fails with ${code} for ${JSON.stringify(response.slice(0, 60))}, and says how far it had come`, async () => {
    for (const [, pipeOptions] of PIPES) {
      const { client, server } = openPipe(pipeOptions);
      await carryOne(client, server);
      const sending = client.send(get(), options);
      await server.readUntil("\r\n\r\n");
      await server.write(response);
      if (code === "UnexpectedEof") await server.close();
      const error = await fails(sending, code);
      const hasHead = /Body|Eof|Chunk|Trailer/.test(code) &&
        !code.startsWith("InvalidC" + "ontent");
      assertEquals(error.progress, {
        phase: hasHead ? "body" : "head",
        reused: true,
        requestBytes: 37,
        responseBytes: response.length,
      });
      if (hasHead) assertEquals(error.response?.status, 200);
      assertEquals(error.message.endsWith(" (from example.com:80)"), true);
      assertEquals(client.reusable, false);
      await server.closed;
    }
  });
}

const MISTAKES: [string, HttpRequest, HttpClientSendOptions?][] = [
  [
    "two Host fields",
    HttpRequest.get(SITE, { headers: [["Host", "a"], ["Host", "b"]] }),
  ],
  [
    "a Content-Length that is not the body's",
    HttpRequest.post(SITE, { headers: { "Content-Length": "3" }, body: "x" }),
  ],
  ["a transfer coding", post({ "Transfer-Encoding": "gzip" })],
  ["a body with TRACE", new HttpRequest("TRACE", SITE, { body: "x" })],
  ["an asterisk for GET", get(), { target: "asterisk" }],
];

for (const [what, request, options] of MISTAKES) {
  Deno.test(`send rejects ${what}, and the client stays usable`, async () => {
    const { client, server } = openPipe();
    await assertRejects(() => client.send(request, options), TypeError);
    await assertRejects(() => client.sendHttp10(request, options), TypeError);
    assertEquals(server.received, 0);
    await carryOne(client, server);
    await client.close();
  });
}

Deno.test("a call has its client's limits, unless it has its own", async () => {
  const options: HttpClientOptions = { maxBodyBytes: 1, lenient: [] };
  const open = () => {
    const { client: stream, server } = pipe();
    return { client: new HttpClient(stream, options), server };
  };
  for (const call of ["send", "sendHttp10", "exchange"] as const) {
    for (const own of [undefined, {}, { maxBodyBytes: undefined }]) {
      const { client, server } = open();
      await server.write(HI);
      await fails(
        call === "exchange"
          ? client.exchange(get(), own).then((exchange) => exchange.text())
          : client[call](get(), own),
        "BodyTooLarge",
      );
    }
  }
  const { client, server } = open();
  // Later changes have no effect.
  options.maxBodyBytes = 0;
  await server.write(HI);
  const { response } = await client.send(get(), { maxBodyBytes: 2 });
  assertEquals(response.text(), "hi");
  for (const maxBodyBytes of [-1, 0.5, NaN]) {
    await assertRejects(() => client.send(get(), { maxBodyBytes }), RangeError);
    await assertRejects(
      () => client.exchange(get(), { maxBodyBytes }),
      RangeError,
    );
  }
  await client.close();

  const { client: stream, server: sloppy } = pipe();
  const lenient = new HttpClient(stream, { lenient: ["SpaceBeforeColon"] });
  await sloppy.write("HTTP/1.1 204 No\r\nA : b\r\n\r\n");
  assertEquals((await lenient.send(get())).response.header("a"), "b");
  await sloppy.readUntil("\r\n\r\n");
  const strict = lenient.send(get(), { lenient: [] });
  await sloppy.readUntil("\r\n\r\n");
  await sloppy.write("HTTP/1.1 204 No\r\nA : b\r\n\r\n");
  await fails(strict, "InvalidHeader");
});
