import {
  assertEquals,
  assertMatch,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Buffer } from "node:buffer";
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import { HttpHeaders } from "../../rfc9110/headers.ts";
import { HttpRequest } from "../../rfc9110/request.ts";
import { Secret } from "../../rfc9110/secret.ts";
import { test } from "../_pure.ts";
import { shownAs } from "../_shown.ts";
import { toBytes, toText } from "../_text.ts";

const URL_TEXT = "http://example.com/a?b#c";

test("HttpRequest has no fields and no body if none are given", () => {
  const names = ["headers", "body", "json", "form"];
  const absent = Object.fromEntries(names.map((name) => [name, undefined]));
  for (const init of [undefined, {}, absent]) {
    const request = new HttpRequest("GET", URL_TEXT, init);
    assertEquals([request.headers.size, request.body.length], [0, 0]);
  }
});

test("HttpRequest copies a URL and HttpHeaders", () => {
  const url = new URL(URL_TEXT);
  const headers = new HttpHeaders({ A: "1" });
  const request = HttpRequest.get(url, { headers });
  url.pathname = "/other";
  headers.set("A", "2");
  request.header("B", "3");
  assertEquals(request.url.href, URL_TEXT);
  assertEquals([...request.headers], [["A", "1"], ["B", "3"]]);
  request.url.pathname = "/third";
  assertEquals([url.pathname, [...headers]], ["/other", [["A", "2"]]]);
});

test("HttpRequest encodes a string as UTF-8", () => {
  const post = (body: string) =>
    toText(HttpRequest.post("http://a", { body }).body);
  assertEquals(post("\u00e9\u20ac"), "\xc3\xa9\xe2\x82\xac");
  assertEquals(post("\ud83d"), "\xef\xbf\xbd");
});

test("HttpRequest takes bytes of any kind as a plain array, without a copy", () => {
  const { buffer } = toBytes("xabc");
  const plain = new Uint8Array(buffer, 1);
  class Subclass extends Uint8Array<ArrayBuffer> {}
  const foreign: Uint8Array = runInNewContext(
    "new Uint8Array(buffer, 1)",
    { buffer },
  );
  for (
    const body of [
      plain,
      Buffer.from(buffer, 1),
      new Subclass(buffer, 1),
      foreign,
    ]
  ) {
    const request = HttpRequest.post(URL_TEXT, { body });
    assertEquals(toText(request.body), "abc");
    assertStrictEquals(request.body.constructor, Uint8Array);
    assertStrictEquals(request.body.buffer, buffer);
  }
  assertStrictEquals(HttpRequest.post(URL_TEXT, { body: plain }).body, plain);
  const whole = HttpRequest.post(URL_TEXT, { body: buffer }).body;
  assertEquals(toText(whole), "xabc");
  assertStrictEquals(whole.buffer, buffer);
});

test("HttpRequest copies shared memory, which could change", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  const { body } = HttpRequest.post(URL_TEXT, { body: shared });
  shared.fill(1);
  assertEquals([...body], [0, 0]);
  assertEquals(body.buffer instanceof ArrayBuffer, true);
});

test("HttpRequest gives each request its own empty body", () => {
  const bodies = [0, 1].map(() => HttpRequest.get(URL_TEXT).body);
  assertNotStrictEquals(bodies[0]!.buffer, bodies[1]!.buffer);
});

// tests/vectors/bodies.json has the forms that JSON can hold. Here is the rest.

test("HttpRequest encodes what toJSON returns, and URLSearchParams", () => {
  const json = HttpRequest.post(URL_TEXT, { json: { at: new Date(0) } });
  assertEquals(toText(json.body), '{"at":"1970-01-01T00:00:00.000Z"}');
  for (
    const form of [new URLSearchParams("b&a=1"), { b: "", c: undefined, a: 1 }]
  ) {
    assertEquals(toText(HttpRequest.post(URL_TEXT, { form }).body), "b=&a=1");
  }
});

for (
  const [what, init, message] of [
    ["a Uint16Array", { body: new Uint16Array(3) }, "Invalid body"],
    ["a function as JSON", { json: () => {} }, "Invalid json"],
    ["a Secret as JSON", { json: new Secret("x") }, "call expose()"],
    ["a Secret in JSON", { json: { a: [new Secret("x")] } }, "call expose()"],
    ["a Secret in a form", { form: { a: new Secret("x") } }, "call expose()"],
  ] as const
) {
  test(`HttpRequest rejects ${what}`, () => {
    const make = () => HttpRequest.post(URL_TEXT, init as never);
    assertThrows(make, TypeError, message);
  });
}

