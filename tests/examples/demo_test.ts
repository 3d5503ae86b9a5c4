import { assert, assertEquals, assertMatch } from "@std/assert";
import { openOrigin } from "../../examples/_server.ts";
import { assertPrints, patternOf, readOutputs, runDeno } from "./_run.ts";

function runDemo(...args: string[]) {
  return runDeno(["task", "--quiet", "demo", ...args]);
}

Deno.test("The demo shows the request, the response, and the meaning of each kind of exchange", async () => {
  const run = await runDemo();
  assertPrints(run, patternOf(readOutputs("demo.txt")));
  const columns = run.stdout.split("\n").map((line) => line.length);
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

Deno.test("The demo reports the fault of a URL and exits with 1", async () => {
  const { code, stderr } = await runDemo("ftp://example.com/");
  assertEquals(code, 1);
  assertMatch(stderr, /^TypeError: Invalid URL: its scheme "ftp:" is not http/);
});
