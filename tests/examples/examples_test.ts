import { assertEquals, assertMatch } from "@std/assert";
import { openCamera } from "../../examples/_camera.ts";
import {
  openHintingOrigin,
  openOrigin,
  openProxy,
  openTlsOrigin,
  openUnixOrigin,
  type Server,
} from "../../examples/_server.ts";
import { assertPrints, patternOf, readOutputs, runExample } from "./_run.ts";

/** Starts the server that a title of `outputs.txt` names. */
function open(server: string, path: string): Server | Promise<Server> {
  if (server === "https") return openTlsOrigin(path);
  if (server === "http") return openOrigin(path);
  return server === "camera" ? openCamera() : openHintingOrigin();
}

const sections = readOutputs("outputs.txt").split(/^# /m).slice(1);
const tested = sections.map((section) => {
  const [title, ...lines] = section.split("\n");
  const [name, server, path] = title!.split(" ") as [string, string, string];
  const expected = patternOf(lines.join("\n"));
  Deno.test(`${name}.ts exits with 0 after talking to its own server`, async () => {
    assertPrints(await runExample(name), expected);
  });
  if (server !== "-") {
    Deno.test(`${name}.ts exits with 0 after talking to a URL`, async () => {
      await using origin = await open(server, path);
      assertPrints(await runExample(name, [origin.url]), expected);
    });
  }
  return name;
});

/** Tests an example with a folder, which is removed when the test is over. */
function testWithFolder(name: string, fn: (path: string) => Promise<void>) {
  Deno.test(name, async () => {
    const path = await Deno.makeTempDir();
    try {
      await fn(path);
    } finally {
      await Deno.remove(path, { recursive: true });
    }
  });
}

testWithFolder(
  "unix_socket.ts exits with 0, and leaves no file",
  async (TMPDIR) => {
    const run = await runExample("unix_socket", [], { TMPDIR });
    assertPrints(run, /^200 OK\nHello, world!\n/);
    assertEquals([...Deno.readDirSync(TMPDIR)], []);
  },
);

Deno.test("unix_socket.ts exits with 0 after talking to a socket", async () => {
  await using origin = await openUnixOrigin();
  const args = [origin.path, "http://localhost/nothing"];
  const run = await runExample("unix_socket", args);
  assertPrints(run, /^404 Not Found\nNot here\n/);
});

Deno.test("refreshed_token.ts exits with 0 after as few tokens as it needs", async () => {
  await using origin = openOrigin("/private");
  const runs: [tokens: number, ...args: string[]][] = [
    [2],
    [1, origin.url, "a-token"],
  ];
  for (const [tokens, ...args] of runs) {
    const run = await runExample("refreshed_token", args);
    assertPrints(run, /\nRound 3: 200, 200, 200\n$/);
    assertEquals(run.stdout.match(/a new token/g)?.length, tokens);
  }
});

Deno.test("proxy_env.ts exits with 0 after following the environment", async () => {
  await using origin = openOrigin("/hello");
  await using proxy = await openProxy();
  for (const [no_proxy, via] of [["", "1.1 example"], ["127.0.0.1", "null"]]) {
    const env = { all_proxy: proxy.url, no_proxy: no_proxy! };
    const run = await runExample("proxy_env", [origin.url], env);
    assertPrints(run, new RegExp(`^200 OK, via ${via}\n`));
  }
});

testWithFolder(
  "download.ts exits with 0 after writing a file of its own",
  async (TMPDIR) => {
    const run = await runExample("download", [], { TMPDIR });
    const [file] = [...Deno.readDirSync(TMPDIR)];
    const path = `${TMPDIR}/${file?.name}`;
    assertPrints(run);
    assertEquals(run.stdout, `8388608 bytes in ${path}\n`);
    assertEquals((await Deno.stat(path)).size, 8388608);
  },
);

testWithFolder(
  "download.ts exits with 0 after writing a URL's body to a file",
  async (folder) => {
    await using origin = openTlsOrigin("/pieces");
    const path = `${folder}/file`;
    await Deno.writeTextFile(path, "What was there before, which is longer");
    const run = await runExample("download", [origin.url, path]);
    assertPrints(run);
    assertEquals(run.stdout, `18 bytes in ${path}\n`);
    assertEquals(await Deno.readTextFile(path), "Hello, in pieces!\n");
  },
);

testWithFolder(
  "upload.ts exits with 0 after sending the file that it is given",
  async (folder) => {
    await using origin = openOrigin("/upload");
    const path = `${folder}/file`;
    await Deno.writeFile(path, new Uint8Array(1_000_000));
    const run = await runExample("upload", [origin.url, path]);
    assertPrints(run, /^Sent 1000000 bytes: .*\n.* received 1000000\n/);
  },
);

Deno.test("basic_and_bearer.ts takes user name, password and token from its arguments", async () => {
  await using origin = openOrigin("/private");
  const url = origin.url.replace("//", "//Aladdin:open%20simsim@");
  const run = await runExample("basic_and_bearer", [url, "other"]);
  assertPrints(run);
  assertEquals(run.stdout.match(/^401 /gm)?.length, 3);
});

Deno.test("tunnel.ts exits with 0 after going through a given proxy", async () => {
  await using origin = openOrigin("/hello");
  await using proxy = await openProxy();
  const run = await runExample("tunnel", [origin.url, proxy.url]);
  assertPrints(run, /^The proxy says: 200 /, /\nThe origin says: 200\n/);
});

Deno.test("websocket.ts exits with 0 after talking to a URL of ws", async () => {
  await using origin = openOrigin("/websocket");
  const url = origin.url.replace("http:", "ws:");
  assertPrints(await runExample("websocket", [url]), /\nEchoed: Hello/);
});

Deno.test("websocket.ts exits with 1 if there is no WebSocket", async () => {
  await using origin = openOrigin("/hello");
  const run = await runExample("websocket", [origin.url]);
  assertEquals(run.code, 1);
  assertMatch(run.stderr, /Error: There is no WebSocket: 200/);
});

Deno.test("every example has a test", () => {
  const folder = new URL("../../examples", import.meta.url);
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name)
    .filter((name) => /^[^_].*\.ts$/.test(name))
    .map((name) => name.replace(/\.ts$/, ""));
  // These have only their own tests.
  const others = ["download", "refreshed_token", "unix_socket"];
  assertEquals(names.toSorted(), [...tested, ...others].toSorted());
});
