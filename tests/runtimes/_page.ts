// Chromium without a window: it loads a page, which posts its outcomes.

import { openTunnel } from "./_tunnel.ts";
import type { Site } from "./cases/_case.ts";
import type { Outcome } from "./suite.ts";

const RUN_MILLISECONDS = 300_000;

// Root has no sandbox; and the browser shall use no network of its own.
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
<script type="module" src="/suite.mjs"></script>`;

/** Runs a script in a page, until it says that it is done. */
export async function runPage(
  program: string,
  script: string,
  { folder, site }: { readonly folder: string; readonly site: Site },
  report: (outcome: Outcome) => void,
): Promise<void> {
  const done = Promise.withResolvers<void>();
  const code = await Deno.readTextFile(script);
  const serve = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    const respond = (body: string | null, type: string) =>
      new Response(body, { headers: { "content-type": type } });
    if (pathname === "/") return respond(PAGE, "text/html");
    if (pathname === "/suite.mjs") return respond(code, "text/javascript");
    if (pathname === "/site") {
      return respond(JSON.stringify(site), "application/json");
    }
    if (pathname === "/tunnel") {
      return await openTunnel(request, Number(searchParams.get("port")));
    }
    if (pathname !== "/report") return new Response(null, { status: 404 });
    const outcome: Outcome | string | null = await request.json();
    if (outcome === null) done.resolve();
    else if (typeof outcome === "string") done.reject(new Error(outcome));
    else report(outcome);
    return new Response(null, { status: 204 });
  };
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    serve,
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const browser = new Deno.Command(program, {
    args: [...FLAGS, `--user-data-dir=${folder}/chromium`, url],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const late = setTimeout(
    () => done.reject(new Error(`No end after ${RUN_MILLISECONDS} ms`)),
    RUN_MILLISECONDS,
  );
  browser.status.then(() => done.reject(new Error("The browser has ended")));
  try {
    await done.promise;
  } finally {
    clearTimeout(late);
    // Its folder is removed next, so it must be gone.
    browser.kill();
    await browser.status;
  }
}
