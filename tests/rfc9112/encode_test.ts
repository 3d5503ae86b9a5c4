import {
  assertEquals,
  assertLessOrEqual,
  assertNotStrictEquals,
  assertThrows,
} from "@std/assert";
import { encodeHttp10Request } from "../../rfc1945/encode.ts";
import { HttpRequest } from "../../rfc9110/request.ts";
import {
  encodeHead,
  encodeHttp11Head,
  encodeHttp11Request,
  type HeadPlan,
} from "../../rfc9112/encode.ts";
import { test, transfer } from "../_pure.ts";
import { toText } from "../_text.ts";
import { countWork } from "../_work.ts";

// tests/vectors/requests.json has the bytes of each case. Here is the rest.

const URL_TEXT = "http://example.com/";

for (const encode of [encodeHttp11Request, encodeHttp10Request]) {
  test(`${encode.name} returns an array of its own, of exactly its length`, () => {
    const request = HttpRequest.post(URL_TEXT, { body: "hi" });
    const [first, second] = [encode(request), encode(request)];
    assertNotStrictEquals(first.buffer, second.buffer);
    assertEquals(first.buffer.byteLength, first.length);
    transfer(first);
    assertEquals(request.body.length, 2);
    assertEquals(encode(request), second);
  });

  test(`${encode.name} copies the body, and no more than once`, () => {
    const body = new Uint8Array(1 << 20).fill(0x61);
    const request = HttpRequest.post(URL_TEXT, { body });
    let written = new Uint8Array(0);
    const { allocated, copied } = countWork(() => written = encode(request));
    // The head is made on its own, and then put before the body.
    assertLessOrEqual(allocated, written.length + 256);
    assertLessOrEqual(copied, written.length);
    body.fill(0);
    assertEquals(written.at(-1), 0x61);
  });

  test(`${encode.name} rejects a URL that was changed to another scheme`, () => {
    const request = HttpRequest.get(URL_TEXT);
    // Setters keep within the special schemes: ftp is one of them.
    request.url.protocol = "ftp:";
    assertThrows(() => encode(request), TypeError, "Invalid URL");
  });
}

const CHUNKED = { "Transfer-Encoding": "chunked" };

const NONE = { kind: "none" };
const NO_LENGTH = 'Invalid Content-Length: "x" is not the length of a body';
const chunked = ["Transfer-Encoding: chunked", { kind: "chunked" }] as const;

function sized(length: number) {
  return [`Content-Length: ${length}`, { kind: "length", length }] as const;
}

/** A method, its fields, a plan, and the framing of the body, or an error. */
const PLANS: readonly (readonly [
  method: string,
  fields: Record<string, string>,
  plan: Partial<HeadPlan>,
  expected: readonly [line: string | null, framing: object] | string,
])[] = [
  ["GET", {}, { length: 0 }, [null, NONE]],
  ["GET", {}, { length: 5 }, sized(5)],
  ["GET", {}, { length: "unknown" }, chunked],
  ["GET", {}, { length: "stated" }, [null, NONE]],
  ["POST", {}, { length: 0 }, sized(0)],
  ["POST", {}, { length: "stated" }, sized(0)],
  ["POST", {}, { length: 0, hasTrailers: true }, chunked],
  ["POST", {}, { length: 5, hasTrailers: true }, chunked],
  ["POST", { "Content-Length": "5" }, { length: 5 }, sized(5)],
  ["POST", { "Content-Length": "5" }, { length: "unknown" }, sized(5)],
  ["GET", { "Content-Length": "5" }, { length: "stated" }, sized(5)],
  ["GET", { "Content-Length": "0" }, { length: "stated" }, sized(0)],
  ["POST", CHUNKED, { length: 5 }, chunked],
  ["POST", CHUNKED, { length: "unknown" }, chunked],
  ["POST", CHUNKED, { length: "stated" }, chunked],
  ["PUT", { "Content-Length": "5" }, { length: 4 }, "the body, 4"],
  [
    "PUT",
    { "Content-Length": "5" },
    { length: "unknown", hasTrailers: true },
    "Invalid trailers",
  ],
  ["PUT", {}, { length: "unknown", version: "HTTP/1.0" }, "HTTP/1.0 has none"],
  [
    "PUT",
    {},
    { length: 1, hasTrailers: true, version: "HTTP/1.0" },
    "HTTP/1.0 has none",
  ],
  ["CONNECT", {}, { length: "unknown" }, "CONNECT has no body"],
  ["TRACE", {}, { length: 1 }, "TRACE has no body"],
  ["TRACE", {}, { length: 0, hasTrailers: true }, "TRACE has no body"],
  ["TRACE", CHUNKED, { length: "stated" }, "TRACE has no body"],
  ["CONNECT", { "Content-Length": "1" }, { length: "stated" }, "has no body"],
  ["CONNECT", { "Content-Length": "0" }, { length: "stated" }, sized(0)],
  ["PUT", { "Content-Length": "x" }, { length: "stated" }, NO_LENGTH],
];

for (const [method, headers, plan, expected] of PLANS) {
  const name = `encodeHead frames ${method} ${JSON.stringify([headers, plan])}`;
  test(name, () => {
    const encode = () =>
      encodeHead(new HttpRequest(method, URL_TEXT, { headers }), {
        version: "HTTP/1.1",
        length: 0,
        options: undefined,
        ...plan,
      });
    if (typeof expected === "string") {
      assertThrows(encode, TypeError, expected);
      return;
    }
    const { bytes, framing } = encode();
    const lines = toText(bytes).split("\r\n").slice(2, -2);
    assertEquals([lines[0] ?? null, framing], [...expected]);
  });
}

test("encodeHttp11Head returns a URL as it is now, and no longer as it was", () => {
  const request = HttpRequest.get("http://example.com/a#b");
  request.url.pathname = "/c d";
  request.url.search = "\u00e9";
  request.url.port = "8080";
  request.url.username = "u@/:";
  assertEquals(
    toText(encodeHttp11Head(request)),
    "GET /c%20d?%C3%A9 HTTP/1.1\r\nHost: example.com:8080\r\n\r\n",
  );
});
