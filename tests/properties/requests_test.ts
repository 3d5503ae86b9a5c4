// The encoders: a caller's strings either are a TypeError, or end up in their place, as
// a plain reader reads them.

import { type Arbitrary, fc } from "../_fast_check.ts";
import * as api from "../../mod.ts";
import { HttpHeaders, HttpRequest } from "../../mod.ts";
import { drive } from "../_cuts.ts";
import {
  readChunked,
  type ReadRequest,
  readRequest,
} from "../_request_reader.ts";
import { equal } from "../_sweep.ts";
import { toBytes, toText } from "../_text.ts";
import { type RequestInput, REQUESTS } from "../_vectors.ts";
import { binary, type Field, fields, url } from "./_generators.ts";
import { mutated, oneOf } from "./_mutations.ts";
import {
  checkMessage,
  cutsOf,
  must,
  orTypeError,
  places,
  property,
} from "./_property.ts";

// Between the parts of an input, which no valid part contains.
const SEPARATOR = "\x1f";

const REQUEST_WORDS = [
  SEPARATOR,
  ..."\r\n|\n|\r|\0| |\t|/|?|#|@|:|//|..|%0d%0a|\\|\x7f|\xff|\u0100|\u2028"
    .split("|"),
  ..."GET|POST|CONNECT|OPTIONS|TRACE|get|Host|Content-Length|chunked|5"
    .split("|"),
  ..."Transfer-Encoding|http://a/|https://u:p@[::1]:1/?#|\ud800|\u0130"
    .split("|"),
  `${SEPARATOR}X${SEPARATOR}y\r\nZ: 1`,
];

const valid = fc.record({
  method: fc.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE", "x-Y"),
  url,
  headers: fc.tuple(
    fields,
    fc.constantFrom<Field[]>([], [["transfer-Encoding", "Chunked"]]),
  ).map(([fields, coding]) => [...fields, ...coding]),
  body: binary,
});

const requests: Arbitrary<RequestInput> = mutated(
  fc.oneof(
    valid.map(joinRequest),
    oneOf(
      REQUESTS.flatMap((vector) =>
        "request" in vector ? [joinRequest(vector.request)] : []
      ),
    ),
  ),
  REQUEST_WORDS,
).map(splitRequest);

const anyField = fc.oneof(
  fields.map(([field = ["X", ""]]) => field),
  fc.tuple(
    fc.constantFrom("Host", "Trailer", "x", "", "X Y", "X\0"),
    mutated(fc.constantFrom("1", ""), ["\r\n", "\0", "\xe9", "\u0100", " "]),
  ),
);

property(
  "A request is a TypeError, or a plain reader reads it as it was",
  500,
  fc.record({
    request: fc.oneof(requests, valid),
    via: fc.constantFrom("http11" as const, "http10" as const),
    target: fc.constantFrom(
      ...(["origin", "origin", "absolute", "asterisk"] as const),
    ),
  }),
  ({ request, via, target }) => runRequest(request, via, { target }),
);

property(
  "Chunks are a TypeError, or every reader reads them as they were",
  300,
  fc.record({
    chunks: fc.array(binary, { maxLength: 6 }),
    trailers: fc.array(anyField, { maxLength: 3 }),
    places,
  }),
  ({ chunks, trailers, places }) => runChunks(chunks, trailers, places),
);

function joinRequest({ method, url, body, headers }: RequestInput): string {
  return [method, url, body ?? "", ...(headers ?? []).flat()].join(SEPARATOR);
}

function splitRequest(input: string): RequestInput {
  const [method = "", url = "", body = "", ...rest] = input.split(SEPARATOR);
  const headers: [string, string][] = [];
  for (let i = 0; i + 1 < rest.length; i += 2) {
    headers.push([rest[i]!, rest[i + 1]!]);
  }
  return { method, url, body, headers };
}

function runRequest(
  input: RequestInput,
  via: "http10" | "http11",
  options: api.HttpEncodeOptions,
): void {
  const { method, url, headers = [], body = "" } = input;
  const encode = via === "http11"
    ? api.encodeHttp11Request
    : api.encodeHttp10Request;
  const made = orTypeError(() => {
    const request = new HttpRequest(method, url, { headers, body });
    return { request, written: encode(request, options) };
  });
  if (made instanceof TypeError) return checkMessage(made.message);
  const { request, written } = made;
  const read = readRequest(written);
  equal("remaining", read.remaining, "");
  equal("version", read.version, via === "http11" ? "HTTP/1.1" : "HTTP/1.0");
  equal("method", read.method, method);
  equal("target", read.target, targetOf(request, options));
  checkFields(request, read);
  equal("body", read.body, toText(request.body));
}

function targetOf(
  { method, url }: HttpRequest,
  { target }: api.HttpEncodeOptions,
): string {
  if (target === "asterisk") return "*";
  if (method === "CONNECT") return authorityOf(url);
  const [beforeHash] = url.href.split("#");
  // A query may be empty.
  const query = url.search || (beforeHash!.endsWith("?") ? "?" : "");
  const path = url.pathname + query;
  return target === "absolute" ? `${url.protocol}//${url.host}${path}` : path;
}

function authorityOf({ protocol, hostname, port }: URL): string {
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

/** Checks that all of the caller's fields are there, and no other but the due. */
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

function runChunks(
  chunks: readonly string[],
  fields: readonly Field[],
  places: readonly number[],
): void {
  const encoder = new api.Http11ChunkEncoder();
  const made = orTypeError(() => {
    const pieces = chunks.flatMap((data) => encoder.chunk(toBytes(data)));
    return [...pieces, encoder.end(fields)].map(toText).join("");
  });
  if (made instanceof TypeError) return checkMessage(made.message);
  const wire = `${made}HTTP`;
  const cuts = cutsOf(wire.length, places);
  const receive = new api.Http11ReceiveChunks();
  const body = chunks.join("");
  const trailers = [...new HttpHeaders(fields)];
  equal("what is read", drive(receive, toBytes(wire), cuts).steps, [
    ...(body === "" ? [] : [{ type: "Data", bytes: body }]),
    { type: "Ok", trailers, remaining: "HTTP" },
  ]);
  const expected = { body, trailers, remaining: "HTTP" };
  equal("what a plain reader reads", readChunked(wire), expected);
  must(orTypeError(() => encoder.end()) instanceof TypeError, "Ends twice");
}
