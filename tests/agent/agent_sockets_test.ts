// The agent over real sockets: nothing stays open (the sanitizers watch), and
// nothing keeps the process alive.

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { HttpError, HttpRequest } from "@pimalaya/io-http";
import { HttpAgent } from "@pimalaya/io-http/agent";
import { denoConnector, nodeConnector } from "@pimalaya/io-http/client";
import { toBytes } from "../_text.ts";
import { CA, CLIENT, NAMED, OTHER_CA, SERVER } from "../_tls.ts";

const CONNECTORS = { denoConnector, nodeConnector };
const answer = () => new Response("hello");
const quiet = { hostname: "127.0.0.1", port: 0, onListen() {} };

for (const [name, connector] of Object.entries(CONNECTORS)) {
  Deno.test(`Pool: await using closes all sockets of an agent over ${name}`, async () => {
    const server = Deno.serve(quiet, answer);
    const url = `http://127.0.0.1:${server.addr.port}/`;
    {
      await using agent = new HttpAgent({ connector });
      const send = async () => (await agent.send(url)).response.text();
      const read = async () => await (await agent.exchange(url)).text();
      const calls = Array.from({ length: 10 }, () => [send(), read()]);
      const texts = await Promise.all(calls.flat());
      assertEquals(new Set(texts), new Set(["hello"]));
      assert(agent.stats().idle > 0);
      await agent.exchange(url); // Nobody reads its body.
    }
    await server.shutdown();
  });

  Deno.test(`HttpAgent speaks TLS over ${name}, with certificates and names`, async () => {
    const server = Deno.serve({ ...quiet, ...SERVER }, answer);
    const named = Deno.serve({ ...quiet, ...NAMED }, answer);
    const url = `https://127.0.0.1:${server.addr.port}/`;
    {
      await using agent = new HttpAgent({ connector, tls: { caCerts: [CA] } });
      const { response, info, timings } = await agent.send(url);
      assertEquals(response.text(), "hello");
      assertEquals(info?.tls?.alpnProtocol ?? null, "http/1.1");
      assert(timings.tls !== null && timings.tls > 0);
      await agent.with({ tls: { caCerts: [CA], ...CLIENT } }).send(url);
      assertEquals(agent.stats().open, 2);
      const { port } = named.addr;
      await agent.send("https://example.test/", {
        connectTo: { hostname: "127.0.0.1", port },
      });
      const error = await assertRejects(
        () => agent.with({ tls: { caCerts: [OTHER_CA] } }).send(url),
        HttpError,
      );
      assertEquals([error.code, error.progress?.phase], ["TlsFailed", "tls"]);
      assertMatch(error.message, /127\.0\.0\.1/);
    }
    await server.shutdown();
    await named.shutdown();
  });

  Deno.test(`Pool: HttpAgent sends no POST over ${name} to a server that has closed without saying that it would`, async () => {
    using listener = Deno.listen(quiet);
    const serving = (async () => {
      for (let i = 0; i < 10; i++) {
        const connection = await listener.accept();
        await connection.read(new Uint8Array(1000));
        await connection.write(toBytes("HTTP/1.1 204 \r\n\r\n"));
        connection.close();
      }
    })();
    const request = HttpRequest.post(`http://127.0.0.1:${listener.addr.port}/`);
    await using agent = new HttpAgent({ connector });
    for (let i = 0; i < 10; i++) await agent.send(request);
    await serving;
  });
}

Deno.test("Pool: a program with nothing but idle connections exits by itself", async () => {
  const server = Deno.serve(quiet, answer);
  const program = `
    import { HttpAgent } from "@pimalaya/io-http/agent";
    import { denoConnector, nodeConnector } from "@pimalaya/io-http/client";
    for (const connector of [denoConnector, nodeConnector]) {
      const agent = new HttpAgent({ connector, timeouts: { total: 60000 } });
      const { response } = await agent.send("http://127.0.0.1:${server.addr.port}/");
      console.log(response.text(), agent.stats().idle);
    }`;
  assertEquals(await runProgram(program), "hello 1\nhello 1\n");
  await server.shutdown();
});

// Prints the slow parts of Deno that were loaded.
const LOADED = `
    const loaded = new Set();
    const parts = {
      Response: "Response",
      process: "process",
      setImmediate: "timers",
      setTimeout: "timers",
    };
    for (const [name, part] of Object.entries(parts)) {
      const { get } = Object.getOwnPropertyDescriptor(globalThis, name);
      Object.defineProperty(globalThis, name, { get: () => (loaded.add(part), get()) });
    }
    const print = (what) => console.log(what, ...loaded);`;

Deno.test("HttpAgent loads the slow parts of Deno when a call needs them", async () => {
  const gzip = new Uint8Array(gzipSync("hello"));
  const server = Deno.serve(
    quiet,
    ({ url }) =>
      url.endsWith("/coded")
        ? new Response(gzip, { headers: { "Content-Encoding": "gzip" } })
        : answer(),
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const program = `${LOADED}
    const { HttpAgent } = await import("@pimalaya/io-http/agent");
    print("import");
    const agent = new HttpAgent();
    await agent.send("${url}");
    print("send");
    await agent.fetch("${url}");
    print("fetch");
    await (await agent.fetch("${url}coded")).text();
    print("coded");
    await agent.close();`;
  assertEquals(
    await runProgram(program),
    "import\nsend timers\nfetch timers Response\n" +
      "coded timers Response process\n",
  );
  await server.shutdown();
});

Deno.test("HttpAgent loads TLS and timers while the peer accepts", async () => {
  const program = `${LOADED}
    const { HttpAgent } = await import("@pimalaya/io-http/agent");
    const connecting = Promise.withResolvers();
    Deno.connect = () => {
      print("connect");
      connecting.resolve();
      return new Promise(() => {});
    };
    new HttpAgent().send("https://127.0.0.1/").catch(() => {});
    await connecting.promise;
    print("connecting");
    Deno.exit();`;
  assertEquals(
    await runProgram(program),
    "connect\nconnecting process timers\n",
  );
});

/** Runs a program in another process, and returns its output. */
async function runProgram(program: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", program],
    cwd: new URL("../../", import.meta.url),
    signal: AbortSignal.timeout(20_000),
  });
  const { success, stdout, stderr } = await child.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
