// TLS over loopback: whom a client trusts, how it presents itself, and how a
// connection ends.

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { HttpError, HttpRequest } from "@pimalaya/io-http";
import {
  HttpClient,
  type HttpConnectOptions,
  type HttpTlsOptions,
} from "@pimalaya/io-http/client";
import { CA, CLIENT, type Identity, NAMED, OTHER_CA, SERVER } from "../_tls.ts";
import {
  HI,
  readSome,
  readToEnd,
  readUntil,
  watchedSignal,
  writeText,
} from "./_buffered.ts";
import { rejection } from "./_exchange.ts";

const TRUSTING: HttpTlsOptions = { caCerts: [CA] };

function listen(
  identity: Identity = SERVER,
  alpnProtocols: string[] = ["h2", "http/1.1"],
): Deno.TlsListener {
  return Deno.listenTls({
    hostname: "127.0.0.1",
    port: 0,
    ...identity,
    alpnProtocols,
  });
}

/** Lets a server take one connection, and gives what failed on its side. */
async function refusal(listener: Deno.TlsListener): Promise<unknown> {
  const conn = await listener.accept();
  const error = await rejection(conn.handshake());
  conn.close();
  return error;
}

/** Connects, sends one request, and gives what was agreed by ALPN. */
async function exchange(
  listener: Deno.TlsListener,
  url: string,
  options: HttpConnectOptions,
): Promise<string | null> {
  const connecting = HttpClient.connect(url, options);
  const conn = await listener.accept();
  const { alpnProtocol } = await conn.handshake();
  const client = await connecting;
  for (let turn = 0; turn < 2; turn++) {
    const sending = client.send(HttpRequest.get(url));
    await readUntil(conn, "\r\n\r\n");
    await writeText(conn, HI);
    assertEquals((await sending).response.text(), "hi");
    assertEquals(client.reusable, true);
  }
  await client.close();
  assertEquals(await readToEnd(conn), "");
  conn.close();
  return alpnProtocol;
}

Deno.test("connect speaks TLS to a server that an authority of its own has signed", async () => {
  using listener = listen();
  const { port } = listener.addr;
  for (const host of ["localhost", "127.0.0.1"]) {
    const url = `https://${host}:${port}/`;
    await exchange(listener, url, { tls: TRUSTING });
    const { signal, listeners } = watchedSignal();
    await exchange(listener, url, { tls: TRUSTING, signal });
    assertEquals(listeners(), 0);
  }
});

Deno.test("connect offers http/1.1 by ALPN, or what it is told", async () => {
  using listener = listen(SERVER, ["h2", "custom", "http/1.1"]);
  const url = `https://localhost:${listener.addr.port}/`;
  for (
    const [alpnProtocols, agreed] of [
      [undefined, "http/1.1"],
      [["custom"], "custom"],
      [["http/1.1", "custom"], "custom"],
      [[], null],
    ] as const
  ) {
    for (const identity of [{}, CLIENT]) {
      const tls = alpnProtocols === undefined
        ? { ...TRUSTING, ...identity }
        : { ...TRUSTING, ...identity, alpnProtocols: [...alpnProtocols] };
      assertEquals(await exchange(listener, url, { tls }), agreed);
    }
  }
});

Deno.test("connect checks the certificate against the URL's host, wherever it goes", async () => {
  using listener = listen(NAMED);
  const { port } = listener.addr;
  const elsewhere = { hostname: "127.0.0.1", port, tls: TRUSTING };
  await exchange(listener, "https://example.test/", elsewhere);
  // What it connects to stands in no certificate, and it does not matter.
  for (const url of ["https://localhost/", "https://sub.example.test/"]) {
    const refused = refusal(listener);
    await assertRejects(
      () => HttpClient.connect(url, elsewhere),
      Deno.errors.InvalidData,
      "not valid for name",
    );
    assertInstanceOf(await refused, Error);
  }
});

Deno.test("connect checks the certificate for an IPv6 address without its brackets", async () => {
  using listener = listen();
  const { port } = listener.addr;
  const elsewhere = { hostname: "127.0.0.1", port, tls: TRUSTING };
  await exchange(listener, "https://[::1]/", elsewhere);
  const refused = refusal(listener);
  await assertRejects(
    () => HttpClient.connect("https://[::2]/", elsewhere),
    Deno.errors.InvalidData,
    "not valid for name",
  );
  assertInstanceOf(await refused, Error);
});

for (
  const [what, tls] of [
    ["no authority that signed it", {}],
    ["another authority", { caCerts: [OTHER_CA] }],
  ] as [string, HttpTlsOptions][]
) {
  for (const identity of [{}, CLIENT]) {
    const how = "cert" in identity ? "with" : "without";
    Deno.test(`connect rejects a certificate where it trusts ${what}, ${how} one of its own`, async () => {
      using listener = listen();
      const url = `https://localhost:${listener.addr.port}/`;
      const refused = refusal(listener);
      const { signal, listeners } = watchedSignal();
      const options = { tls: { ...tls, ...identity }, signal };
      await assertRejects(
        () => HttpClient.connect(url, options),
        Deno.errors.InvalidData,
        "UnknownIssuer",
      );
      assertEquals(listeners(), 0);
      assertInstanceOf(await refused, Error);
    });
  }
}

Deno.test("connect rejects a certificate for another host, with one of its own", async () => {
  using listener = listen(NAMED);
  const url = `https://localhost:${listener.addr.port}/`;
  const refused = refusal(listener);
  await assertRejects(
    () => HttpClient.connect(url, { tls: { ...TRUSTING, ...CLIENT } }),
    Deno.errors.InvalidData,
    "not valid for name",
  );
  assertInstanceOf(await refused, Error);
});

