// @ts-check
// The origin of the cases, on Node: HTTP over TCP, TLS, TLS with a client
// certificate, and a Unix socket, and peers that play a script.
//
//   node origin.mjs FOLDER     prints the ports as JSON

import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createHttps } from "node:https";
import { connect, createServer as createTcp } from "node:net";
import process from "node:process";
import { createServer as createTls, TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";

/** @typedef {import("node:http").IncomingMessage} Incoming */
/** @typedef {import("node:http").ServerResponse} Outgoing */
/** @typedef {import("node:net").Socket} Socket */
/** @typedef {import("./cases/_case.ts").Action} Action */
/** @typedef {import("./cases/_case.ts").PeerFacts} PeerFacts */

const certs = new URL("../certs/", import.meta.url);
const read = (/** @type {string} */ name) =>
  readFileSync(new URL(name, certs), "utf8");
const identity = { cert: read("server.pem"), key: read("server.key") };
const mutual = {
  ...identity,
  ca: read("ca.pem"),
  requestCert: true,
  rejectUnauthorized: true,
};

const PIECE_BYTES = 100_000;
const EVENTS = "retry: 250\n\nid: 1\ndata: one\ndata: more\n\n" +
  ": nothing\n\nevent: two\ndata: 2 \u{1f980}\n\ndata: without an end";

/**
 * What became of the requests that have a name.
 *
 * @type {Map<string, { arrived: PromiseWithResolvers, ended: PromiseWithResolvers, count: number }>}
 */
const named = new Map();

/** @typedef {{ promise: Promise<void>, resolve: () => void }} PromiseWithResolvers */

/** @returns {PromiseWithResolvers} */
function deferred() {
  let resolve = () => {};
  const promise = /** @type {Promise<void>} */ (new Promise((r) => {
    resolve = () => r(undefined);
  }));
  return { promise, resolve };
}

/** @param {URL} url */
function find(url) {
  let entry = named.get(url.search);
  if (entry === undefined) {
    entry = { arrived: deferred(), ended: deferred(), count: 0 };
    named.set(url.search, entry);
  }
  return entry;
}

/**
 * Bytes that differ at every position: a pattern of a prime length.
 *
 * @param {number} length
 */
function* pattern(length) {
  for (let at = 0; at < length; at += PIECE_BYTES) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, length - at));
    for (let i = 0; i < piece.length; i++) {
      piece[i] = (at + i) % 65521 * 31 >> 3;
    }
    yield piece;
  }
}

/**
 * @param {AsyncIterable<Uint8Array> | Iterable<Uint8Array>} pieces
 */
