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
import { assertPrints, runExample } from "./_run.ts";

/** Starts a server whose URL an example is given; a path is one of https. */
type Open = string | (() => Server | Promise<Server>) | null;

// What each example prints, with a server of its own and with the URL of another.
// Most are given one of https, as they start servers without it.
const EXAMPLES: Readonly<Record<string, [open: Open, ...prints: RegExp[]]>> = {
  agent: [
    "/moved",
    /^200 from http.*\/hello after [12] redirects\nHello, world!\n/,
  ],
  basic_and_bearer: [
    "/private",
    /^HttpHeaders \[\]\n401 Who are you\?\n/,
    /It takes basic for The cave\n/,
    /It takes bearer for The cave\n/,
    /\[ "Authorization", "\[redacted\]" \] \]\n200 Come in, Aladdin\n/,
    /\[ "Authorization", "\[redacted\]" \] \]\n200 Come in, holder/,
  ],
  carddav_discovery: [
    null,
    /^Friends & family: http:\/\/127.0.0.1:\d+\/dav\/books\/friends\/\n$/,
  ],
  checksum_trailer: [
    "/bucket/key",
    /^200 Stored with x-amz-checksum-sha256: [\w+/]{43}=\n/,
  ],
  client_certificate: [
    null,
    /^200 Welcome, client\n/,
    /alpnProtocol: "http\/1.1"/,
  ],
  crawler: [null, /^Map\(1\) \{ 200 => 500 \}\n$/],
  digest_camera: [
    openCamera,
    /^Picture 1: 200, 1000 bytes\n {2}in 2 requests\n/,
    /\nPicture 3: 200, 1000 bytes\n {2}in 1 request\n$/,
  ],
  docker_attach: [
    null,
    /^stdout: Hello from the container\nstderr: It has nothing more/,
  ],
  early_hints: [
    openHintingOrigin,
    /^103 <\/style.css>; rel=preload; as=style, <\/app.js>/,
    /\n200 OK\n<!doctype html>/,
  ],
  events: [
    "/events",
    /^tick: tick number 1\ntick: tick number 2\n\(connecting .* event 2\)\n/,
    /\ntick: tick number 3\ntick: tick number 4\n\(connecting .* event 4\)\n/,
    /\ntick: tick number 5\n$/,
  ],
  full_client: [
    "/hello",
    /^https?:\/\/127.0.0.1:\d+: 200 OK\nHello, world!\n/,
  ],
  http10: ["/hello", /^HTTP\/1.0 200 OK\nHello, world!\n[^]*: Http10\n/],
  in_memory: [
    null,
    /^WantsWrite\nGET \/greeting HTTP\/1.1\r\nHost: example.com\r\n/,
    /\nWantsRead\nWantsRead\n/,
    /\nOk\nHttpResponse \{/,
    /trailers: \[ \[ "X-Checked", "yes" \] \]\n\}\nHello world!\n/,
  ],
  jmap_session: ["/", /name: "Inbox", totalEmails: 42/],
  light_client: [
    "/hello",
    /^HTTP\/1.1 200 OK\nHello, world!\n/,
    /the same connection: HttpResponse \{/,
    /bodyLength: 0/,
  ],
  oauth_refresh: [
    "/token",
    /^A token: \{ access: \[redacted\], .*\nRefreshed: true\n$/,
  ],
  own_loop: ["/hello", /^HTTP\/1.1 200 OK\nHello, world!\n[^]*may be reused/],
  proxy_env: [null, /^200 OK, via 1.1 example\n/, /\nHello, world!\n/],
  redirect: [
    "/old",
    /^301 https?:\/\/127.0.0.1:\d+\/old\n302 https?:\/\/127.0.0.1:\d+\/moved\n/,
    /over a new connection:\n200 https?:\/\/localhost:\d+\/hello\nHello/,
  ],
  socks: [
    () => openOrigin("/hello"),
    /^200: Hello, world!\n200: Hello, world!\nOpen connections: 1\n/,
  ],
  tunnel: [
    "/hello",
    /^The proxy says: 200 Connection Established\n/,
    /The origin says: 200\nHello, world!\n/,
  ],
  upload: [
    "/upload",
    /^Sent (\d+) bytes: 200 OK\nAnnounced \1 bytes, received \1\n/,
  ],
  websocket: [
    "/websocket",
    /^101 Switching Protocols\nEchoed: Hello, WebSocket!\n$/,
  ],
  well_known: [
    "/some/path?query",
    /^301 https?:\/\/127.0.0.1:\d+\/.well-known\/caldav\n/,
    /The service is at https?:\/\/127.0.0.1:\d+\/dav\/\n/,
  ],
  worker: [() => openOrigin("/hello"), /^200 Hello, world!\n/],
};

for (const [name, [open, ...prints]] of Object.entries(EXAMPLES)) {
  Deno.test(`${name}.ts exits with 0 after talking to its own server`, async () => {
    assertPrints(await runExample(name), ...prints);
  });

  if (open === null) continue;
  Deno.test(`${name}.ts exits with 0 after talking to a URL`, async () => {
    await using server = typeof open === "string"
      ? openTlsOrigin(open)
      : await open();
    assertPrints(await runExample(name, [server.url]), ...prints);
  });
}

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

Deno.test("websocket.ts exits with 1 where there is no WebSocket", async () => {
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
  // These have no row of the table.
  const others = ["download", "refreshed_token", "unix_socket"];
  const tested = [...Object.keys(EXAMPLES), ...others];
  assertEquals(names.toSorted(), tested.toSorted());
});
