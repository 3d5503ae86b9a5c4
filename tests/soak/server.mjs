// @ts-check
// A server that misbehaves as the path says: `/PLAN/ID`. It counts the requests
// of each ID, and checks their bodies.
//
//   node server.mjs     prints its ports, without and with TLS, as JSON

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { gzipSync } from "node:zlib";

/** @typedef {import("node:http").IncomingMessage} Incoming */
/** @typedef {import("node:http").ServerResponse} Outgoing */

/** @type {Map<string, number>} */
const counts = new Map();
/**
 * The open connections, each with its last request.
 *
 * @type {Map<import("node:net").Socket, string>}
 */
const sockets = new Map();
/** @type {string[]} */
const faults = [];
let total = 0;

/**
 * @param {number} id
 * @param {string} plan
 */
function bodyOf(id, plan) {
  return `${id}.`.repeat(plan === "large" ? 100_000 : 1 + id % 50);
}

/** @type {Record<string, (request: Incoming, response: Outgoing, body: string, id: number) => void>} */
const PLANS = {
  "ok": (_, response, body) => sized(response, body),
  "large": (_, response, body) => sized(response, body),
  "busy": (_, response, body, id) =>
    (counts.get(`${id}`) ?? 0) > 2
      ? sized(response, body)
      : response.writeHead(503, { "Retry-After": "0" }).end(),
  "chunked": (_, response, body) => {
    response.write(body.slice(0, 3));
    setImmediate(() => response.end(body.slice(3)));
  },
  "close": (_, response, body) => {
    response.setHeader("Connection", "close");
    sized(response, body);
  },
  "gzip": (_, response, body) => {
    response.setHeader("Content-Encoding", "gzip");
    response.end(gzipSync(body));
  },
  "interim": (_, response, body) => {
    response.writeEarlyHints({ link: "</style.css>; rel=preload" });
    sized(response, body);
  },
  "redirect": (_, response, __, id) =>
    response.writeHead(307, { "Location": `/ok/${id}` }).end(),
  "trickle": (request, response, body) => {
    response.setHeader("Content-Length", body.length);
    let at = 0;
    const timer = setInterval(() => {
      response.write(body.slice(at, at + 20));
      at += 20;
      if (at >= body.length) response.end();
    }, 2);
    response.once("finish", () => clearInterval(timer));
    request.socket.once("close", () => clearInterval(timer));
  },
  "idle-fin": (request, response, body) => {
    whenIdle(request, response, (socket) => socket.end());
    sized(response, body);
  },
  "idle-cut": (request, response, body) => {
    whenIdle(request, response, (socket) => rawOf(socket).end());
    sized(response, body);
  },
  "idle-reset": (request, response, body) => {
    whenIdle(request, response, (socket) => rawOf(socket).resetAndDestroy());
    sized(response, body);
  },
  "idle-junk": (request, response, body) => {
    whenIdle(request, response, (socket) => socket.write("junk\r\n\r\n"));
    sized(response, body);
  },
  "twice": (request, _, body, id) => {
    // Of a read, or of a TLS record.
    const length = [1024, 4096, 16384][id % 3] ?? 0;
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nX-Pad: `;
    const padding = "x".repeat(length - head.length - 4 - body.length);
    const other = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
    request.socket.write(`${head}${padding}\r\n\r\n${body}${other}`);
  },
  "early": (_, response, body) => sized(response, body, 413),
  "fin": (request) => request.socket.end(),
  "reset": (request) => rawOf(request.socket).resetAndDestroy(),
  "half-head": (request) => request.socket.end("HTTP/1.1 200 O"),
  "half-body": (request) =>
    request.socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
  "half-chunk": (request) =>
    request.socket.end(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
    ),
  "half-gzip": (_, response, body) => {
    response.setHeader("Content-Encoding", "gzip");
    response.end(gzipSync(body).subarray(0, -9));
  },
  "garbage": (request) => request.socket.end("SSH-2.0-OpenSSH\r\n"),
  "stall": () => {},
  "stall-body": (request) =>
    void request.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
};

/**
 * Does something to a connection soon after a response, unless the next request
 * has come; it may be on its way.
 *
 * @param {Incoming} request
 * @param {Outgoing} response
 * @param {(socket: import("node:net").Socket) => unknown} act
 */
function whenIdle({ socket }, response, act) {
  const raw = rawOf(socket);
  const last = sockets.get(raw);
  const check = () => sockets.get(raw) === last && act(socket);
  response.once("finish", () => setTimeout(check, 2));
}

/**
 * Returns the socket under TLS, or the socket itself.
 *
 * @param {import("node:net").Socket & { _parent?: import("node:net").Socket }} socket
 */
function rawOf(socket) {
  return socket._parent ?? socket;
}

/**
 * @param {Outgoing} response
 * @param {string} body
 */
function sized(response, body, status = 200) {
  response.writeHead(status, { "Content-Length": body.length }).end(body);
}

/**
 * @param {Incoming} request
 * @param {Outgoing} response
 */
async function respond(request, response) {
  const [, plan = "", id = ""] = request.url?.split("/") ?? [];
  sockets.set(rawOf(request.socket), `${request.method} ${request.url}`);
  if (id === "") response.setHeader("Connection", "close");
  if (plan === "counts") {
    response.end(JSON.stringify({
      total,
      faults,
      counts: Object.fromEntries(counts),
      open: [...sockets.values()].filter((last) => last !== "GET /counts"),
    }));
    return;
  }
  if (plan === "forget") {
    counts.clear();
    response.end("{}");
    return;
  }
  total++;
  counts.set(id, (counts.get(id) ?? 0) + 1);
  const body = bodyOf(Number(id), plan);
  if (plan === "early") PLANS.early?.(request, response, body, Number(id));
  let text = "";
  for await (const piece of request) text += piece;
  const expected = request.method === "POST" ? bodyOf(Number(id), "ok") : "";
  // A body that was cut short never ends here.
  if (text !== expected && plan !== "early") {
    faults.push(`${id} had a body of ${text.length} bytes`);
  }
  if (plan !== "early") PLANS[plan]?.(request, response, body, Number(id));
}

/** @type {import("node:http").RequestListener} */
function listener(request, response) {
  response.on("error", () => {});
  respond(request, response).catch(() => {});
}

/** @param {string} name */
const read = (name) =>
  readFileSync(new URL(`../certs/${name}`, import.meta.url));
const identity = { cert: read("server.pem"), key: read("server.key") };
const ports = [];
for (
  const server of [createServer(listener), createTlsServer(identity, listener)]
) {
  server.keepAliveTimeout = 60_000;
  server.on("connection", (socket) => {
    sockets.set(socket, "nothing");
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  // What a client did wrong: nothing here is about the server's own mischief.
  server.on("clientError", (error, socket) => {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code?.startsWith("HPE_") && code !== "HPE_INVALID_EOF_STATE") {
      faults.push(`A request is broken: ${code}`);
    }
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  ports.push(typeof address === "object" && address ? address.port : 0);
}
console.log(JSON.stringify({ ports }));
