// Messages for the properties: valid ones, of which it is known what they say,
// and nearly valid ones. All of them are strings of one char for each byte.

import fc, { type Arbitrary } from "fast-check";

/** A field line's name and value. */
export type Field = [name: string, value: string];

/** A valid response, and what a reader has to make of it. */
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

/** The bytes of a string, one for each char. */
export const binary: Arbitrary<string> = fc.uint8Array({ maxLength: 40 })
  .map((array) => String.fromCharCode(...array));

/** A name; some of them are the same but for their case. */
export const fieldName: Arbitrary<string> = fc.oneof(
  fc.constantFrom("X-A", "x-a", "X-a", "Set-Cookie", "Server"),
  fc.string({
    unit: fc.constantFrom(...TOKEN_CHARS),
    minLength: 1,
    maxLength: 9,
  })
    .filter((name) => !isFraming(name)),
);

/** A value with bytes of every kind that it may hold, without blanks around. */
export const fieldValue: Arbitrary<string> = fc.array(
  fc.oneof(
    { arbitrary: fc.integer({ min: 0x21, max: 0x7e }), weight: 4 },
    fc.integer({ min: 0x80, max: 0xff }),
    fc.constantFrom(0x20, 0x09, 0x3a, 0x2c),
  ),
  { maxLength: 16 },
).map((codes) => String.fromCharCode(...codes).replace(/^[ \t]+|[ \t]+$/g, ""));

/** Field lines that frame nothing, decide nothing and point nowhere. */
export const fields: Arbitrary<Field[]> = fc.array(
  fc.tuple(fieldName, fieldValue),
  { maxLength: 6 },
);

/** Where to cut a wire, to be taken modulo its length. */
export const places: Arbitrary<number[]> = fc.array(fc.nat(), { maxLength: 8 });

/** Blanks, and line ends, as peers write them. */
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

/** What a mutation may put anywhere: bytes and words that readers trip over. */
export const FRAGMENTS: readonly string[] = [
  ...'\r|\n|\r\n|\r\n\r\n|\0| |\t|:|;|,|=|"|0|1|a|F|-|+|x|\x7f|\x80|\xff'
    .split("|"),
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.0 200 OK\r\n\r\n",
  "HTTP/1.1 100 \r\n\r\n",
  "HTTP/1.1 101 \r\n\r\n",
  "HTTP/1.1 204\r\n\r\n",
  "HTTP/1.1 304\r\n\r\n",
  "HTTP/2",
  "Content-Length: 5\r\n",
  "Content-Length: 5, 5\r\n",
  "content-length: 9007199254740991\r\n",
  "Content-Length: -1\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: identity\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Connection: close\r\n",
  "Location: /next#frag\r\n",
  "Location: http://\xc3\xa9/\r\n",
  " fold\r\n",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "ffffffffffffffff\r\n",
  "1;a=b\r\n",
];

type Mutation = (wire: string, at: number) => string;

/** A small change at a place. */
const mutation: Arbitrary<Mutation> = fc.oneof(
  fc.constantFrom(...FRAGMENTS).map((fragment): Mutation => (wire, at) =>
    wire.slice(0, at) + fragment + wire.slice(at)
  ),
  fc.constantFrom(...FRAGMENTS).map((fragment): Mutation => (wire, at) =>
    wire.slice(0, at) + fragment + wire.slice(at + fragment.length)
  ),
  fc.integer({ min: 1, max: 4 }).map((length): Mutation => (wire, at) =>
    wire.slice(0, at) + wire.slice(at + length)
  ),
  fc.integer({ min: 1, max: 9 }).map((length): Mutation => (wire, at) =>
    wire.slice(0, at + length) + wire.slice(at)
  ),
  fc.integer({ min: 0, max: 255 }).map((byte): Mutation => (wire, at) =>
    wire.slice(0, at) + String.fromCharCode(byte) + wire.slice(at + 1)
  ),
  fc.constant<Mutation>((wire, at) => wire.slice(0, at)),
);

/** Mostly one mutation, sometimes none or a few. */
const mutations = fc.oneof(
  { arbitrary: fc.constant([]), weight: 1 },
  {
    arbitrary: fc.array(fc.tuple(mutation, fc.nat()), {
      minLength: 1,
      maxLength: 3,
    }),
    weight: 5,
  },
);

function mutate(wires: Arbitrary<string>): Arbitrary<string> {
  return fc.tuple(wires, mutations).map(([wire, list]) =>
    list.reduce(
      (mutated, [change, place]) =>
        change(mutated, place % (mutated.length + 1)),
      wire,
    )
  );
}

/** Responses with interim ones before and bytes behind, mostly broken. */
export const nearlyResponse: Arbitrary<string> = mutate(
  fc.tuple(
    fc.array(interim, { maxLength: 2 }),
    message,
    fc.oneof(fc.constant(""), binary),
  ).map(([interims, { wire }, after]) => interims.join("") + wire + after),
);

/** Chunked bodies, mostly broken. */
export const nearlyChunked: Arbitrary<string> = mutate(
  message.filter(({ headers }) =>
    headers.some(([name]) => name === "Transfer-Encoding")
  ).map(({ wire }) => /^[^]*?\r?\n\r?\n([^]*)$/.exec(wire)![1]!),
);

/** A URL of http or https, of which parts may be missing. */
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

/** Names that frame a message, choose its host or end its connection. */
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
