import {
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { inspect } from "node:util";
import { HttpHeaders } from "../../rfc9110/headers.ts";
import { HttpResponse } from "../../rfc9110/response.ts";
import { test } from "../_pure.ts";
import { toBytes } from "../_text.ts";

test("HttpResponse keeps what it is made of", () => {
  const headers = new HttpHeaders({ A: "1" });
  const trailers = new HttpHeaders({ B: "2" });
  const body = toBytes("hi");
  const response = new HttpResponse({
    version: "HTTP/1.0",
    status: 299,
    reason: "F\xefne",
    headers,
    body,
    trailers,
  });
  assertEquals(response.version, "HTTP/1.0");
  assertEquals([response.status, response.reason], [299, "F\xefne"]);
  assertStrictEquals(response.headers, headers);
  assertStrictEquals(response.body, body);
  assertStrictEquals(response.trailers, trailers);
});

test("HttpResponse is HTTP/1.1 and empty where nothing else is given", () => {
  const response = new HttpResponse({ status: 200 });
  assertEquals([response.version, response.reason], ["HTTP/1.1", ""]);
  assertEquals([response.headers.size, response.trailers.size], [0, 0]);
  assertEquals(response.body.length, 0);
});

test("HttpResponse shares no default with another response", () => {
  const first = new HttpResponse({ status: 200 });
  const second = new HttpResponse({ status: 200 });
  assertNotStrictEquals(first.headers, second.headers);
  assertNotStrictEquals(first.headers, first.trailers);
  assertNotStrictEquals(first.trailers, second.trailers);
  assertNotStrictEquals(first.body.buffer, second.body.buffer);
});

test("header returns the joined values of header fields, not of trailers", () => {
  const response = new HttpResponse({
    status: 200,
    headers: new HttpHeaders([["A", "1"], ["a", "2"]]),
    trailers: new HttpHeaders({ A: "3", B: "4" }),
  });
  assertEquals([response.header("a"), response.header("B")], ["1, 2", null]);
});

for (
  const [status, kind] of [
    [100, "isInformational"],
    [199, "isInformational"],
    [200, "isSuccess"],
    [299, "isSuccess"],
    [300, "isRedirection"],
    [399, "isRedirection"],
    [400, "isClientError"],
    [499, "isClientError"],
    [500, "isServerError"],
    [599, "isServerError"],
    [600, "isServerError"],
    [999, "isServerError"],
  ] as const
) {
  test(`HttpResponse tells that ${status} ${kind}, and nothing else`, () => {
    const response = new HttpResponse({ status });
    const kinds = [
      "isInformational",
      "isSuccess",
      "isRedirection",
      "isClientError",
      "isServerError",
    ] as const;
    assertEquals(kinds.filter((name) => response[name]), [kind]);
  });
}

test("text returns UTF-8 without a BOM, whatever the fields say", () => {
  const headers = new HttpHeaders({ "Content-Type": "a/b; charset=latin1" });
  const text = (body: string) =>
    new HttpResponse({ status: 200, headers, body: toBytes(body) }).text();
  assertEquals(text("\xef\xbb\xbf\xc3\xa9"), "\u00e9");
  assertEquals(text("a\xffb"), "a\ufffdb");
  assertEquals(text(""), "");
});

test("json returns the value, and throws SyntaxError for what is none", () => {
  const json = (body: string) =>
    new HttpResponse({ status: 200, body: toBytes(body) }).json();
  assertEquals(json('\xef\xbb\xbf{"a":[1]}'), { a: [1] });
  assertThrows(() => json(""), SyntaxError);
  assertThrows(() => json("<html>"), SyntaxError);
});

test("challenges returns those of all fields of the name, in order", () => {
  const response = new HttpResponse({
    status: 401,
    headers: new HttpHeaders([
      ["WWW-Authenticate", 'Basic realm="a, b"'],
      ["Proxy-Authenticate", "Negotiate"],
      ["www-authenticate", "Bearer, Digest nonce=x"],
    ]),
  });
  const schemes = (name?: string) =>
    response.challenges(name).map(({ scheme }) => scheme);
  assertEquals(schemes(), ["basic", "bearer", "digest"]);
  assertEquals(schemes("Proxy-Authenticate"), ["negotiate"]);
  assertEquals(schemes("absent"), []);
});

test("toResponse returns a copy with status, reason, fields and body", async () => {
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
  assertEquals(platform.headers.get("x"), "\xe9");
  assertEquals(await platform.bytes(), toBytes("\0hi\xff"));
  platform.headers.set("x", "changed");
  assertEquals(response.header("x"), "\xe9");
});

for (const status of [204, 205, 304]) {
  test(`toResponse returns no body for ${status}`, () => {
    for (const body of ["", "hi"]) {
      const response = new HttpResponse({ status, body: toBytes(body) });
      assertEquals(response.toResponse().body, null);
    }
  });
}

test("toResponse throws RangeError for a status that it cannot hold", () => {
  for (const status of [100, 101, 199, 600, 999]) {
    assertThrows(() => new HttpResponse({ status }).toResponse(), RangeError);
  }
  for (const status of [200, 599]) {
    assertEquals(new HttpResponse({ status }).toResponse().status, status);
  }
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

test("Inspecting and serialising a response show no credentials, no body", () => {
  assertEquals(JSON.stringify(SECRET), JSON.stringify(SHOWN));
  assertEquals(Deno.inspect(SECRET), `HttpResponse ${Deno.inspect(SHOWN)}`);
  assertEquals(inspect(SECRET), `HttpResponse ${inspect(SHOWN)}`);
  for (
    const text of [
      Deno.inspect([SECRET], { depth: 9, showHidden: true }),
      inspect([SECRET], { depth: 9, showHidden: true }),
      JSON.stringify({ response: SECRET }),
      String(SECRET),
    ]
  ) {
    assertEquals(text.includes("s3cret"), false, text);
  }
});

test("HttpResponse rejects a status that is not within 100 to 999", () => {
  for (const status of [99, 42, 1000, NaN]) {
    assertThrows(
      () => new HttpResponse({ status }),
      RangeError,
      "Invalid status",
    );
  }
});
