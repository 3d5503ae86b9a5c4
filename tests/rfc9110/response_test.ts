import {
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Buffer } from "node:buffer";
import { inspect } from "node:util";
import { holdBytes } from "../../core/held_bytes.ts";
import { HttpHeaders } from "../../rfc9110/headers.ts";
import {
  completeResponse,
  HttpResponse,
  markStreamed,
} from "../../rfc9110/response.ts";
import { test } from "../_pure.ts";
import { shownAs } from "../_shown.ts";
import { toBytes } from "../_text.ts";

type Bytes = Uint8Array<ArrayBuffer>;

test("HttpResponse keeps its parts without copying them", () => {
  const init = {
    version: "HTTP/1.0" as const,
    status: 299,
    reason: "F\xefne",
    headers: new HttpHeaders({ A: "1" }),
    body: toBytes("hi"),
    trailers: new HttpHeaders({ B: "2" }),
  };
  const response = new HttpResponse(init);
  for (const [name, part] of Object.entries(init)) {
    assertStrictEquals(response[name as keyof typeof init], part);
  }
});

test("HttpResponse takes any kind of Uint8Array as its body, and nothing else", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  shared.set(toBytes("hi"));
  for (const bytes of [Buffer.from("hi"), shared]) {
    const { body } = new HttpResponse({ status: 200, body: bytes as Bytes });
    assertStrictEquals(Object.getPrototypeOf(body), Uint8Array.prototype);
    assertEquals([body, body.buffer instanceof ArrayBuffer], [
      toBytes("hi"),
      true,
    ]);
  }
  for (const body of ["hi", null, new ArrayBuffer(2)] as never[]) {
    assertThrows(() => new HttpResponse({ status: 200, body }), TypeError);
  }
});

test("HttpResponse creates the array of a held body once, if asked for it", () => {
  const head = new HttpResponse({ status: 200 });
  const response = completeResponse(head, holdBytes(toBytes("[1]")), null);
  assertEquals([response.text(), response.json()], ["[1]", [1]]);
  assertEquals(response.toJSON().bodyLength, 3);
  const { body } = response;
  assertStrictEquals(response.body, body);
  assertEquals(body.buffer.byteLength, 3);
  body.set(toBytes("[2]"));
  assertEquals(response.text(), "[2]");
});

test("HttpResponse accepts every source of headers", () => {
  const response = new HttpResponse({
    status: 200,
    headers: { A: ["1", "2"] },
    trailers: [["B", "3"]],
  });
  assertEquals([...response.headers], [["A", "1"], ["A", "2"]]);
  assertEquals([...response.trailers], [["B", "3"]]);
});

test("HttpResponse has defaults of its own", () => {
  const names = ["version", "reason", "headers", "body", "trailers"];
  const absent = Object.fromEntries(names.map((name) => [name, undefined]));
  const first = new HttpResponse({ status: 200 });
  const second = new HttpResponse({ status: 200, ...absent });
  for (const response of [first, second]) {
    assertEquals([response.version, response.reason], ["HTTP/1.1", ""]);
    assertEquals([response.headers.size, response.trailers.size], [0, 0]);
    assertEquals(response.body.length, 0);
  }
  assertNotStrictEquals(first.headers, second.headers);
  assertNotStrictEquals(first.trailers, second.trailers);
  assertNotStrictEquals(first.body.buffer, second.body.buffer);
  assertStrictEquals(first.body, first.body);
});

test("HttpResponse rejects a status that is not an integer from 100 to 999", () => {
  for (const status of [99, 1000, NaN, Infinity, 200.5, -200, "200" as never]) {
    assertThrows(
      () => new HttpResponse({ status }),
      RangeError,
      "Invalid status",
    );
  }
});

test("HttpResponse tells the class of each status", () => {
  const kinds = [
    ...(["isInformational", "isSuccess", "isRedirection"] as const),
    ...(["isClientError", "isServerError"] as const),
  ];
  for (let status = 100; status < 1000; status++) {
    const response = new HttpResponse({ status });
    // Above 599, it counts as a 5xx.
    const kind = kinds[Math.min(Math.floor(status / 100), 5) - 1]!;
    assertEquals(kinds.filter((name) => response[name]), [kind]);
    assertEquals(response.ok, kind === "isSuccess");
  }
});

test("text returns UTF-8 without a BOM, regardless of the fields", () => {
  const headers = new HttpHeaders({ "Content-Type": "a/b; charset=latin1" });
  const text = (body: string) =>
    new HttpResponse({ status: 200, headers, body: toBytes(body) }).text();
  assertEquals(text("\xef\xbb\xbf\xc3\xa9"), "\u00e9");
  assertEquals(text("a\xffb"), "a\ufffdb");
  assertEquals(text(""), "");
});

