// Chromium without a window: it loads a page, which sends the report back.

import { findProgram, readOutput } from "../../interop/_process.ts";
import { bundle } from "../_bundle.ts";
import type { Report } from "../_report.ts";
import type { Runtime, Setting } from "../_runtime.ts";
import { openTunnel } from "../_tunnel.ts";

const RUN_MILLISECONDS = 120_000;

// No sandbox, for root has none; and nothing of its own over the network.
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const PAGE = `<!doctype html><title>Suite</title>
<script type="module" src="/chromium.mjs"></script>`;

/** Chromium. */
export const chromium: Runtime = {
  name: "Chromium",
  async find() {
    const program = await findProgram("chromium");
    if (program === null) return null;
    const printed = await readOutput(program, ["--version"]);
    const version = printed.match(/Chromium ([\d.]+)/)?.[1] ?? printed.trim();
    return { version, run: (setting) => runPage(program, setting) };
  },
};

async function runPage(
  program: string,
  { folder, port }: Setting,
): Promise<Report> {
  const file = `${folder}/chromium.mjs`;
  await bundle("chromium.ts", file);
  const report = Promise.withResolvers<Report>();
  await using server = servePage(await Deno.readTextFile(file), report);
  const url = `http://127.0.0.1:${server.addr.port}/?port=${port}`;
  const browser = new Deno.Command(program, {
    args: [...FLAGS, `--user-data-dir=${folder}/chromium`, url],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const late = setTimeout(
    () => report.reject(new Error(`No report after ${RUN_MILLISECONDS} ms`)),
    RUN_MILLISECONDS,
  );
  browser.status.then(() => report.reject(new Error("The browser has ended")));
  try {
    return await report.promise;
  } finally {
    clearTimeout(late);
    // Its folder is removed next, so it must be gone.
    browser.kill();
    await browser.status;
  }
}

function servePage(
  script: string,
  report: PromiseWithResolvers<Report>,
): Deno.HttpServer<Deno.NetAddr> {
  const serve = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/") return answer(PAGE, "text/html");
    if (pathname === "/chromium.mjs") return answer(script, "text/javascript");
    if (pathname === "/tunnel") {
      return openTunnel(request, Number(searchParams.get("port")));
    }
    if (pathname !== "/report") return new Response(null, { status: 404 });
    const outcome: Report | string = await request.json();
    if (typeof outcome === "string") report.reject(new Error(outcome));
    else report.resolve(outcome);
    return new Response(null, { status: 204 });
  };
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, serve);
}

function answer(body: string, type: string): Response {
  return new Response(body, { headers: { "content-type": type } });
}
