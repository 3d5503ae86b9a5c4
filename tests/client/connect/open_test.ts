// Connectors that others wrote.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { HttpError } from "@pimalaya/io-http";
import { openConnection } from "../../../client/connect/open.ts";
import type { HttpConnection } from "../../../client/transport/http_connection.ts";
import { rejection, watchedSignal } from "../_client.ts";

const TLS = { serverName: "example.test" };
const TARGET = { hostname: "192.0.2.1", port: 443 };

/** A connection in memory, and the calls of its methods. */
class Fake {
  readonly log: unknown[] = [];

  connection(extra: Partial<HttpConnection> = {}): HttpConnection {
    return {
      info: { remote: TARGET, local: null, tls: null },
      ...new TransformStream(),
      abort: (reason) => this.log.push("abort", reason),
      ...extra,
    };
  }

  /** A connection that speaks TLS. */
  secure(alpnProtocol: string | null): HttpConnection {
    return this.connection({
      info: { remote: TARGET, local: null, tls: { alpnProtocol } },
    });
  }

  open(
    connect: () => Promise<HttpConnection>,
    tls: typeof TLS & { cert?: string } | null = TLS,
    signal?: AbortSignal,
  ): Promise<HttpConnection> {
    const onTls = () => this.log.push("tls");
    const connector = { connect };
    return openConnection({ connector, target: TARGET, tls, signal, onTls });
  }
}

Deno.test("openConnection starts TLS if it can, and says when", async () => {
  const fake = new Fake();
  const secure = fake.secure("http/1.1");
  const startTls: HttpConnection["startTls"] = (options) => {
    fake.log.push(options.serverName);
    return Promise.resolve(secure);
  };
  const plain = () => Promise.resolve(fake.connection({ startTls }));
  assertStrictEquals(await fake.open(plain), secure);
  assertEquals(fake.log, ["tls", "example.test"]);
  const { tls } = (await fake.open(plain, null)).info;
  assertEquals([tls, fake.log.length], [null, 2]);
});

Deno.test("openConnection takes a connection that speaks TLS already", async () => {
  const fake = new Fake();
  const secure = fake.secure(null);
  assertStrictEquals(await fake.open(() => Promise.resolve(secure)), secure);
  assertEquals(fake.log, []);
});

Deno.test("openConnection rejects a connection without TLS for https, and ends it", async () => {
  const fake = new Fake();
  const plain = () => Promise.resolve(fake.connection());
  const error = await assertRejects(
    () => fake.open(plain),
    TypeError,
    "no `startTls`",
  );
  assertEquals(fake.log, ["abort", error]);
  await assertRejects(
    () => fake.open(plain, { ...TLS, cert: "" }),
    TypeError,
    "go together",
  );
});

Deno.test("openConnection rejects a server that chose another protocol, and ends the connection", async () => {
  const fake = new Fake();
  const error = await assertRejects(
    () => fake.open(() => Promise.resolve(fake.secure("h2"))),
    HttpError,
    `with "example.test" at 192.0.2.1:443: the server chose the protocol "h2"`,
  );
  assertEquals(error.code, "TlsFailed");
  assertEquals(fake.log[1], error);
});

Deno.test("openConnection passes on mistakes and HttpErrors, and explains the rest", async () => {
  const mistake = new TypeError("Not like this");
  const known = new HttpError("ProxyRefused", "No");
  const cause = new Error("Broken");
  const fake = new Fake();
  for (const thrown of [mistake, known, cause]) {
    const startTls = () => Promise.reject(thrown);
    for (
      const [connect, code, message] of [
        [
          () => Promise.reject(thrown),
          "ConnectFailed",
          "Cannot connect to 192.0.2.1:443: Broken",
        ],
        [
          () => Promise.resolve(fake.connection({ startTls })),
          "TlsFailed",
          'Cannot start TLS with "example.test" at 192.0.2.1:443: Broken',
        ],
      ] as [() => Promise<HttpConnection>, string, string][]
    ) {
      const error = await assertRejects(() => fake.open(connect));
      if (thrown !== cause) assertStrictEquals(error, thrown);
      else {
        assertInstanceOf(error, HttpError);
        assertEquals([error.code, error.message], [code, message]);
        assertStrictEquals(error.cause, cause);
      }
    }
  }
});

for (const phase of ["connect", "tls"] as const) {
  Deno.test(`openConnection rejects with the signal's reason if a connector ignores it in ${phase}, and ends what comes late`, async () => {
    const fake = new Fake();
    const late = Promise.withResolvers<HttpConnection>();
    const asked = Promise.withResolvers<void>();
    const wait = () => {
      asked.resolve();
      return late.promise;
    };
    const connect = phase === "connect"
      ? wait
      : () => Promise.resolve(fake.connection({ startTls: wait }));
    const { signal, abort } = watchedSignal();
    const opening = rejection(fake.open(connect, TLS, signal));
    await asked.promise;
    const reason = { not: "an error" };
    abort(reason);
    assertStrictEquals(await opening, reason);
    fake.log.length = 0;
    late.resolve(fake.secure(null));
    await late.promise;
    assertEquals(fake.log, ["abort", reason]);
    const calls = () => Promise.reject(new Error("It is called"));
    assertStrictEquals(await rejection(fake.open(calls, TLS, signal)), reason);
  });
}
