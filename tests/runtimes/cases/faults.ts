// Faults of the peer: each has its error code and its progress, and none is
// mistaken for another.

import { HttpClient } from "../../../client/mod.ts";
import { HttpError, HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import { type Action, type Env, type Group, reasonOf } from "./_case.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const OPEN: Action = {
  write: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal",
};

/** A fault: the peer's script, and the errors that may come of it. */
type Fault = readonly [
  name: string,
  script: Action[],
  codes: readonly string[],
  phase: string,
];

// A reset may also discard what came before it.
const LOST = ["ConnectionLost"];
const TABLE: readonly Fault[] = [
  ["a FIN after the request", ["head", "fin"], ["NoResponse"], "head"],
  ["a reset after the request", ["head", "reset"], LOST, "head"],
  [
    "a FIN in the status line",
    ["head", { write: "HTTP/1.1 20" }, "fin"],
    ["UnexpectedEof"],
    "head",
  ],
  ["a FIN in the body", ["head", OPEN, "fin"], ["UnexpectedEof"], "body"],
  ["a reset in the body", ["head", OPEN, "signal", "reset"], LOST, "body"],
  [
    "another protocol",
    ["head", { write: "SSH-2.0-OpenSSH\r\n" }, "eof"],
    ["InvalidStatusLine"],
    "head",
  ],
];

export const FAULTS: Group = {
  title: "Faults of the peer",
  cases: [
    ...TABLE.map((fault) => ({
      name: `${fault[0]} is its own error`,
      run: (env: Env) => runFault(env, fault),
    })),
    ...([
      ["bytes", { write: "HTTP/1.1 408 Late\r\n\r\n" }],
      ["a FIN", "fin"],
      ["a reset", "reset"],
    ] as const).map(([name, action]) => ({
      name: `${name} on an idle connection ends it`,
      run: (env: Env) => runIdle(env, action),
    })),
    { name: "an early 200 leaves the upload alone", run: early },
    {
      name: "aborted connects leave no connection",
      needs: ["transport" as const],
      run: abortedConnects,
    },
    {
      name: "an end without close_notify is ConnectionLost if it matters",
      needs: ["closeNotify" as const],
      run: noCloseNotify,
    },
  ],
};

async function runFault(env: Env, [, script, codes, phase]: Fault) {
  const peer = await env.peer([script]);
  const client = await env.connect(peer.port);
  const request = HttpRequest.get(`http://127.0.0.1:${peer.port}/`);
  const run = async () => {
    const exchange = await client.exchange(request);
    const signaled = script.includes("signal") ? peer.signal() : null;
    await Promise.all([exchange.text(), signaled]);
  };
  const error = await reasonOf(run());
  equal("class", error instanceof HttpError, true);
  const { code, progress } = error as HttpError;
  if (!codes.includes(code)) throw new Error(`${code} is none of ${codes}`);
  equal("phase", progress?.phase, phase);
  equal("reused", progress?.reused, false);
  equal("reusable", client.reusable, false);
}

/** Nothing that came before a request is its response (docs/protocol.md). */
async function runIdle(env: Env, action: Action) {
  const peer = await env.peer([["head", { write: OK }, "signal", action]]);
  const client = await env.connect(peer.port);
  const url = `http://127.0.0.1:${peer.port}/`;
  const { response } = await client.send(HttpRequest.get(url));
  equal("first", response.text(), "hi");
  equal("reusable", client.reusable, true);
  await peer.signal();
  await client.ended;
  equal("reusable", client.reusable, false);
  const error = await reasonOf(client.send(HttpRequest.get(url)));
  equal("class", error instanceof HttpError, true);
  equal("written", (error as HttpError).progress?.requestBytes, 0);
  const { received } = await peer.closed();
  equal("requests", received.split("GET / ").length - 1, 1);
}

/** docs/protocol.md: a 2xx does not stop the upload. */
async function early(env: Env) {
  const peer = await env.peer([[
    "head",
    { write: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" },
    { read: 6 },
    "signal",
    { write: "hi" },
  ]]);
  const client = await env.connect(peer.port);
  async function* body() {
    for (const piece of ["ab", "cd", "ef"]) {
      yield new TextEncoder().encode(piece);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  const exchange = await client.exchange(
    HttpRequest.post(`http://127.0.0.1:${peer.port}/`)
      .header("Content-Length", "6"),
    { body: body() },
  );
  equal("uploaded", await exchange.uploaded, true);
  await peer.signal();
  equal("body", await exchange.text(), "hi");
  equal("closed", (await exchange.closed).keepAlive, true);
}

async function abortedConnects({ connector, peer }: Env) {
  const { port, facts } = await peer([["eof"]]);
  const url = `http://127.0.0.1:${port}/`;
  // Some are aborted when they are connected, but nobody has been told yet.
  for (let round = 0; round < 30; round++) {
    await Promise.all(Array.from({ length: 64 }, async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const timer = setTimeout(() => controller.abort(), 2 * Math.random());
      const client = await HttpClient.connect(url, { connector, signal })
        .catch(() => null);
      clearTimeout(timer);
      await client?.close();
    }));
  }
  for (let attempt = 0; (await facts()).open > 0; attempt++) {
    if (attempt === 100) throw new Error(`${(await facts()).open} are open`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function noCloseNotify(env: Env) {
  const { connector, caCert, use } = env;
  const send = async (head: string) => {
    const script: Action[] = ["head", { write: head }, "signal", "destroy"];
    const peer = await env.peer([script], { tls: true });
    const client = use(
      await HttpClient.connect(`https://localhost:${peer.port}/`, {
        connector,
        hostname: "127.0.0.1",
        tls: { caCerts: [caCert] },
      }),
    );
    const exchange = await client.exchange(
      HttpRequest.get(`https://localhost:${peer.port}/`),
    );
    const [text] = await Promise.all([exchange.text(), peer.signal()]);
    return text;
  };
  const error = await reasonOf(send("HTTP/1.1 200 OK\r\n\r\nhalf"));
  equal("class", error instanceof HttpError, true);
  equal("code", (error as HttpError).code, "ConnectionLost");
  const text = await send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  equal("whole", text, "hi");
}
