// Python's http.server as its command line starts it: files over HTTP/1.0.

import { freePorts } from "../../matrix/programs.ts";
import { finder, type Running, type Server, startOn } from "../_server.ts";
import type { Site } from "../_site.ts";

const FILES_ALONE = "its command line serves files alone";
const NO_BODIES = "it answers GET and HEAD alone";
const CLOSES = "over HTTP/1.0, it closes after each response";
const NO_TLS = "its command line has TLS from Python 3.14 on";

/** Python's http.server. */
export const python: Server = {
  name: "http.server",
  find: finder("python3"),
  versionArgs: ["--version"],
  start,
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

async function start(program: string, site: Site): Promise<Running> {
  const [port] = freePorts(1) as [number];
  return await startOn(program, [
    ...["-m", "http.server"],
    ...["--bind", "127.0.0.1"],
    ...["--directory", site.root],
    String(port),
  ], port);
}
