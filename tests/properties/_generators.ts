// Valid messages with their meaning, as strings of one char per byte.

import { type Arbitrary, fc } from "../_fast_check.ts";

/** A field line's name and value. */
export type Field = [name: string, value: string];

/** A valid response, and the result that a reader must return. */
export interface Message {
  readonly wire: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Field[];
  readonly body: string;
  readonly trailers: readonly Field[];
  /** Whether the body ends with the connection. */
  readonly open: boolean;
}

const TOKEN_CHARS = "!#$%&'*+-.^_`|~0123456789" +
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Any bytes. */
export const binary: Arbitrary<string> = fc.uint8Array({ maxLength: 40 })
  .map((array) => String.fromCharCode(...array));

/** A name; some differ only in case. */
export const fieldName: Arbitrary<string> = fc.oneof(
  fc.constantFrom("X-A", "x-a", "X-a", "Set-Cookie", "Server"),
  fc.string({
    unit: fc.constantFrom(...TOKEN_CHARS),
    minLength: 1,
    maxLength: 9,
  })
    .filter((name) => !isFraming(name)),
);

/** A value with bytes of every valid kind, without blanks around it. */
export const fieldValue: Arbitrary<string> = fc.array(
  fc.oneof(
    { arbitrary: fc.integer({ min: 0x21, max: 0x7e }), weight: 4 },
    fc.integer({ min: 0x80, max: 0xff }),
    fc.constantFrom(0x20, 0x09, 0x3a, 0x2c),
  ),
  { maxLength: 16 },
).map((codes) => String.fromCharCode(...codes).replace(/^[ \t]+|[ \t]+$/g, ""));

/** Field lines that have no effect on framing, connections, or redirects. */
export const fields: Arbitrary<Field[]> = fc.array(
  fc.tuple(fieldName, fieldValue),
  { maxLength: 6 },
);

// Blanks and line ends, as peers write them.
const blanks = fc.constantFrom("", " ", " ", " ", "\t", "  ", " \t ");
const lineEnd = fc.constantFrom("\r\n", "\r\n", "\r\n", "\n");

/** A valid response, framed in one of the three ways that carry a body. */
export const message: Arbitrary<Message> = fc.record({
  status: fc.constantFrom(200, 201, 206, 301, 404, 500, 599, 600, 999),
  reason: fieldValue,
  headers: fields,
  body: binary,
  framing: fc.constantFrom("length", "chunked", "chunked", "close"),
  before: fc.array(blanks, { maxLength: 12 }),
  after: fc.array(blanks, { maxLength: 12 }),
  ends: fc.array(lineEnd, { maxLength: 12 }),
  cuts: fc.array(fc.nat({ max: 40 }), { maxLength: 4 }),
  extension: fc.constantFrom("", "", ";a=b", ' ;a="b;c"', "\t", ";\xff"),
  trailers: fields,
}).map((parts) => {
  const { status, reason, headers, body, framing, ends } = parts;
  const extra: Field[] = framing === "length"
    ? [["Content-Length", `${body.length}`]]
    : framing === "chunked"
    ? [["Transfer-Encoding", "chunked"]]
    : [];
  const all = [...headers, ...extra];
  const end = (i: number) => ends[i] ?? "\r\n";
  const lines = (list: Field[]) =>
    list.map(([name, value], i) =>
      `${name}:${parts.before[i] ?? ""}${value}${parts.after[i] ?? ""}${end(i)}`
    ).join("");
  const trailers = framing === "chunked" ? parts.trailers : [];
  const content = framing === "chunked"
    ? chunks(body, parts.cuts, parts.extension) +
      `0${parts.extension}\r\n${lines(trailers)}${end(7)}`
    : body;
  const head = `HTTP/1.1 ${status} ${reason}${end(8)}${lines(all)}${end(9)}`;
  const open = framing === "close";
  return {
    ...{ wire: head + content, status, reason, headers: all },
    ...{ body, trailers, open },
  };
});

function chunks(body: string, cuts: number[], extension: string): string {
  const ends = [...cuts.filter((at) => at < body.length), body.length]
    .sort((a, b) => a - b);
  let start = 0;
  let wire = "";
  for (const end of ends) {
    if (end === start) continue;
    const size = (end - start).toString(16);
    wire += `${size}${extension}\r\n${body.slice(start, end)}\r\n`;
    start = end;
  }
  return wire;
}

/** An interim response. */
const interim = fc.tuple(fc.constantFrom(100, 102, 103, 199), fields)
  .map(([status, list]) =>
    `HTTP/1.1 ${status}\r\n${
      list.map(([name, value]) => `${name}: ${value}\r\n`).join("")
    }\r\n`
  );

/** Valid responses, with interim ones before and bytes behind. */
export const responses: Arbitrary<string> = fc.tuple(
  fc.array(interim, { maxLength: 2 }),
  message,
  fc.oneof(fc.constant(""), binary),
).map(([interims, { wire }, after]) => interims.join("") + wire + after);

/** Valid chunked bodies. */
export const chunkedBodies: Arbitrary<string> = message.filter(({ headers }) =>
  headers.some(([name]) => name === "Transfer-Encoding")
).map(({ wire }) => /^[^]*?\r?\n\r?\n([^]*)$/.exec(wire)![1]!);

/** An http or https URL, with any of its parts. */
export const url: Arbitrary<string> = fc.record({
  scheme: fc.constantFrom("http", "https"),
  user: fc.constantFrom("", "", "u@", "u:p@", ":p@"),
  host: fc.constantFrom(
    "example.com",
    "[::1]",
    "127.0.0.1",
    "xn--bcher-kva.de",
  ),
  port: fc.constantFrom("", "", ":80", ":443", ":8080"),
  path: fc.webPath(),
  query: fc.oneof(
    fc.constant(""),
    fc.webQueryParameters().map((text) => `?${text}`),
  ),
  fragment: fc.oneof(fc.constant(""), fc.constant("#f")),
}).map(({ scheme, user, host, port, path, query, fragment }) =>
  `${scheme}://${user}${host}${port}${path}${query}${fragment}`
);

/** Returns whether a name has an effect. */
function isFraming(name: string): boolean {
  return [
    "connection",
    "content-length",
    "host",
    "location",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
  ].includes(name.toLowerCase());
}
