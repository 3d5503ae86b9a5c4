// Buffered exchanges over pipes: what goes out, what comes back, and how the
// connection is left.

import { assertEquals, assertRejects } from "@std/assert";
import { type HttpCloseReason, HttpRequest } from "@pimalaya/io-http";
import { toBytes } from "../_text.ts";
import { HI, PIPES } from "./_buffered.ts";
import { get, openPipe, post, SITE } from "./_exchange.ts";

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
        reused: false,
        uploaded: true,
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
    assertEquals(remaining, toBytes("early"));
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
    assertEquals(remaining, toBytes("HTTP/1.1 200 OK"));
    assertEquals(client.reusable, false);
    await server.closed;
    await assertRejects(() => client.send(get()), TypeError, "closed");
  }
});
