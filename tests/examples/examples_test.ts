import { assert, assertEquals, assertMatch } from "@std/assert";
import { openCamera } from "../../examples/_camera.ts";
import {
  openHintingOrigin,
  openOrigin,
  openProxy,
  openTlsOrigin,
  openUnixOrigin,
  type Server,
} from "../../examples/_server.ts";
import { makeFolder, type Run, runExample } from "./_run.ts";

interface Example {
  readonly name: string;
  /** What it prints. */
  readonly prints: readonly RegExp[];
  /** Starts a server whose URL it is given, besides the one that it starts. */
  open?(): Server | Promise<Server>;
}

// Most are given a URL with https here, for they start servers without it.
const EXAMPLES: readonly Example[] = [
  {
    name: "own_loop",
    open: () => openTlsOrigin("/hello"),
    prints: [/^HTTP\/1.1 200 OK\nHello, world!\n/, /may be reused/],
  },
  {
    name: "light_client",
    open: () => openTlsOrigin("/hello"),
    prints: [
      /^HTTP\/1.1 200 OK\nHello, world!\n/,
      /the same connection: HttpResponse \{/,
      /bodyLength: 0/,
    ],
  },
  {
    name: "full_client",
    open: () => openTlsOrigin("/hello"),
    prints: [/^https?:\/\/127.0.0.1:\d+: 200 OK\nHello, world!\n/],
  },
  {
    name: "http10",
    open: () => openTlsOrigin("/hello"),
    prints: [/^HTTP\/1.0 200 OK\nHello, world!\n/, /not reused: Http10\n/],
  },
  {
    name: "basic_and_bearer",
    open: () => openTlsOrigin("/private"),
    prints: [
      /^HttpHeaders \[\]\n401 Who are you\?\n/,
      /It takes basic for The cave\n/,
      /It takes bearer for The cave\n/,
      /\[ "Authorization", "\[redacted\]" \] \]\n200 Come in, Aladdin\n/,
      /\[ "Authorization", "\[redacted\]" \] \]\n200 Come in, holder/,
    ],
  },
  {
    name: "digest_camera",
    open: () => openCamera(),
    prints: [
      /^Picture 1: 200, 1000 bytes\n {2}in 2 requests\n/,
      /\nPicture 3: 200, 1000 bytes\n {2}in 1 request\n$/,
    ],
  },
  {
    name: "socks",
    open: () => openOrigin("/hello"),
    prints: [/^200: Hello, world!\n200: Hello, world!\nOpen connections: 1\n/],
  },
  {
    name: "redirect",
    open: () => openTlsOrigin("/old"),
    prints: [
      /^301 https?:\/\/127.0.0.1:\d+\/old\n302 https?:\/\/127.0.0.1:\d+\/moved\n/,
      /over a new connection:\n200 https?:\/\/localhost:\d+\/hello\nHello/,
    ],
  },
  {
    name: "well_known",
    open: () => openTlsOrigin("/some/path?query"),
    prints: [
      /^301 https?:\/\/127.0.0.1:\d+\/.well-known\/caldav\n/,
      /The service is at https?:\/\/127.0.0.1:\d+\/dav\/\n/,
    ],
  },
  {
    name: "upload",
    open: () => openTlsOrigin("/upload"),
    prints: [
      /^Sent (\d+) bytes: 200 OK\nAnnounced \1 bytes, received \1\n/,
    ],
  },
  {
    name: "early_hints",
    open: () => openHintingOrigin(),
    prints: [
      /^103 <\/style.css>; rel=preload; as=style, <\/app.js>/,
      /\n200 OK\n<!doctype html>/,
    ],
  },
  {
    name: "events",
    open: () => openTlsOrigin("/events"),
    prints: [
      /^tick: tick number 1\ntick: tick number 2\n\(connecting .* event 2\)\n/,
      /\ntick: tick number 3\ntick: tick number 4\n\(connecting .* event 4\)\n/,
      /\ntick: tick number 5\n$/,
    ],
  },
  {
    name: "websocket",
    open: () => openTlsOrigin("/websocket"),
    prints: [/^101 Switching Protocols\nEchoed: Hello, WebSocket!\n$/],
  },
  {
    name: "tunnel",
    open: () => openTlsOrigin("/hello"),
    prints: [
      /^The proxy says: 200 Connection Established\n/,
      /The origin says: 200\nHello, world!\n/,
    ],
  },
  {
    name: "agent",
    open: () => openTlsOrigin("/moved"),
    prints: [/^200 from http.*\/hello after [12] redirects\nHello, world!\n/],
  },
  {
    name: "checksum_trailer",
    open: () => openTlsOrigin("/bucket/key"),
    prints: [/^200 Stored with x-amz-checksum-sha256: [\w+/]{43}=\n/],
  },
  {
    name: "oauth_refresh",
    open: () => openTlsOrigin("/token"),
    prints: [/^A token: \{ access: \[redacted\], .*\nRefreshed: true\n$/],
  },
  {
    name: "carddav_discovery",
    prints: [
      /^Friends & family: http:\/\/127.0.0.1:\d+\/dav\/books\/friends\/\n$/,
    ],
  },
  {
    name: "jmap_session",
    open: () => openTlsOrigin("/"),
    prints: [/name: "Inbox", totalEmails: 42/],
  },
  {
    name: "worker",
    open: () => openOrigin("/hello"),
    prints: [/^200 Hello, world!\n/],
  },
  {
    name: "client_certificate",
    prints: [/^200 Welcome, client\n/, /alpnProtocol: "http\/1.1"/],
  },
  {
    name: "docker_attach",
    prints: [/^stdout: Hello from the container\nstderr: It has nothing more/],
  },
  { name: "crawler", prints: [/^Map\(1\) \{ 200 => 500 \}\n$/] },
];

