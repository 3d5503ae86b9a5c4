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

function head(request: HttpRequest): string {
  return toText(encodeHttp11Head(request));
}

const NONE = { kind: "none" };
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

test("encodeHttp11Head takes the length of a body that comes later as it is", () => {
  const headers = { "Content-Length": "123" };
  for (const method of ["GET", "POST", "DELETE"]) {
    assertEquals(
      head(new HttpRequest(method, URL_TEXT, { headers })),
      `${method} / HTTP/1.1\r\nHost: example.com\r\n` +
        "Content-Length: 123\r\n\r\n",
    );
  }
});

test("encodeHttp11Head checks the length against a body that is there", () => {
  const post = (length: string) =>
    HttpRequest.post(URL_TEXT, {
      headers: { "Content-Length": length },
      body: "hi",
    });
  assertEquals(head(post("2")).includes("Content-Length: 2\r\n"), true);
  assertThrows(() => head(post("3")), TypeError, "the body, 2");
});

for (const length of ["", "x", "-1", "1, 1", "0x10", "9007199254740992"]) {
  test(`encodeHttp11Head rejects the Content-Length "${length}"`, () => {
    const headers = { "Content-Length": length };
    const request = HttpRequest.post(URL_TEXT, { headers });
    const error = assertThrows(() => head(request), TypeError);
    assertEquals(
      error.message,
      `Invalid Content-Length: "${length}" is not the length of a body`,
    );
  });
}

test("encodeHttp11Head rejects a body of TRACE and CONNECT in any form", () => {
  for (const method of ["TRACE", "CONNECT"]) {
    const has = `Invalid request: ${method} has no body`;
    for (
      const init of [
        { body: "a" },
        { headers: CHUNKED },
        { headers: { "Content-Length": "1" } },
      ]
    ) {
      const request = new HttpRequest(method, URL_TEXT, init);
      assertThrows(() => encodeHttp11Head(request), TypeError, has);
    }
    const headers = { "Content-Length": "0" };
    const request = new HttpRequest(method, URL_TEXT, { headers });
    assertEquals(head(request).endsWith("\r\nContent-Length: 0\r\n\r\n"), true);
  }
});

test("encodeHttp11Head returns a URL as it is now, and no longer as it was", () => {
  const request = HttpRequest.get("http://example.com/a#b");
  request.url.pathname = "/c d";
  request.url.search = "\u00e9";
  request.url.port = "8080";
  request.url.username = "u@/:";
  assertEquals(
    head(request),
    "GET /c%20d?%C3%A9 HTTP/1.1\r\nHost: example.com:8080\r\n\r\n",
  );
});
