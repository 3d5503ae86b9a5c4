// Handshakes of TLS that come to nothing: given up, cut off, or impossible from
// the start.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { HttpClient, type HttpTlsOptions } from "@pimalaya/io-http/client";
import { CA, CLIENT, type Identity, SERVER } from "../_tls.ts";
import { readSome, readToEnd, watchedSignal, writeText } from "./_buffered.ts";
import { rejection } from "./_exchange.ts";

const NO_CERTIFICATE = CA.replace(/(?<=\n)\w+/, "????");
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

for (const identity of [{}, CLIENT]) {
  const how = "cert" in identity ? "with" : "without";

  Deno.test(`an abort ends the handshake with a server that says nothing, ${how} a client certificate`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const url = `https://localhost:${listener.addr.port}/`;
    const { signal, abort, listeners } = watchedSignal();
    const tls = { ...TRUSTING, ...identity };
    const connecting = rejection(HttpClient.connect(url, { tls, signal }));
    const conn = await listener.accept();
    // The client's hello: it is in the handshake.
    assertEquals((await readSome(conn)).length > 0, true);
    const reason = { not: "an error" };
    abort(reason);
    assertStrictEquals(await connecting, reason);
    assertEquals(listeners(), 0);
    conn.close();
  });

  Deno.test(`an abort ends connecting at once, ${how} a client certificate`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const url = `https://localhost:${listener.addr.port}/`;
    const { signal, abort, listeners } = watchedSignal();
    const tls = { ...TRUSTING, ...identity };
    const connecting = rejection(HttpClient.connect(url, { tls, signal }));
    abort("Enough");
    assertEquals(await connecting, "Enough");
    assertEquals(listeners(), 0);
    if ("cert" in identity) {
      // This way takes no signal: it is opened, and closed again.
      (await listener.accept()).close();
    }
  });

  Deno.test(`connect rejects where the server ends in the handshake, ${how} a client certificate`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const url = `https://localhost:${listener.addr.port}/`;
    const { signal, listeners } = watchedSignal();
    const tls = { ...TRUSTING, ...identity };
    const connecting = rejection(HttpClient.connect(url, { tls, signal }));
    const conn = await listener.accept();
    await readSome(conn);
    conn.close();
    assertInstanceOf(await connecting, Error);
    assertEquals(listeners(), 0);
  });

  Deno.test(`connect rejects a server that speaks no TLS, ${how} a client certificate`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const url = `https://localhost:${listener.addr.port}/`;
    const tls = { ...TRUSTING, ...identity };
    const connecting = rejection(HttpClient.connect(url, { tls }));
    const conn = await listener.accept();
    await writeText(conn, "HTTP/1.1 400 Bad Request\r\n\r\n");
    assertInstanceOf(await connecting, Deno.errors.InvalidData);
    await readToEnd(conn).catch(() => {});
    conn.close();
  });

  Deno.test(`connect rejects authorities that are no certificates, and leaves nothing open, ${how} a client certificate`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const url = `https://localhost:${listener.addr.port}/`;
    const { signal, listeners } = watchedSignal();
    for (const options of [{}, { signal }]) {
      const tls = { caCerts: [NO_CERTIFICATE], ...identity };
      await assertRejects(() => HttpClient.connect(url, { tls, ...options }));
    }
    assertEquals(listeners(), 0);
  });
}

Deno.test("connect rejects a client certificate that is none, and leaves nothing open", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `https://localhost:${listener.addr.port}/`;
  for (
    const tls of [
      { ...CLIENT, cert: NO_CERTIFICATE },
      { ...CLIENT, key: "none" },
      { cert: CLIENT.cert, key: SERVER.key },
    ]
  ) {
    await assertRejects(() => HttpClient.connect(url, { tls }));
  }
});

Deno.test("connect rejects a host that no certificate can name, and leaves nothing open", async () => {
  using listener = listen();
  const { port } = listener.addr;
  const { signal, listeners } = watchedSignal();
  for (const options of [{}, { signal }]) {
    const elsewhere = { hostname: "127.0.0.1", port, ...options };
    await assertRejects(
      () => HttpClient.connect("https://-/", elsewhere),
      TypeError,
      "Invalid hostname",
    );
  }
  assertEquals(listeners(), 0);
});