Deno.test("connect presents a client certificate, which a server checks", async () => {
  const server = createServer({
    ...SERVER,
    ca: CA,
    requestCert: true,
    rejectUnauthorized: true,
  }, (request, response) => {
    const socket = request.socket as TLSSocket;
    const { subject } = socket.getPeerCertificate();
    response.end(`${socket.authorized} ${subject.CN}`);
  });
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  const { port } = server.address() as AddressInfo;
  const url = `https://localhost:${port}/`;
  {
    const tls = { ...TRUSTING, ...CLIENT };
    await using client = await HttpClient.connect(url, { tls });
    const { response } = await client.send(HttpRequest.get(url));
    assertEquals(response.text(), "true client");
    // The same elsewhere, where the host is the same as well.
    const there = { hostname: "localhost", port, tls };
    await using other = await HttpClient.connect("https://localhost/", there);
    const second = await other.send(HttpRequest.get(url));
    assertEquals(second.response.text(), "true client");
  }
  // TLS 1.3 lets the client believe that all is well until it reads.
  const refused = new Promise((resolve) =>
    server.once("tlsClientError", resolve)
  );
  const client = await HttpClient.connect(url, { tls: TRUSTING });
  const error = await rejection(client.send(HttpRequest.get(url)));
  assertInstanceOf(error, Error);
  assertEquals(client.reusable, false);
  await refused;
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("send over TLS takes the end of the connection for the body's, where TLS says so", async () => {
  const { url, client, server } = await openThroughRelay();
  const sending = client.send(HttpRequest.get(url));
  await readUntil(server, "\r\n\r\n");
  await writeText(server, "HTTP/1.1 200 OK\r\n\r\nall");
  server.close();
  const { response, closeReason } = await sending;
  assertEquals(response.text(), "all");
  assertEquals(closeReason, "ReadToClose");
});

Deno.test("send over TLS rejects a body that is cut off, where TLS does not say that it ends", async () => {
  const { url, client, server, cut } = await openThroughRelay();
  const sending = rejection(client.send(HttpRequest.get(url)));
  await readUntil(server, "\r\n\r\n");
  await writeText(server, "HTTP/1.1 200 OK\r\n\r\npart");
  cut();
  assertInstanceOf(await sending, Deno.errors.UnexpectedEof);
  assertEquals(client.reusable, false);
  server.close();
});

Deno.test("detach gives a TLS connection whose halves end one by one", async () => {
  using listener = listen();
  const url = `https://localhost:${listener.addr.port}/`;
  const connecting = HttpClient.connect(url, { tls: TRUSTING });
  const conn = await listener.accept();
  await conn.handshake();
  const client = await connecting;
  const sending = client.send(
    HttpRequest.get(url, { headers: { Connection: "upgrade", Upgrade: "x" } }),
  );
  await readUntil(conn, "\r\n\r\n");
  await writeText(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\nearly");
  assertEquals((await sending).upgraded, true);
  const { readable, writable } = client.detach();
  const reader = readable.getReader();
  assertEquals((await reader.read()).value, new TextEncoder().encode("early"));
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode("raw"));
  assertEquals(await readUntil(conn, "raw"), "raw");
  await writer.close();
  assertEquals(await readSome(conn), "");
  await writeText(conn, "answer");
  assertEquals((await reader.read()).value, new TextEncoder().encode("answer"));
  conn.close();
  assertEquals((await reader.read()).done, true);
});

Deno.test("close during a call over TLS leaves nothing open", async () => {
  using listener = listen();
  const url = `https://localhost:${listener.addr.port}/`;
  const connecting = HttpClient.connect(url, { tls: TRUSTING });
  const conn = await listener.accept();
  await conn.handshake();
  const client = await connecting;
  const sending = rejection(client.send(HttpRequest.get(url)));
  await readUntil(conn, "\r\n\r\n");
  await client.close();
  assertInstanceOf(await sending, DOMException);
  await readToEnd(conn).catch(() => {});
  conn.close();
});

Deno.test("HttpClient works over a TLS connection that someone else opened", async () => {
  using listener = listen();
  const { port } = listener.addr;
  const [near, far] = await Promise.all([
    Deno.connectTls({ hostname: "localhost", port, caCerts: [CA] }),
    listener.accept(),
  ]);
  const client = new HttpClient(near);
  const sending = client.send(HttpRequest.get("https://localhost/"));
  await readUntil(far, "\r\n\r\n");
  far.close();
  const error = await rejection(sending);
  assertInstanceOf(error, HttpError);
  assertEquals(error.code, "UnexpectedEof");
});

/**
 * A client and a server whose TLS goes through a relay, which can be cut without
 * either of them saying that it ends.
 */
async function openThroughRelay() {
  using listener = listen();
  using relay = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `https://localhost:${listener.addr.port}/`;
  const { port } = relay.addr;
  const connecting = HttpClient.connect(url, { port, tls: TRUSTING });
  const [near, far, server] = await Promise.all([
    relay.accept(),
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    listener.accept(),
  ]);
  // Closes both when one of them ends, or is cut.
  const cut = () => [near, far].forEach(closeQuietly);
  for (const [from, to] of [[near, far], [far, near]] as const) {
    forward(from, to).catch(() => {}).then(cut);
  }
  await server.handshake();
  return { url, client: await connecting, server, cut };
}

async function forward(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  for (let text = await readSome(from); text; text = await readSome(from)) {
    await writeText(to, text);
  }
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}
