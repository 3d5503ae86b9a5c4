// The origin of a client, and whole programs over real servers.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HttpRequest } from "@pimalaya/io-http";
import {
  HttpClient,
  type HttpClientOptions,
  type HttpTlsOptions,
} from "@pimalaya/io-http/client";
import { pipe } from "../_pipe.ts";
import { CA, SERVER } from "../_tls.ts";
import { fails, get, HI, openPipe, SITE } from "./_client.ts";

Deno.test("a client with an origin rejects requests for another one", async () => {
  for (const origin of [SITE, "http://example.com", new URL(`${SITE}a?b`)]) {
    const { client, server } = openPipe({}, { origin });
    for (
      const url of [
        "https://example.com/",
        "http://example.com:81/",
        "http://example.com.test/",
        "http://b@example.com.test/",
      ]
    ) {
      for (const call of ["send", "sendHttp10", "exchange"] as const) {
        const calling = () => client[call](HttpRequest.get(url));
        await assertRejects(calling, TypeError, "over a connection to");
      }
    }
    assertEquals(server.received, 0);
    for (
      const [request, target] of [
        [get()],
        [HttpRequest.get("http://user@example.com/a")],
        [HttpRequest.get("http://other.test/"), "absolute"],
        [new HttpRequest("CONNECT", "https://other.test/")],
      ] as const
    ) {
      const sending = client.send(request, { target });
      await server.answer(HI.replace("200", "403"));
      await sending;
    }
  }
  for (const origin of [undefined, null]) {
    const { client, server } = openPipe({}, { origin });
    server.write(HI);
    await client.send(HttpRequest.get("https://other.test/"));
  }
  assertThrows(() => openPipe({}, { origin: "ftp://a/" }), TypeError);
});

Deno.test("connect sets the origin, and takes another or none", async () => {
  const info = { remote: null, local: null, tls: null };
  const connector = {
    connect: () => Promise.resolve({ ...pipe().client, info }),
  };
  for (
    const [options, rejects] of [
      [{}, true],
      [{ origin: undefined }, true],
      [{ origin: "http://b/" }, false],
      [{ origin: null }, false],
    ] as [HttpClientOptions, boolean][]
  ) {
    const all = { ...options, connector };
    const client = await HttpClient.connect("http://a/", all);
    const sending = client.send(HttpRequest.get("http://b/"));
    if (rejects) await assertRejects(() => sending, TypeError, "connection to");
    await client.close();
    await sending.catch(() => {});
  }
});

Deno.test("connect reads options that are getters of a class, and before it connects", async () => {
  const tls: unknown[] = [];
  const { client: stream, server } = pipe();
  const info = { remote: null, local: null, tls: null };
  const secure = { ...stream, info };
  const connector = {
    connect() {
      limit = 1;
      return Promise.resolve({ ...pipe().client, info, startTls });
    },
  };
  function startTls(options: HttpTlsOptions) {
    tls.push(options.caCerts, "key" in options, options.serverName);
    return Promise.resolve(secure);
  }
  let limit = 2;
  class Options {
    get connector() {
      return connector;
    }
    get maxBodyBytes() {
      return limit;
    }
    get tls() {
      class Tls {
        get caCerts() {
          return ["CA"];
        }
      }
      return new Tls();
    }
  }
  const site = "https://example.com/";
  const client = await HttpClient.connect(site, new Options());
  assertEquals(tls, [["CA"], false, "example.com"]);
  const sending = client.send(HttpRequest.get(site));
  await server.answer(HI);
  assertEquals((await sending).response.text(), "hi");
  const failing = client.send(HttpRequest.get(site));
  await server.answer(HI.replace("2\r\n\r\nhi", "3\r\n\r\n"));
  await fails(failing, "BodyTooLarge");
});

const LOCAL = { hostname: "127.0.0.1" };

/** Bytes that differ at every place, so that lost or swapped ones show. */
function makeBytes(length: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(length / 4);
  for (let at = 0; at < words.length; at++) words[at] = at * 2654435761;
  return new Uint8Array(words.buffer);
}

for (const kind of ["TCP", "TLS", "a Unix socket"]) {
  Deno.test({
    name: `a client talks to Deno.serve over ${kind}`,
    ignore: kind === "a Unix socket" && Deno.build.os === "windows",
    fn: async () => {
      const folder = await Deno.makeTempDir();
      const unixPath = `${folder}/socket`;
      const where = kind === "a Unix socket"
        ? { transport: "unix", path: unixPath }
        : { hostname: "127.0.0.1", port: 0, ...(kind === "TLS" && SERVER) };
      const server = Deno.serve(
        { ...where, onListen() {} } as Deno.ServeTcpOptions,
        answer,
      );
      const port = "port" in server.addr ? server.addr.port : 80;
      const site = `${kind === "TLS" ? "https" : "http"}://localhost:${port}`;
      const open = () =>
        HttpClient.connect(site, {
          ...(kind === "a Unix socket" ? { unixPath } : LOCAL),
          ...(kind === "TLS" && { tls: { caCerts: [CA] } }),
        });
      const client = await open();
      assertEquals(client.info?.tls === null, kind !== "TLS");
      for (let turn = 0; turn < 20; turn++) {
        const sent = await client.send(HttpRequest.delete(`${site}/${turn}`));
        assertEquals(sent.response.text(), `DELETE /${turn}`);
        assertEquals(sent.reused, turn > 0);
      }
      const body = makeBytes(5_000_000);
      const echo = HttpRequest.post(`${site}/echo`, { body });
      const sent = await client.send(echo);
      const pieces = ReadableStream.from([body.subarray(0, 9), body]);
      const exchange = await client.exchange(echo, { body: pieces });
      for (
        const [echoed, at] of [
          [sent.response.body, 0],
          [await exchange.bytes(), 9],
        ] as const
      ) {
        assertEquals(echoed.length, body.length + at);
        assertEquals(body.every((byte, i) => echoed[at + i] === byte), true);
      }
      const last = await client.send(HttpRequest.get(`${site}/last`));
      assertEquals(last.closeReason, "ResponseClose");
      await client.ended;
      const old = await open();
      const ancient = await old.sendHttp10(HttpRequest.get(`${site}/1`));
      assertEquals(ancient.response.version, "HTTP/1.0");
      assertEquals(ancient.response.text(), "GET /1");
      await old.close();
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    },
  });
}

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/echo") return new Response(await request.bytes());
  const headers = new Headers();
  if (pathname === "/last") headers.set("Connection", "close");
  return new Response(`${request.method} ${pathname}`, { headers });
}
