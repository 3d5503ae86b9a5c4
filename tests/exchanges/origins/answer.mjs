// @ts-check
// What the servers with a handler of ours answer, in whatever runtime they run:
// plain data, for each to send in its own way. JavaScript, for Node to run it.

import { readFileSync, statSync } from "node:fs";

/**
 * How the server was started.
 *
 * @typedef {object} Options
 * @property {string} root
 * @property {string} cert
 * @property {string} key
 * @property {string} realm
 * @property {string} user
 * @property {string} password
 */

/**
 * What to send back: bytes, a file, pieces without a length, or what came in.
 *
 * @typedef {(
 *   | { kind: "bytes", bytes: Uint8Array<ArrayBuffer> }
 *   | { kind: "file", path: string }
 *   | { kind: "pieces", pieces: Uint8Array<ArrayBuffer>[] }
 *   | { kind: "echo" }
 *   | { kind: "none" }
 * )} Body
 */

/**
 * A response.
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string>} headers
 * @property {Body} body
 */

const PIECE_BYTES = 10_000;
const ETAG = '"hello-1"';
const LAST_MODIFIED = "Sat, 01 Nov 2025 12:00:00 GMT";
/** @type {Body} */
const NONE = { kind: "none" };

/**
 * Gives the options that the server was started with.
 *
 * @param {string | undefined} argument
 * @returns {Options}
 */
export function readOptions(argument) {
  return JSON.parse(argument ?? "{}");
}

/**
 * Answers a request.
 *
 * @param {Options} options
 * @param {string} path
 * @param {(name: string) => string | null | undefined} header
 * @returns {Answer}
 */
export function answer(options, path, header) {
  const { root } = options;
  switch (path) {
    case "/hello":
      return answerHello(readFileSync(`${root}/hello`), header);
    case "/moved/":
      return sized(200, readFileSync(`${root}/hello`));
    case "/lines":
      return ok({ kind: "pieces", pieces: cut(readFileSync(`${root}/lines`)) });
    case "/large": {
      const path = `${root}/large`;
      const length = String(statSync(path).size);
      return ok({ kind: "file", path }, { "Content-Length": length });
    }
    case "/echo":
      return ok({ kind: "echo" });
    case "/empty":
      return { status: 204, headers: {}, body: NONE };
    case "/moved":
      return { status: 301, headers: { "Location": "/moved/" }, body: NONE };
    case "/private/hello":
      return answerPrivate(options, header);
    default:
      return { status: 404, headers: {}, body: NONE };
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} hello
 * @param {(name: string) => string | null | undefined} header
 * @returns {Answer}
 */
function answerHello(hello, header) {
  const headers = {
    "ETag": ETAG,
    "Last-Modified": LAST_MODIFIED,
    "Accept-Ranges": "bytes",
  };
  if (
    header("if-none-match") === ETAG ||
    header("if-modified-since") === LAST_MODIFIED
  ) {
    return { status: 304, headers, body: NONE };
  }
  const range = /^bytes=(\d+)-(\d+)$/.exec(header("range") ?? "");
  if (range === null) return sized(200, hello, headers);
  const [, first, last] = range.map(Number);
  const bytes = hello.slice(first, Number(last) + 1);
  const contentRange = `bytes ${first}-${last}/${hello.length}`;
  return sized(206, bytes, { ...headers, "Content-Range": contentRange });
}

/**
 * @param {Options} options
 * @param {(name: string) => string | null | undefined} header
 * @returns {Answer}
 */
function answerPrivate({ root, realm, user, password }, header) {
  const credentials = new TextEncoder().encode(`${user}:${password}`);
  const expected = `Basic ${btoa(String.fromCharCode(...credentials))}`;
  if (header("authorization") === expected) {
    return sized(200, readFileSync(`${root}/private/hello`));
  }
  const challenge = `Basic realm="${realm}", charset="UTF-8"`;
  return sized(401, new TextEncoder().encode("Who are you?\n"), {
    "WWW-Authenticate": challenge,
  });
}

/**
 * Names the length as well: Node does not for HEAD and for HTTP/1.0.
 *
 * @param {number} status
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {Record<string, string>} headers
 * @returns {Answer}
 */
function sized(status, bytes, headers = {}) {
  return {
    status,
    headers: { ...headers, "Content-Length": String(bytes.length) },
    body: { kind: "bytes", bytes },
  };
}

/**
 * @param {Body} body
 * @param {Record<string, string>} headers
 * @returns {Answer}
 */
function ok(body, headers = {}) {
  return { status: 200, headers, body };
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Uint8Array<ArrayBuffer>[]}
 */
function cut(bytes) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    pieces.push(bytes.subarray(at, at + PIECE_BYTES));
  }
  return pieces;
}
