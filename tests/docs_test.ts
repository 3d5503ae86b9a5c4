// Runs the code of README.md and docs/, and the module examples that need a
// server, as they stand, but against servers on the loopback interface: only hosts,
// ports, and paths are replaced.

import { assertEquals } from "@std/assert";
import { openApi } from "../examples/_api.ts";
import { openCamera } from "../examples/_camera.ts";
import { openDocker, openMutualTlsOrigin } from "../examples/_server.ts";
import { openSocks } from "../examples/_socks.ts";
import { readFiles } from "../tools/check.ts";
import type { SourceFile } from "../tools/check/source.ts";

const ROOT = new URL("../", import.meta.url);
const CERTS = new URL("certs/", import.meta.url).pathname;

interface Block {
  readonly line: number;
  readonly code: string;
  /** Whether `deno check --doc` passes over the block. */
  readonly isUnchecked: boolean;
}

/** Finds the blocks of code that run, in Markdown or in a comment without stars. */
function findBlocks(text: string): Block[] {
  return Array.from(
    text.matchAll(/^```((?:ts|js)\b[^\n]*)\n(.*?)^```$/gms),
    ({ index, 1: fence = "", 2: code = "" }) => ({
      line: text.slice(0, index).split("\n").length,
      code,
      // `examples/worker.ts`, with the same lines, is checked.
      isUnchecked: fence.includes("ignore") && !code.includes("cloudflare:"),
    }),
  );
}

/** Answers the requests of the docs. */
async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/websocket") {
    return Deno.upgradeWebSocket(request).response;
  }
  await request.body?.pipeTo(new WritableStream());
  switch (pathname) {
    case "/status":
    case "/notes":
    case "/notes/7":
    case "/repository":
      return Response.json({ ok: true, id: "7" });
    case "/old":
      return Response.redirect(new URL("/status", request.url));
    case "/events":
      return new Response("retry: 1\nevent: greeting\ndata: hello\n\n", {
        headers: { "Content-Type": "text/event-stream" },
      });
    default:
      return new Response("hello");
  }
}

/** Runs a program in the folder of the project, so that its imports resolve. */
async function run(code: string, check: string): Promise<[number, string]> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", check, "--no-prompt", "--ext=ts", "-A", "-"],
    cwd: ROOT,
    env: { DENO_CERT: `${CERTS}ca.pem`, NO_COLOR: "1", PASSWORD: "secret" },
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const output = process.output();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { code: exitCode, stderr } = await output;
  return [exitCode, new TextDecoder().decode(stderr)];
}

/** Runs a Worker once, with the stand-in for Cloudflare's sockets, without TLS. */
function inStandIn(code: string): string {
  if (!code.includes("cloudflare:sockets")) return code;
  const worker = code
    .replace("{ connect }", "{ connectStandIn as connect }")
    .replace("cloudflare:sockets", "./examples/_server.ts")
    .replace("https://", "http://")
    .replace("export default", "const worker =");
  return `${worker}
const { status } = await worker.fetch();
if (status !== 200) throw new Error(String(status));`;
}

async function runOnLoopback({ code, isUnchecked }: Block): Promise<void> {
  const folder = await Deno.makeTempDir();
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const cert = await Deno.readTextFile(`${CERTS}server.pem`);
  const key = await Deno.readTextFile(`${CERTS}server.key`);
  const plain = Deno.serve(options, answer);
  const tls = Deno.serve({ ...options, cert, key }, answer);
  const unix = Deno.serve(
    { path: `${folder}/app.sock`, onListen() {} },
    answer,
  );
  await using api = openApi();
  const auth = Deno.serve(options, async () => {
    return Response.json({ access_token: await api.issueToken() });
  });
  await using camera = openCamera();
  await using docker = await openDocker();
  await using mutual = await openMutualTlsOrigin([]);
  await using socks = await openSocks();
  const places: [name: string, place: string][] = [
    ["https://example.com", `https://127.0.0.1:${tls.addr.port}`],
    ["http://example.com", `http://127.0.0.1:${plain.addr.port}`],
    ["npm:tldts", "tldts"],
    ["https://api.example.com", new URL(api.url).origin],
    ["https://auth.example.com", `http://127.0.0.1:${auth.addr.port}`],
    ["https://internal.example.com", new URL(mutual.url).origin],
    ["http://camera.lan", `http://${new URL(camera.url).host}`],
    ['"camera.lan"', '"127.0.0.1"'],
    ['"example.com"', '"127.0.0.1"'],
    ["port: 80", `port: ${plain.addr.port}`],
    ["socks5://127.0.0.1:1080", socks.url],
    ["/run/app.sock", `${folder}/app.sock`],
    ["/var/run/docker.sock", docker.path],
    ["our_ca.pem", `${CERTS}ca.pem`],
    ['"client.pem"', `"${CERTS}client.pem"`],
    ['"client.key"', `"${CERTS}client.key"`],
    ['open("video.mp4"', 'open("README.md"'],
    ['"snapshot.jpg"', `"${folder}/snapshot.jpg"`],
    ['"backup.tar"', `"${folder}/backup.tar"`],
  ];
  const program = places.reduce(
    (text, [name, place]) => text.replaceAll(name, place),
    inStandIn(code),
  );
  try {
    assertEquals(
      await run(program, isUnchecked ? "--check" : "--no-check"),
      [0, ""],
    );
  } finally {
    const servers = [plain, tls, unix, auth];
    await Promise.all(servers.map((server) => server.shutdown()));
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("SECURITY.md names tests that exist", () => {
  const text = Deno.readTextFileSync(new URL("SECURITY.md", ROOT));
  for (const [, path = ""] of text.matchAll(/`(tests\/[^`]*)`/g)) {
    Deno.statSync(new URL(path, ROOT));
  }
});

/** Lists the blocks of a page, or those of a module that `deno test` skips. */
function listBlocks({ path, text }: SourceFile): Block[] {
  if (/^(README|docs\/.*)\.md$/.test(path)) return findBlocks(text);
  if (!path.endsWith(".ts")) return [];
  return findBlocks(text.replaceAll(/^ *\* ?/gm, ""))
    .filter((it) => it.isUnchecked);
}

for (const file of readFiles(ROOT)) {
  for (const block of listBlocks(file)) {
    Deno.test(`${file.path} runs to its end from line ${block.line}`, async () => {
      await runOnLoopback(block);
    });
  }
}