// These have tests of their own.
const OTHERS = [
  "download",
  "in_memory",
  "proxy_env",
  "refreshed_token",
  "unix_socket",
];

function assertPrints(run: Run, prints: readonly RegExp[]): void {
  assertEquals(run.stderr, "");
  assertEquals(run.code, 0);
  for (const expected of prints) assertMatch(run.stdout, expected);
}

for (const { name, open, prints } of EXAMPLES) {
  Deno.test(`${name}.ts exits with 0 after talking to its own server`, async () => {
    assertPrints(await runExample(name), prints);
  });

  if (open === undefined) continue;
  Deno.test(`${name}.ts exits with 0 after talking to a URL`, async () => {
    await using server = await open();
    assertPrints(await runExample(name, [server.url]), prints);
  });
}

Deno.test("unix_socket.ts exits with 0 after talking to its own server", async () => {
  await using folder = await makeFolder();
  const run = await runExample("unix_socket", [], { TMPDIR: folder.path });
  assertPrints(run, [/^200 OK\nHello, world!\n/]);
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("unix_socket.ts exits with 0 after talking to a socket", async () => {
  await using origin = await openUnixOrigin();
  const args = [origin.path, "http://localhost/nothing"];
  const run = await runExample("unix_socket", args);
  assertPrints(run, [/^404 Not Found\nNot here\n/]);
});

Deno.test("in_memory.ts exits with 0 without any permission", async () => {
  const run = await runExample("in_memory");
  assertPrints(run, [
    /^WantsWrite\nGET \/greeting HTTP\/1.1\r\nHost: example.com\r\n/,
    /\nWantsRead\nWantsRead\n/,
    /\nOk\nHttpResponse \{/,
    /trailers: \[ \[ "X-Checked", "yes" \] \]\n\}\nHello world!\n/,
  ]);
});

Deno.test("refreshed_token.ts exits with 0 after two tokens for nine calls", async () => {
  const run = await runExample("refreshed_token");
  assertPrints(run, [/\nRound 3: 200, 200, 200\n$/]);
  assertEquals(run.stdout.match(/a new token/g)?.length, 2);
});

Deno.test("refreshed_token.ts exits with 0 with a URL and a token", async () => {
  await using origin = openOrigin("/private");
  const run = await runExample("refreshed_token", [origin.url, "a-token"]);
  assertPrints(run, [/\nRound 3: 200, 200, 200\n$/]);
  assertEquals(run.stdout.match(/a new token/g)?.length, 1);
});

Deno.test("proxy_env.ts exits with 0 after talking through its own proxy", async () => {
  const run = await runExample("proxy_env");
  assertPrints(run, [/^200 OK, via 1.1 example\n/, /\nHello, world!\n/]);
});

Deno.test("proxy_env.ts exits with 0 after following the environment", async () => {
  await using origin = openOrigin("/hello");
  await using proxy = await openProxy();
  for (const [no_proxy, via] of [["", "1.1 example"], ["127.0.0.1", "null"]]) {
    const env = { all_proxy: proxy.url, no_proxy: no_proxy! };
    const run = await runExample("proxy_env", [origin.url], env);
    assertPrints(run, [new RegExp(`^200 OK, via ${via}\n`)]);
  }
});

Deno.test("download.ts exits with 0 after writing a file of its own", async () => {
  await using folder = await makeFolder();
  const run = await runExample("download", [], { TMPDIR: folder.path });
  const [file] = [...Deno.readDirSync(folder.path)];
  assert(file !== undefined);
  const path = `${folder.path}/${file.name}`;
  assertPrints(run, []);
  assertEquals(run.stdout, `8388608 bytes in ${path}\n`);
  assertEquals((await Deno.stat(path)).size, 8388608);
});

Deno.test("download.ts exits with 0 after writing a URL's body to a file", async () => {
  await using folder = await makeFolder();
  await using origin = openTlsOrigin("/pieces");
  const path = `${folder.path}/file`;
  await Deno.writeTextFile(path, "What was there before, which is longer");
  const run = await runExample("download", [origin.url, path]);
  assertPrints(run, []);
  assertEquals(run.stdout, `18 bytes in ${path}\n`);
  assertEquals(await Deno.readTextFile(path), "Hello, in pieces!\n");
});

Deno.test("upload.ts exits with 0 after sending the file that it is given", async () => {
  await using folder = await makeFolder();
  await using origin = openOrigin("/upload");
  const path = `${folder.path}/file`;
  await Deno.writeFile(path, new Uint8Array(1_000_000));
  const run = await runExample("upload", [origin.url, path]);
  assertPrints(run, [/^Sent 1000000 bytes: .*\n.* received 1000000\n/]);
});

Deno.test("basic_and_bearer.ts takes user name, password and token from its arguments", async () => {
  await using origin = openOrigin("/private");
  const url = new URL(origin.url);
  url.username = "Aladdin";
  url.password = "open simsim";
  const run = await runExample("basic_and_bearer", [url.href, "other"]);
  assertPrints(run, []);
  assertEquals(run.stdout.match(/^401 /gm)?.length, 3);
});

Deno.test("tunnel.ts exits with 0 after going through a given proxy", async () => {
  await using origin = openOrigin("/hello");
  await using proxy = await openProxy();
  const run = await runExample("tunnel", [origin.url, proxy.url]);
  assertPrints(run, [/^The proxy says: 200 /, /\nThe origin says: 200\n/]);
});

Deno.test("websocket.ts exits with 0 after talking to a URL of ws", async () => {
  await using origin = openOrigin("/websocket");
  const url = origin.url.replace("http:", "ws:");
  assertPrints(await runExample("websocket", [url]), [/\nEchoed: Hello/]);
});

Deno.test("websocket.ts exits with 1 where there is no WebSocket", async () => {
  await using origin = openOrigin("/hello");
  const run = await runExample("websocket", [origin.url]);
  assertEquals(run.code, 1);
  assertMatch(run.stderr, /Error: There is no WebSocket: 200/);
});

Deno.test("every example has a test", () => {
  const names = [
    ...Deno.readDirSync(new URL("../../examples", import.meta.url)),
  ]
    .map(({ name }) => name)
    .filter((name) => name.endsWith(".ts") && !name.startsWith("_"))
    .map((name) => name.replace(/\.ts$/, ""));
  const tested = [...EXAMPLES.map(({ name }) => name), ...OTHERS];
  assertEquals(names.toSorted(), tested.toSorted());
});