test("json returns the value, and throws a SyntaxError if there is none", () => {
  const json = (body: string) =>
    new HttpResponse({ status: 200, body: toBytes(body) }).json();
  assertEquals(json('\xef\xbb\xbf{"a":[1]}'), { a: [1] });
  assertThrows(() => json(""), SyntaxError);
  assertThrows(() => json("<html>"), SyntaxError);
});

test("challenges parses each field line with the name separately", () => {
  const response = new HttpResponse({
    status: 401,
    headers: new HttpHeaders([
      ["WWW-Authenticate", 'Basic realm="never closed, Negotiate'],
      ["Proxy-Authenticate", "Negotiate"],
      ["www-authenticate", "realm=x, Bearer, Digest nonce=x"],
    ]),
    trailers: { X: "1" },
  });
  const schemesOf = (name?: string) =>
    response.challenges(name).map(({ scheme }) => scheme);
  assertEquals(schemesOf(), ["basic", "bearer", "digest"]);
  assertEquals(schemesOf("Proxy-Authenticate"), ["negotiate"]);
  assertEquals(schemesOf("absent"), []);
  // Of the header fields alone, and joined.
  assertEquals(response.header("proxy-AUTHENTICATE"), "Negotiate");
  assertEquals(response.header("x"), null);
});

test("toResponse returns a copy with status, reason, fields, and body", async () => {
  const body = toBytes("\0hi\xff");
  const response = new HttpResponse({
    status: 404,
    reason: "Not\tF\xf6und",
    headers: new HttpHeaders([
      ["Set-Cookie", "a"],
      ["set-cookie", "b"],
      ["X", "\xe9"],
    ]),
    body,
  });
  const platform = response.toResponse();
  body.fill(0);
  assertEquals([platform.status, platform.statusText], [404, "Not\tF\xf6und"]);
  assertEquals(platform.headers.getSetCookie(), ["a", "b"]);
  assertEquals([...platform.headers.keys()].length, 3);
  assertEquals(await platform.bytes(), toBytes("\0hi\xff"));
  platform.headers.set("x", "changed");
  assertEquals(response.header("x"), "\xe9");
});

test("toResponse and toHeaders hand each field to the platform once", () => {
  // The platform checks each field, and on Deno compares it with all others.
  const names: string[] = [];
  const original = Headers.prototype.append;
  Headers.prototype.append = function (name, value) {
    names.push(name);
    original.call(this, name, value);
  };
  try {
    const headers = new HttpHeaders({ A: ["1", "2"], B: "3" });
    new HttpResponse({ status: 200, headers }).toResponse();
    headers.toHeaders();
  } finally {
    Headers.prototype.append = original;
  }
  assertEquals(names, ["A", "A", "B", "A", "A", "B"]);
});

test("toResponse throws a RangeError for a status that it cannot hold", () => {
  for (const status of [100, 101, 199, 600, 999]) {
    assertThrows(() => new HttpResponse({ status }).toResponse(), RangeError);
  }
  for (const status of [200, 204, 205, 304, 599]) {
    const response = new HttpResponse({ status, body: toBytes("hi") });
    const { status: held, body } = response.toResponse();
    assertEquals(held, status);
    assertEquals(body === null, [204, 205, 304].includes(status));
  }
});

test("A streamed response throws if it is asked for its body", () => {
  const response = markStreamed(new HttpResponse({ status: 200 }));
  for (
    const read of [
      () => response.body,
      () => response.text(),
      () => response.json(),
      () => response.toResponse(),
    ]
  ) assertThrows(read, TypeError, "call `exchange.text()`");
  assertEquals(response.toJSON().bodyLength, null);
});

const SECRET = new HttpResponse({
  status: 200,
  reason: "OK",
  headers: new HttpHeaders([["Set-Cookie", "s3cret"], ["X", "1"]]),
  body: toBytes("s3cret!"),
  trailers: new HttpHeaders([["Authentication-Info", "s3cret"]]),
});
const SHOWN = {
  version: "HTTP/1.1",
  status: 200,
  reason: "OK",
  headers: [["Set-Cookie", "[redacted]"], ["X", "1"]],
  bodyLength: 7,
  trailers: [["Authentication-Info", "[redacted]"]],
};

test("Inspecting and serializing a response show no credentials and no body", () => {
  assertEquals(JSON.stringify(SECRET), JSON.stringify(SHOWN));
  assertEquals(Deno.inspect(SECRET), `HttpResponse ${Deno.inspect(SHOWN)}`);
  assertEquals(inspect(SECRET), `HttpResponse ${inspect(SHOWN)}`);
  const secrets = shownAs(SECRET).filter((text) => text.includes("s3cret"));
  assertEquals(secrets, []);
});
