import { assert, assertEquals, assertMatch } from "@std/assert";
import { openOrigin } from "../../examples/_server.ts";
import { assertPrints, runDeno } from "./_run.ts";

function runDemo(...args: string[]) {
  return runDeno(["task", "--quiet", "demo", ...args]);
}

Deno.test("The demo shows what each kind of exchange sent, got, and means, without credentials", async () => {
  const run = await runDemo();
  const { stdout } = run;
  assertPrints(
    run,
    /> GET \/hello HTTP\/1.1\n +> Host: 127.0.0.1:\d+\n +< HTTP\/1.1 200 OK\n/,
    /\n {6}Hello, world!\n +=/,
    /= points to http:\/\/127.0.0.1:\d+\/moved \(the same origin\)\n/,
    /= asks for basic, realm: The cave\n/,
    /> Authorization: \[redacted\]\n/,
    /= connection 1 stays open: the response is whole, and nobody said close\n/,
    /= connection 1 closed: the server said so \(Connection: close\)\n/,
    /= connection 2 closed: HTTP\/1.0, and nobody said keep-alive\n/,
    /> 10\n +> piece by piece, \n +> d\n +> as it is made\n +> 0\n +> X-Pieces: 2\n/,
    /< HTTP\/1.1 103 Early Hints\n +< Link: /,
    /< X-Received: 29 {2}\(trailer\)\n/,
    /\n11 exchanges, 4 connections\n$/,
  );
  const titles = [...stdout.matchAll(/^ ?(\d+) {2}(.*?) {2,}http/gm)];
  assertEquals(titles.map(([, number, title]) => `${number} ${title}`), [
    "1 GET, a body of known length",
    "2 GET, a body in chunks",
    "3 HEAD, a length but no body",
    "4 GET, a redirect",
    "5 GET, a challenge",
    "6 GET, with credentials",
    "7 Well-known: where is CalDAV?",
    "8 GET, with Connection: close",
    "9 GET over HTTP/1.0",
    "10 GET over TLS",
    "11 POST, streamed, with trailers; a hint first",
  ]);
  assert(!stdout.includes(btoa("Aladdin:open sesame")));
  assert(!stdout.includes("\x1b"));
  const columns = stdout.split("\n").map((line) => line.length);
  assert(Math.max(...columns) < 100);
});

Deno.test("The demo shows head and body of a URL and exits with 0", async () => {
  await using origin = openOrigin("/hello");
  assertPrints(
    await runDemo(origin.url),
    /^\nGET +http:\/\/127.0.0.1:\d+\n +> GET \/hello /,
    /\n +< HTTP\/1.1 200 OK\n +< content-type: /,
    /\n {6}Hello, world!\n +=/,
  );
});

Deno.test("The demo shows neither user name and password nor control characters", async () => {
  const headers = { "Set-Cookie": "id=secret", Location: "http://a:b@c.test/" };
  const body = "cut \x1b[2J short " + "x".repeat(200);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(body, { status: 302, headers }),
  );
  const { port } = server.addr;
  const run = await runDemo(`http://user:pass@127.0.0.1:${port}/`);
  assertPrints(
    run,
    /< Set-Cookie: \[redacted\]\n/i,
    /= points to http:\/\/c.test\/ \(another origin\)\n/,
    /\n {6}cut \ufffd\[2J short x{200}\n/,
  );
  assert(!run.stdout.includes("user") && !run.stdout.includes("pass"));
});

Deno.test("The demo says that a server sent more than was asked for", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const running = runDemo(`http://127.0.0.1:${listener.addr.port}/`);
  using conn = await listener.accept();
  await conn.read(new Uint8Array(1024));
  const bytes = "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200";
  await conn.write(new TextEncoder().encode(bytes));
  const run = await running;
  assertPrints(run, /= connection 1 closed: bytes followed the response/);
});

Deno.test("The demo says what is wrong with a URL and exits with 1", async () => {
  const { code, stderr } = await runDemo("ftp://example.com/");
  assertEquals(code, 1);
  assertMatch(stderr, /^TypeError: Invalid URL: its scheme "ftp:" is not http/);
});
