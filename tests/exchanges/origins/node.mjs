// @ts-check
// The origin on `node:http` and `node:https`.

import { createReadStream, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import process from "node:process";
import { buffer } from "node:stream/consumers";
import { answer, readOptions } from "./answer.mjs";

/** @typedef {import("node:http").IncomingMessage} Incoming */
/** @typedef {import("node:http").ServerResponse} Outgoing */

const options = readOptions(process.argv[2]);

/**
 * @param {Incoming} request
 * @param {Outgoing} response
 */
function respond(request, response) {
  const { status, headers, body } = answer(
    options,
    request.url ?? "",
    (name) => request.headers[name]?.toString(),
  );
  response.writeHead(status, headers);
  switch (body.kind) {
    case "none":
      response.end();
      break;
    case "bytes":
      response.end(body.bytes);
      break;
    case "pieces":
      for (const piece of body.pieces) response.write(piece);
      response.end();
      break;
    case "file":
      createReadStream(body.path).pipe(response);
      break;
    case "echo":
      buffer(request).then((bytes) => response.end(bytes));
      break;
  }
}

/**
 * Asks for the body where it is wanted, as a handler of this event has to.
 *
 * @param {Incoming} request
 * @param {Outgoing} response
 */
function respondToExpect(request, response) {
  if (request.url === "/echo") response.writeContinue();
  respond(request, response);
}

/**
 * @param {import("node:http").Server} server
 * @returns {Promise<number>}
 */
function listen(server) {
  server.on("checkContinue", respondToExpect);
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
}

const port = await listen(createServer(respond));
const otherPort = await listen(createTlsServer({
  cert: readFileSync(options.cert),
  key: readFileSync(options.key),
}, respond));
console.log(JSON.stringify({ port, otherPort }));
