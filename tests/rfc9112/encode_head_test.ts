import { assertEquals, assertThrows } from "@std/assert";
import { HttpRequest } from "../../rfc9110/request.ts";
import {
  encodeHead,
  encodeHttp11Head,
  type HeadPlan,
} from "../../rfc9112/encode_head.ts";
import { test } from "../_pure.ts";
import { toText } from "../_text.ts";

const URL_TEXT = "http://example.com/";
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
