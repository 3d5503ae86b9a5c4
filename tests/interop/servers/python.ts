// Python's http.server as its command line starts it: files over HTTP/1.0.

import { findProgram, freePorts, readOutput } from "../_process.ts";
import { startChild } from "../_child.ts";
import type { Installed, Running, Server } from "../_server.ts";
import type { Site } from "../_site.ts";

const FILES_ALONE = "its command line serves files alone";
const NO_BODIES = "it answers GET and HEAD alone";
const CLOSES = "over HTTP/1.0, it closes after each response";
const NO_TLS = "its command line has TLS from Python 3.14 on";

/** Python's http.server. */
export const python: Server = {
  name: "http.server",
  find,
  cannot: {
    chunked: "HTTP/1.0 has no transfer codings",
    noContent: FILES_ALONE,
    range: "it knows no ranges",
    basic: FILES_ALONE,
    post: NO_BODIES,
    upload: NO_BODIES,
    expect: NO_BODIES,
    refused: NO_BODIES,
    early: NO_BODIES,
    persistence: CLOSES,
    close: CLOSES,
    http10KeepAlive: CLOSES,
    tls: NO_TLS,
    tlsClose: NO_TLS,
  },
  persists: false,
  saysClose: false,
  validators: ["Last-Modified"],
};

async function find(): Promise<Installed | null> {
  const program = await findProgram("python3");
  if (program === null) return null;
  const version = (await readOutput(program, ["--version"])).trim();
  return { version, start: (site) => start(program, site) };
}

async function start(program: string, site: Site): Promise<Running> {
  const [port] = freePorts(1) as [number];
  return await startChild(program, [
    ...["-m", "http.server"],
    ...["--bind", "127.0.0.1"],
    ...["--directory", site.root],
    String(port),
  ], { port, tlsPort: null });
}
