import { assertEquals, assertRejects } from "@std/assert";
import { HttpError } from "@pimalaya/io-http";
import { cloudflareConnector } from "../../../client/connect/cloudflare.ts";

const TARGET = { hostname: "example.test", port: 443 };

/** A Cloudflare socket, and the calls of its methods. */
class FakeSocket {
  readonly log: unknown[];
  readonly opened: Promise<unknown>;
  readonly readable = new ReadableStream<Uint8Array>();
  readonly writable = new WritableStream<Uint8Array>();

  constructor(opened: Promise<unknown>, log: unknown[] = []) {
    this.opened = opened;
    this.log = log;
  }

  connect = (...args: unknown[]): this => {
    this.log.push("connect", ...args);
    return this;
  };

  startTls(options: unknown): FakeSocket {
    this.log.push("startTls", options);
    return new FakeSocket(this.opened, this.log);
  }

  close(): Promise<void> {
    this.log.push("close");
    return Promise.resolve();
  }
}

Deno.test("cloudflareConnector opens every socket so that TLS may start later", async () => {
  const opened = { remoteAddress: "[2001:db8::1]:443", localAddress: null };
  const socket = new FakeSocket(Promise.resolve(opened));
  const plain = await cloudflareConnector(socket.connect).connect(TARGET);
  const remote = { hostname: "2001:db8::1", port: 443 };
  assertEquals(plain.info, { remote, local: null, tls: null });
  const secure = await plain.startTls!({ serverName: "example.test" });
  assertEquals(secure.info.tls, { alpnProtocol: null });
  assertEquals(secure.startTls, undefined);
  assertEquals(socket.log, [
    "connect",
    TARGET,
    { secureTransport: "starttls", allowHalfOpen: true },
    "startTls",
    { expectedServerHostname: "example.test" },
  ]);
  secure.abort!();
  assertEquals(socket.log.at(-1), "close");
});

Deno.test("cloudflareConnector explains a socket that does not open, and closes it", async () => {
  const cause = new Error("proxy request failed");
  const failed = new FakeSocket(Promise.reject(cause));
  const error = await assertRejects(
    () => cloudflareConnector(failed.connect).connect(TARGET),
    HttpError,
    "Cannot connect to example.test:443: proxy request failed",
  );
  assertEquals([error.code, error.cause], ["ConnectFailed", cause]);
  assertEquals(failed.log.at(-1), "close");
});

Deno.test("cloudflareConnector closes a socket whose signal is aborted", async () => {
  const socket = new FakeSocket(new Promise(() => {}));
  const controller = new AbortController();
  const { signal } = controller;
  const connector = cloudflareConnector(socket.connect);
  const connecting = connector.connect(TARGET, { signal });
  controller.abort(new RangeError("Enough"));
  await assertRejects(() => connecting, RangeError, "Enough");
  assertEquals(socket.log.at(-1), "close");
});

Deno.test("cloudflareConnector rejects options that Workers do not support", async () => {
  const socket = new FakeSocket(Promise.resolve({}));
  const connector = cloudflareConnector(socket.connect);
  await assertRejects(() => connector.connect({ unixPath: "/a" }), TypeError);
  const plain = await connector.connect(TARGET);
  const options = { serverName: "example.test", caCerts: [""] };
  await assertRejects(() => plain.startTls!(options), TypeError, "caCerts");
});
