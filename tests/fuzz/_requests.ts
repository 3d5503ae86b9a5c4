// What is written, read again by a reader that does it the plain way: a caller's
// strings either are a TypeError, or end up where they belong.

import * as api from "../../mod.ts";
import { HttpHeaders, HttpRequest } from "../../mod.ts";
import { drive } from "../_cuts.ts";
import { type ReadRequest, readRequest } from "../_request_reader.ts";
import { equal } from "../_sweep.ts";
import { toBytes, toText } from "../_text.ts";
import { type RequestInput, REQUESTS } from "../_vectors.ts";
import type { Random } from "./_random.ts";
import { cutsOf } from "./_run_reader.ts";
import { show } from "./_show.ts";
import { checkMessage, orTypeError, promise } from "./_target.ts";
import type { Target, Trial } from "./_target.ts";

// Between the parts of an input, which stand in no valid one.
const SEPARATOR = "\x1f";

type Fields = readonly (readonly [name: string, value: string])[];

/** The targets that write. */
export const REQUEST_WRITERS: readonly Target[] = [
  {
    name: "encodeHttp11Request and encodeHttp10Request",
    seeds: REQUESTS.flatMap((vector) =>
      "request" in vector ? [joinRequest(vector.request)] : []
    ),
    words: [
      SEPARATOR,
      ..."\r\n|\n|\r|\0| |\t|/|?|#|@|:|//|..|%0d%0a|\\|\x7f|\xff|\u0100|\u2028"
        .split("|"),
      ..."GET|POST|CONNECT|OPTIONS|TRACE|get|Host|Content-Length|chunked|5"
        .split("|"),
      ..."Transfer-Encoding|http://a/|https://u:p@[::1]:1/?#|\ud800|\u0130"
        .split("|"),
      `${SEPARATOR}X${SEPARATOR}y\r\nZ: 1`,
    ],
    draw: drawRequest,
  },
  {
    name: "Http11ChunkEncoder",
    seeds: ["", "hello", `a${SEPARATOR}${SEPARATOR}bc`, "X-Sum\x1f1\x1fdata"],
    words: [SEPARATOR, "\r\n", "0\r\n\r\n", "Host", "Trailer", "x", "\0", "é"],
    draw: drawChunks,
  },
];

function joinRequest({ method, url, body, headers }: RequestInput): string {
  return [method, url, body ?? "", ...(headers ?? []).flat()].join(SEPARATOR);
}

function splitRequest(input: string): RequestInput {
  const [method = "", url = "", body = "", ...rest] = input.split(SEPARATOR);
  return { method, url, body, headers: pairsOf(rest) };
}

function pairsOf(parts: readonly string[]): Fields {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < parts.length; i += 2) {
    pairs.push([parts[i]!, parts[i + 1]!]);
  }
  return pairs;
}

function drawRequest(random: Random): Trial {
  const via = random.pick(["http11", "http11", "http10"] as const);
  const target = random.pick(["origin", "origin", "absolute", "asterisk"]);
  const options = { target: target as "origin" | "absolute" | "asterisk" };
  return {
    run: (input) => runRequest(splitRequest(input), via, options),
    show: (input) =>
      show("requests", "RFC 9112 §3", {
        via,
        request: splitRequest(input),
        options,
        expect: {},
      }),
  };
}

function runRequest(
  input: RequestInput,
  via: "http10" | "http11",
  options: api.HttpEncodeOptions,
): string {
  const { method, url, headers = [], body = "" } = input;
  const encode = via === "http11"
    ? api.encodeHttp11Request
    : api.encodeHttp10Request;
  const made = orTypeError(() => {
    const request = new HttpRequest(method, url, { headers, body });
    return { request, written: encode(request, options) };
  });
  if (made instanceof TypeError) {
    checkMessage(made.message);
    return made.message.replace(/"(?:[^"\\]|\\.)*"|\d+/g, "");
  }
  const { request, written } = made;
  const read = readRequest(written);
  equal("remaining", read.remaining, "");
  equal("version", read.version, via === "http11" ? "HTTP/1.1" : "HTTP/1.0");
  equal("method", read.method, method);
  equal("target", read.target, targetOf(request, options));
  checkFields(request, read);
  equal("body", read.body, toText(request.body));
  return `${read.target === "*"} ${read.headers.length} ${body === ""}`;
}

function targetOf(
  { method, url }: HttpRequest,
  { target }: api.HttpEncodeOptions,
): string {
  if (target === "asterisk") return "*";
  if (method === "CONNECT") return authorityOf(url);
  const [beforeHash] = url.href.split("#");
  // A query may be there and empty.
  const query = url.search || (beforeHash!.endsWith("?") ? "?" : "");
  const path = url.pathname + query;
  return target === "absolute" ? `${url.protocol}//${url.host}${path}` : path;
}

function authorityOf({ protocol, hostname, port }: URL): string {
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

/** Checks that the caller's fields are all there, and only what is due beside. */
function checkFields(request: HttpRequest, read: ReadRequest): void {
  const { method, url, headers, body } = request;
  const expected = [...headers];
  if (!headers.has("host")) {
    const host = method === "CONNECT" ? authorityOf(url) : url.host;
    expected.unshift(["Host", host]);
  }
  const framed = headers.has("content-length") ||
    headers.has("transfer-encoding");
  const due = body.length > 0 || ["POST", "PUT", "PATCH"].includes(method);
  if (!framed && due) expected.push(["Content-Length", `${body.length}`]);
  equal("fields", read.headers, expected);
}

function drawChunks(random: Random): Trial {
  const places = random.places(6);
  const trailers = random.below(3);
  const parse = (input: string) => {
    const parts = input.split(SEPARATOR);
    const fields = pairsOf(parts.slice(0, 2 * trailers));
    const chunks = parts.slice(2 * trailers)
      .map((text) => toText(new TextEncoder().encode(text)));
    return { chunks, trailers: fields };
  };
  return {
    run: (input) => {
      const { chunks, trailers } = parse(input);
      return runChunks(chunks, trailers, places);
    },
    show: (input) =>
      show("requests", "RFC 9112 §7.1", { ...parse(input), expect: {} }),
  };
}

function runChunks(
  chunks: readonly string[],
  fields: Fields,
  places: readonly number[],
): string {
  const encoder = new api.Http11ChunkEncoder();
  const made = orTypeError(() => {
    const pieces = chunks.flatMap((data) => encoder.chunk(toBytes(data)));
    return [...pieces, encoder.end(fields)].map(toText).join("");
  });
  if (made instanceof TypeError) {
    checkMessage(made.message);
    return made.message.replace(/"(?:[^"\\]|\\.)*"/g, "");
  }
  const wire = toBytes(`${made}HTTP`);
  const cuts = cutsOf(wire.length, places);
  const { steps } = drive(new api.Http11ReceiveChunks(), wire, cuts);
  const body = chunks.join("");
  equal("what is read", steps, [
    ...(body === "" ? [] : [{ type: "Data", bytes: body }]),
    { type: "Ok", trailers: [...new HttpHeaders(fields)], remaining: "HTTP" },
  ]);
  promise(orTypeError(() => encoder.end()) instanceof TypeError, "Ends twice");
  return `${Math.min(3, chunks.length)} ${fields.length}`;
}
