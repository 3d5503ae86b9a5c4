// Runs the code of README.md and docs/ as it stands there, but against servers on
// the loopback interface: only hosts, ports, and paths are replaced. Blocks that
// are marked `no_run` are type-checked alone.

import { assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);
const CA = new URL("./certs/ca.pem", import.meta.url);
const CERT = new URL("./certs/server.pem", import.meta.url);
const KEY = new URL("./certs/server.key", import.meta.url);

interface Block {
  readonly line: number;
  readonly code: string;
}

/** Finds the blocks of TypeScript in a Markdown text. */
function findBlocks(markdown: string): Block[] {
  return Array.from(
    markdown.matchAll(/^```ts\n(.*?)^```$/gms),
    ({ index, 1: code = "" }) => ({
      line: markdown.slice(0, index).split("\n").length,
      code,
    }),
  );
}

/** Answers what the README asks for. */
async function answer(request: Request): Promise<Response> {
  await request.body?.pipeTo(new WritableStream());
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/status":
    case "/notes":
    case "/notes/7":
      return Response.json({ ok: true, id: "7" });
    case "/old":
      return Response.redirect(new URL("/status", request.url));
    case "/events":
      return new Response("event: greeting\ndata: hello\n\n", {
        headers: { "Content-Type": "text/event-stream" },
      });
    default:
      return new Response("hello");
  }
}

/** Runs a program in the folder of the project, where its imports resolve. */
async function run(code: string): Promise<{ code: number; stderr: string }> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", "--ext=ts", "-A", "-"],
    cwd: ROOT,
    env: { DENO_CERT: CA.pathname, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const output = process.output();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { code: exitCode, stderr } = await output;
  return { code: exitCode, stderr: new TextDecoder().decode(stderr) };
}

async function runOnLoopback(code: string): Promise<void> {
  const folder = await Deno.makeTempDir();
  const socket = `${folder}/app.sock`;
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const cert = await Deno.readTextFile(CERT);
  const key = await Deno.readTextFile(KEY);
  const plain = Deno.serve(options, answer);
  const tls = Deno.serve({ ...options, cert, key }, answer);
  const unix = Deno.serve({ path: socket, onListen() {} }, answer);
  try {
    const result = await run(
      code
        .replaceAll("https://example.com", `https://127.0.0.1:${tls.addr.port}`)
        .replaceAll("http://example.com", `http://127.0.0.1:${plain.addr.port}`)
        .replaceAll('"example.com"', '"127.0.0.1"')
        .replaceAll("port: 80", `port: ${plain.addr.port}`)
        .replaceAll("/run/app.sock", socket)
        .replaceAll("video.mp4", "README.md"),
    );
    assertEquals(result, { code: 0, stderr: "" });
  } finally {
    await Promise.all([plain, tls, unix].map((server) => server.shutdown()));
    await Deno.remove(folder, { recursive: true });
  }
}

function listPages(): string[] {
  const guides = Array.from(
    Deno.readDirSync(new URL("docs/", ROOT)),
    ({ name }) => `docs/${name}`,
  );
  return ["README.md", ...guides.filter((path) => path.endsWith(".md")).sort()];
}

Deno.test("SECURITY.md names tests that exist", () => {
  const text = Deno.readTextFileSync(new URL("SECURITY.md", ROOT));
  for (const [, path = ""] of text.matchAll(/`(tests\/[^`]*)`/g)) {
    Deno.statSync(new URL(path, ROOT));
  }
});

for (const page of listPages()) {
  const blocks = findBlocks(Deno.readTextFileSync(new URL(page, ROOT)));
  for (const { line, code } of blocks) {
    Deno.test(`${page} runs to its end from line ${line}`, async () => {
      await runOnLoopback(code);
    });
  }
}
