// Faults of the peer: each has its error code and its progress, and none is
// mistaken for another.

import { HttpClient } from "../../../client/mod.ts";
import { HttpError, HttpRequest } from "../../../mod.ts";
import { equal } from "../../_sweep.ts";
import { toBytes } from "../../_text.ts";
import {
  type Action,
  casesOf,
  type Env,
  type Group,
  type Peer,
  reasonOf,
} from "./_case.ts";

const OK = {
  write: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
};
const OPEN: Action = {
  write: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal",
};

/** The peer's script after the request, and the error that comes of it. */
type Fault = readonly [script: Action[], code: string, phase: string];

const DURING_A_CALL: Readonly<Record<string, Fault>> = {
  "a FIN after the request": [["fin"], "NoResponse", "head"],
  "a reset after the request": [["reset"], "ConnectionLost", "head"],
  "a FIN in the status line": [
    [{ write: "HTTP/1.1 20" }, "fin"],
    "UnexpectedEof",
    "head",
  ],
  "a FIN in the body": [[OPEN, "fin"], "UnexpectedEof", "body"],
  // A reset may also discard the bytes before it.
  "a reset in the body": [[OPEN, "signal", "reset"], "ConnectionLost", "body"],
  "another protocol": [
    [{ write: "SSH-2.0-OpenSSH\r\n" }, "eof"],
    "InvalidStatusLine",
    "head",
  ],
};
const WHILE_IDLE: Readonly<Record<string, Action>> = {
  "bytes": { write: "HTTP/1.1 408 Late\r\n\r\n" },
  "a FIN": "fin",
  "a reset": "reset",
};

const overStreams = casesOf(undefined, {
  /** docs/protocol.md: a 2xx does not stop the upload. */
  async "an early 200 leaves the upload alone"(env) {
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    const peer = await env.peer([
      ["head", { write: head }, { read: 6 }, "signal", { write: "hi" }],
    ]);
    const client = await env.connect(peer.port);
    async function* body() {
      for (const piece of ["ab", "cd", "ef"]) {
        yield new TextEncoder().encode(piece);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    const headers = { "Content-Length": "6" };
    const request = HttpRequest.post(urlOf(peer), { headers });
    const exchange = await client.exchange(request, { body: body() });
    equal("uploaded", await exchange.uploaded, true);
    await peer.signal();
    equal("body", await exchange.text(), "hi");
    equal("closed", (await exchange.closed).keepAlive, true);
  },

  async "bytes that a stream was given just before a request are not its response"() {
    const clock = slowClock();
    try {
      for (const type of ["bytes", undefined]) {
        let respond!: () => void;
        const readable = new ReadableStream<Uint8Array>({
          // The other kind of stream has the same methods.
          type: type as undefined,
          start(controller) {
            respond = () => controller.enqueue(toBytes(OK.write));
          },
        });
        const writable = new WritableStream<Uint8Array>({ write: respond });
        const client = new HttpClient({ readable, writable });
        const request = HttpRequest.get("http://a/");
        await client.send(request);
        await null;
        respond();
        const error = await reasonOf(client.send(request)) as HttpError;
        equal("code", [type, error.code], [type, "UnexpectedBytes"]);
      }
    } finally {
      clock.restore();
    }
  },
});

/** Faults of the peer. */
export const FAULTS: Group = {
  title: "Faults of the peer",
  cases: [
    ...Object.entries(DURING_A_CALL).flatMap(([name, fault]) =>
      casesOf(undefined, {
        [`${name} is its own error`]: (env) => checkFault(env, fault),
      })
    ),
    ...Object.entries(WHILE_IDLE).flatMap(([name, action]) =>
      casesOf(undefined, {
        [`${name} on an idle connection ends it`]: (env) =>
          checkIdle(env, action),
      })
    ),
    ...overStreams,
    ...casesOf("transport", {
      "aborted connects leave no connection": abortConnects,
    }),
    ...casesOf("closeNotify", {
      "an end without close_notify is ConnectionLost if it matters":
        omitCloseNotify,
    }),
  ],
};

/** Lets hardly any time pass, so that no request waits for a turn of the runtime. */
function slowClock(): { restore(): void } {
  const { now } = performance;
  let time = now.call(performance);
  performance.now = () => time += 0.001;
  return { restore: () => performance.now = now };
}

function urlOf({ port }: Peer): string {
  return `http://127.0.0.1:${port}/`;
}

async function checkFault(env: Env, [script, code, phase]: Fault) {
  const peer = await env.peer([["head", ...script]]);
  const client = await env.connect(peer.port);
  const run = async () => {
    const exchange = await client.exchange(HttpRequest.get(urlOf(peer)));
    const signaled = script.includes("signal") ? peer.signal() : null;
    await Promise.all([exchange.text(), signaled]);
  };
  const error = await httpErrorOf(run());
  equal("code", error.code, code);
  equal("phase", error.progress?.phase, phase);
  equal("reused", error.progress?.reused, false);
  equal("reusable", client.reusable, false);
}

/** Nothing that came before a request is its response (docs/protocol.md). */
async function checkIdle(env: Env, action: Action) {
  const peer = await env.peer([["head", OK, "signal", action]]);
  const client = await env.connect(peer.port);
  const request = HttpRequest.get(urlOf(peer));
  const { response } = await client.send(request);
  equal("first", response.text(), "hi");
  equal("reusable", client.reusable, true);
  await peer.signal();
  await client.ended;
  equal("reusable", client.reusable, false);
  const error = await httpErrorOf(client.send(request));
  equal("written", error.progress?.requestBytes, 0);
  const { received } = await peer.closed();
  equal("requests", received.split("GET / ").length - 1, 1);
}

async function httpErrorOf(promise: Promise<unknown>): Promise<HttpError> {
  const error = await reasonOf(promise);
  if (error instanceof HttpError) return error;
  throw error;
}

async function abortConnects({ connector, peer }: Env) {
  const { port, facts } = await peer([["eof"]]);
  const url = `http://127.0.0.1:${port}/`;
  // Some are aborted after they have connected, but before the caller is told.
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
  // A busy machine takes its time.
  for (let attempt = 0; (await facts()).open > 0; attempt++) {
    if (attempt === 500) throw new Error(`${(await facts()).open} are open`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function omitCloseNotify(env: Env) {
  const { connector, caCert, use } = env;
  const send = async (head: string) => {
    const script: Action[] = ["head", { write: head }, "signal", "destroy"];
    const peer = await env.peer([script], { tls: true });
    const url = `https://localhost:${peer.port}/`;
    const tls = { caCerts: [caCert] };
    const options = { connector, hostname: "127.0.0.1", tls };
    const client = use(await HttpClient.connect(url, options));
    const exchange = await client.exchange(HttpRequest.get(url));
    const [text] = await Promise.all([exchange.text(), peer.signal()]);
    return text;
  };
  const error = await httpErrorOf(send("HTTP/1.1 200 OK\r\n\r\nhalf"));
  equal("code", error.code, "ConnectionLost");
  equal("whole", await send(OK.write), "hi");
}