async function digest(pieces) {
  const hash = createHash("sha256");
  for await (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

/** @type {Record<string, (request: Incoming, response: Outgoing, url: URL) => unknown>} */
const ROUTES = {
  "/hello": (_, response) => {
    response.setHeader("Content-Type", "text/plain");
    response.end("hello");
  },
  "/echo": (request, response) => {
    response.setHeader("X-Client-Port", String(request.socket.remotePort));
    request.pipe(response);
  },
  "/headers": (request, response) =>
    response.end(JSON.stringify(request.rawHeaders)),
  "/moved": (_, response) =>
    response.writeHead(302, { "Location": "/lines" }).end(),
  "/lines": (_, response) => {
    for (let i = 0; i < 2000; i++) response.write(`line ${i}\n`);
    response.end();
  },
  "/large": async (_, response, url) => {
    for (const piece of pattern(Number(url.searchParams.get("length")))) {
      if (!response.write(piece)) {
        await new Promise((r) => response.once("drain", r));
      }
    }
    response.end();
  },
  "/digest": async (request, response) => response.end(await digest(request)),
  "/events": (_, response) => {
    response.setHeader("Content-Type", "text/event-stream");
    response.end(EVENTS);
  },
  "/ticks": (request, response, url) => {
    response.setHeader("Content-Type", "text/event-stream");
    const entry = find(url);
    request.socket.once("close", entry.ended.resolve);
    let count = 0;
    const timer = setInterval(() => response.write(`data: ${count++}\n\n`), 5);
    request.socket.once("close", () => clearInterval(timer));
  },
  "/gzip": (_, response) => {
    response.setHeader("Content-Encoding", "gzip");
    response.end(gzipSync("squeezed ".repeat(1000)));
  },
  "/busy": (_, response, url) => {
    const isBusy = find(url).count++ < 2;
    response.writeHead(isBusy ? 503 : 200, isBusy ? { "Retry-After": "0" } : {})
      .end(isBusy ? "busy" : "free");
  },
  "/hang": (request, _, url) => {
    const { arrived, ended } = find(url);
    request.socket.once("close", ended.resolve);
    arrived.resolve();
  },
  "/endless": (request, response, url) => {
    request.socket.once("close", find(url).ended.resolve);
    const write = () => {
      while (!response.destroyed && response.write(Buffer.alloc(10_000)));
    };
    response.on("drain", write);
    write();
  },
  "/arrived": async (_, response, url) => {
    await find(url).arrived.promise;
    response.end("yes");
  },
  "/ended": async (_, response, url) => {
    await find(url).ended.promise;
    response.end("yes");
  },
  "/peer": async (request, response, url) => {
    let text = "";
    for await (const piece of request) text += piece;
    const tls = url.searchParams.has("tls");
    response.end(JSON.stringify(await startPeer(JSON.parse(text), tls)));
  },
  "/peer/signal": (_, response, url) => {
    peers.get(url.search)?.signal();
    response.end();
  },
  "/peer/facts": (_, response, url) =>
    response.end(JSON.stringify(peers.get(url.search)?.facts)),
  "/peer/closed": async (_, response, url) => {
    await peers.get(url.search)?.closed.promise;
    response.end(JSON.stringify(peers.get(url.search)?.facts));
  },
};

/** @type {Map<string, { signal: () => void, closed: PromiseWithResolvers, facts: PeerFacts }>} */
const peers = new Map();

/**
 * Starts a peer that plays a script for each connection, one script for each in
 * order, and the last of them for all further ones.
 *
 * @param {Action[][]} scripts
 * @param {boolean} tls
 */
async function startPeer(scripts, tls) {
  const id = randomUUID();
  /** @type {PeerFacts} */
  const facts = { connections: 0, received: "", open: 0 };
  const closed = deferred();
  // Each connection takes every signal once, also one that came early.
  let signals = 0;
  /** @type {Set<() => void>} */
  const waiting = new Set();
  const signal = () => {
    signals++;
    for (const wake of waiting) wake();
  };
  const makeWaiter = () => {
    let taken = 0;
    return async () => {
      while (taken === signals) {
        await new Promise((resolve) => waiting.add(() => resolve(undefined)));
      }
      taken++;
    };
  };
  const onSocket = (/** @type {Socket} */ socket) => {
    const script = scripts[Math.min(facts.connections++, scripts.length - 1)];
    facts.open++;
    socket.on("error", () => {});
    socket.on("close", () => {
      if (--facts.open === 0) closed.resolve();
    });
    play(socket, script ?? [], facts, makeWaiter()).catch(() => {});
  };
  const options = { allowHalfOpen: true };
  const server = tls
    ? createTls({ ...options, ...identity }, onSocket)
    : createTcp(options, onSocket);
  if (tls) server.on("tlsClientError", () => {});
  peers.set(`?${id}`, { signal, closed, facts });
  return { id, port: await listen(server, 0) };
}

/**
 * Plays a script, then leaves the connection to the other side.
 *
 * @param {Socket} socket
 * @param {Action[]} script
 * @param {PeerFacts} facts
 * @param {() => Promise<void>} untilSignal
 */
async function play(socket, script, facts, untilSignal) {
  const own = { text: "", ended: false };
  let wake = () => {};
  const onData = (/** @type {Buffer} */ bytes) => {
    own.text += bytes.toString("latin1");
    facts.received += bytes.toString("latin1");
    wake();
  };
  const onEnd = () => {
    own.ended = true;
    wake();
  };
  socket.on("data", onData).on("end", onEnd);
  const until = async (/** @type {() => boolean} */ isMet) => {
    while (!isMet()) await new Promise((r) => wake = () => r(undefined));
  };
  for (const action of script) {
    if (action === "head") {
      await until(() => own.text.includes("\r\n\r\n"));
      own.text = own.text.slice(own.text.indexOf("\r\n\r\n") + 4);
    } else if (action === "eof") await until(() => own.ended);
    else if (action === "signal") await untilSignal();
    else if (action === "pause") socket.pause();
    else if (action === "resume") socket.resume();
    else if (action === "secure") {
      await until(() => own.text.includes("\x16"));
      const hello = own.text.slice(own.text.indexOf("\x16"));
      facts.received = facts.received.slice(0, -hello.length);
      own.text = "";
      socket.off("data", onData).off("end", onEnd).pause();
      socket.unshift(Buffer.from(hello, "latin1"));
      socket = new TLSSocket(socket, { isServer: true, ...identity });
      socket.on("error", () => {}).on("data", onData).on("end", onEnd);
    } else if (action === "fin") socket.end();
    else if (action === "destroy") socket.destroy();
    else if (action === "reset") reset(socket);
    else if ("read" in action) {
      await until(() => own.text.length >= action.read);
      own.text = own.text.slice(action.read);
    } else {
      socket.write(
        Buffer.from(action.write.repeat(action.times ?? 1), "latin1"),
      );
    }
  }
  // A connection on which the other side ends is done.
  await until(() => own.ended);
  socket.end();
}

/**
 * Sends a RST. A TLS socket has none of its own: that of the one below it.
 *
 * @param {Socket} socket
 */
function reset(socket) {
  const parent =
    /** @type {{ _parent?: Socket }} */ (/** @type {unknown} */ (socket))
      ._parent;
  (parent ?? socket).resetAndDestroy();
}

/**
 * @param {Incoming} request
 * @param {Outgoing} response
 */
function respond(request, response) {
  const url = new URL(request.url ?? "/", "http://origin");
  // Pages of Chromium come from another port.
  response.setHeader("Access-Control-Allow-Origin", "*");
  const route = ROUTES[url.pathname];
  if (route === undefined) response.writeHead(404).end();
  else {
    Promise.resolve(route(request, response, url)).catch(() =>
      request.socket.destroy()
    );
  }
}

/**
 * Answers an upgrade, and sends back what it reads from then on.
 *
 * @param {Incoming} request
 * @param {Socket} socket
 * @param {Buffer} head
 */
function upgrade(request, socket, head) {
  socket.on("error", () => {});
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n" +
      `Upgrade: ${request.headers.upgrade}\r\n\r\nhello`,
  );
  socket.write(head);
  socket.pipe(socket);
}

/**
 * Opens a tunnel to a port of this machine.
 *
 * @param {Incoming} request
 * @param {Socket} socket
 * @param {Buffer} head
 */
function tunnel(request, socket, head) {
  const port = Number(request.url?.split(":").at(-1));
  const target = connect({ port, host: "127.0.0.1" }, () => {
    socket.write("HTTP/1.1 200 Connected\r\n\r\n");
    target.write(head);
    socket.pipe(target).pipe(socket);
  });
  target.on("error", () => socket.destroy());
  socket.on("error", () => target.destroy());
}

/**
 * @param {import("node:net").Server} server
 * @param {number | string} where
 * @returns {Promise<number>}
 */
function listen(server, where) {
  return new Promise((resolve) => {
    const onListening = () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    };
    if (typeof where === "string") server.listen(where, onListening);
    else server.listen(where, "127.0.0.1", onListening);
  });
}

/** @param {import("node:http").Server} server */
function serve(server) {
  server.on("upgrade", upgrade).on("connect", tunnel);
  // Idle connections outlast the slowest case.
  server.keepAliveTimeout = 60_000;
  return server;
}

/**
 * Rejects a name with a final dot, as servers in Go and over rustls do.
 *
 * @param {string} name
 * @param {(error: Error | null) => void} done
 */
function SNICallback(name, done) {
  done(name.endsWith(".") ? new Error(name) : null);
}

const unixPath = `${process.argv[2]}/origin.sock`;
const plain = serve(createServer(respond));
const [port, tlsPort, mutualPort] = await Promise.all([
  listen(plain, 0),
  listen(serve(createHttps({ ...identity, SNICallback }, respond)), 0),
  listen(serve(createHttps(mutual, respond)), 0),
  listen(serve(createServer(respond)), unixPath),
]);
console.log(JSON.stringify({
  port,
  tlsPort,
  mutualPort,
  unixPath,
  largeDigest: await digest(pattern(100_000_000)),
  caCert: read("ca.pem"),
  otherCaCert: read("other_ca.pem"),
  client: { cert: read("client.pem"), key: read("client.key") },
}));
