// What `send` rejects: faults of the peer, mistakes of the caller, and calls that
// come at the wrong time.

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { HttpError, type HttpErrorCode, HttpRequest } from "@pimalaya/io-http";
import {
  HttpClient,
  type HttpClientOptions,
  type HttpClientSendOptions,
} from "@pimalaya/io-http/client";
import { pipe } from "../_pipe.ts";
import { HI, PIPES } from "./_buffered.ts";
import { get, openPipe, post, rejection, SITE } from "./_exchange.ts";

const OK = "HTTP/1.1 200 OK\r\n";

const FAULTS: Partial<
  Record<
    HttpErrorCode,
    readonly [answer: string, options?: HttpClientSendOptions]
  >
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
    for (const options of [undefined, {}, { maxHeadBytes: 100 }]) {
      const { client: stream, server } = pipe();
      const client = new HttpClient(stream, limits);
      const failing = client[call](get(), options);
      await server.write(HI);
      const error = await rejection(failing);
      assertInstanceOf(error, HttpError);
      assertEquals(error.code, "BodyTooLarge");
    }
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