for (const method of "get head post put patch delete options".split(" ")) {
  test(`HttpRequest.${method} returns a request with that method`, () => {
    const make = HttpRequest[method as "get"];
    const init = { headers: [["B", "1"], ["a", "2"]] as const, body: "hi" };
    const request = make(new URL(URL_TEXT), init);
    assertEquals(request.method, method.toUpperCase());
    assertEquals(request.url.href, URL_TEXT);
    assertEquals([...request.headers], [["B", "1"], ["a", "2"]]);
    assertEquals(request.body, toBytes("hi"));
    assertThrows(() => make("/relative"), TypeError);
  });
}

test("HttpRequest rejects a method that is not a token", () => {
  for (const method of ["", "GET\r\n", "G\u00c9T", undefined as never]) {
    const make = () => new HttpRequest(method, URL_TEXT);
    const { message } = assertThrows(make, TypeError, "is not a token");
    assertMatch(message, /^[\x20-\x7e]*$/);
  }
});

test("HttpRequest rejects a URL that is not absolute, http, or https", () => {
  for (const url of ["", "/a", "example.com", "?a=b:c"]) {
    assertThrows(() => HttpRequest.get(url), TypeError, "relative");
  }
  for (const url of [undefined, {}, new Request("http://a/")]) {
    const make = () => HttpRequest.get(url as never);
    assertThrows(make, TypeError, "neither a string nor a URL");
  }
  for (const url of ["http://", "http://a b/", " https:// "]) {
    assertThrows(() => HttpRequest.get(url), TypeError, "cannot be parsed");
  }
  for (const url of ["ftp://a/", "ws://a/", "file:///a", "data:,a"]) {
    assertThrows(() => HttpRequest.get(url), TypeError, "not http or https");
    assertThrows(() => HttpRequest.get(new URL(url)), TypeError);
  }
});

test("header adds a field and returns the request itself", () => {
  const request = HttpRequest.get(URL_TEXT);
  assertStrictEquals(request.header("A", "1"), request);
  request.header("a", new Secret("2")).header("B", "3");
  assertEquals([...request.headers], [["A", "1"], ["a", "2"], ["B", "3"]]);
  assertThrows(() => request.header("A:", "1"), TypeError);
  assertThrows(() => request.header("A", "\0"), TypeError);
  assertEquals(request.headers.size, 3);
});

test("fromRequest returns a copy of the platform's request", async () => {
  const request = await HttpRequest.fromRequest(
    new Request(URL_TEXT, {
      method: "PUT",
      headers: { "X-One": "1", "Content-Type": "a/b", "X-Byte": "\xe9" },
      body: toBytes("\0\xff"),
    }),
  );
  assertEquals([request.method, request.url.href], ["PUT", URL_TEXT]);
  assertEquals([...request.headers], [
    ["content-type", "a/b"],
    ["x-byte", "\xe9"],
    ["x-one", "1"],
  ]);
  assertEquals(request.body, toBytes("\0\xff"));
  const bare = await HttpRequest.fromRequest(new Request(URL_TEXT));
  assertEquals([bare.method, bare.body.length], ["GET", 0]);
});

test("fromRequest rejects a used body, and another scheme", async () => {
  const used = new Request(URL_TEXT, { method: "POST", body: "a" });
  await used.text();
  await assertRejects(() => HttpRequest.fromRequest(used), TypeError);
  const data = new Request("data:,a");
  await assertRejects(() => HttpRequest.fromRequest(data), TypeError);
});

const SECRET = HttpRequest.post("https://us3r:s3cret@example.com:8/a?b#c", {
  headers: [
    ["Authorization", "Basic s3cret"],
    ["X-Key", new Secret("s3cret")],
    ["X-A", "1"],
  ],
  body: "s3cret!",
});
const SHOWN = {
  method: "POST",
  url: "https://[redacted]@example.com:8/a?b#c",
  headers: [
    ["Authorization", "[redacted]"],
    ["X-Key", "[redacted]"],
    ["X-A", "1"],
  ],
  bodyLength: 7,
};

test("Inspecting and serializing a request show no credentials and no body", () => {
  assertEquals(JSON.stringify(SECRET), JSON.stringify(SHOWN));
  assertEquals(Deno.inspect(SECRET), `HttpRequest ${Deno.inspect(SHOWN)}`);
  assertEquals(inspect(SECRET), `HttpRequest ${inspect(SHOWN)}`);
  const secrets = shownAs(SECRET).filter((text) => /s3cret|us3r/.test(text));
  assertEquals(secrets, []);
  // Showing changes nothing.
  assertEquals([SECRET.url.username, SECRET.url.password], ["us3r", "s3cret"]);
});

test("A request shows [redacted] for any userinfo in its URL, and nothing else", () => {
  for (const userinfo of ["u@", ":p@", "u%40:p%2F@", ""]) {
    const request = HttpRequest.get(`http://${userinfo}[::1]:8/a@b:c`);
    const shown = `http://${userinfo && "[redacted]@"}[::1]:8/a@b:c`;
    assertEquals(request.toJSON().url, shown);
  }
});
