import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpHeaders, WellKnown } from "../../mod.ts";
import { endOfFile, test, transfer } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";

const BASE = "https://us3r:s3cret@example.com:8443/path?query#fragment";
const FOUND = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const MOVED = "HTTP/1.1 301 Moved\r\nLocation: /dav\r\nContent-Length: 3\r\n" +
  "\r\nbye";

function lookUp(wire: string) {
  const lookup = new WellKnown(BASE, "caldav");
  assertEquals(lookup.resume().type, "WantsWrite");
  return { lookup, step: lookup.resume(toBytes(wire)) };
}

test("WellKnown drops path, query, fragment and userinfo of the base", () => {
  for (const base of [BASE, new URL(BASE)]) {
    const { request } = new WellKnown(base, "a/b");
    assertEquals(
      request.url.href,
      "https://example.com:8443/.well-known/a/b",
    );
    assertEquals(request.method, "GET");
  }
});

test("WellKnown leaves the base alone, and the fields that it was given", () => {
  const base = new URL(BASE);
  const headers = new HttpHeaders({ A: "1" });
  const { request } = new WellKnown(base, "x", { headers });
  request.header("B", "2");
  request.url.pathname = "/changed";
  assertEquals(base.href, BASE);
  assertEquals([...headers], [["A", "1"]]);
});

test("WellKnown writes the request with the fields that it was given", () => {
  const headers: [string, string][] = [["Accept", "a/b"], ["x", "\xe9"]];
  const step = new WellKnown("http://[::1]/", "x", { headers }).resume();
  assert(step.type === "WantsWrite");
  assertEquals(
    toText(step.bytes),
    "GET /.well-known/x HTTP/1.1\r\nHost: [::1]\r\nAccept: a/b\r\nx: \xe9\r\n" +
      "\r\n",
  );
});

for (
  const base of [
    "blob:https://example.com/8f2b",
    "ws://example.com/",
    "data:text/plain,a",
    "mailto:a@example.com",
    "//example.com/",
  ]
) {
  test(`WellKnown rejects the base ${base}, which is not http or https`, () => {
    assertThrows(() => new WellKnown(base, "x"), TypeError);
  });
}

test("WellKnown names a bad service, escaped and cut short", () => {
  const service = `\x1b[31m${"x".repeat(100)}`;
  const error = assertThrows(() => new WellKnown(BASE, service), TypeError);
  assertEquals(
    error.message,
    `Invalid well-known service: "\\x1b[31m${"x".repeat(35)}..." is not one ` +
      "or more path segments",
  );
});

for (
  const [service, path] of [
    ["a%2fb", "a%2fb"],
    ["%2e%2e%2e", "%2e%2e%2e"],
    ["...", "..."],
    ["a:b@c", "a:b@c"],
    ["\u00e9", "%C3%A9"],
    ["http://x".replace("//", ""), "http:x"],
  ] as const
) {
  test(`WellKnown accepts the service ${JSON.stringify(service)}`, () => {
    const { request } = new WellKnown(BASE, service);
    assertEquals(request.url.pathname, `/.well-known/${path}`);
    assertEquals(request.url.host, "example.com:8443");
  });
}

test("WellKnown returns the very same Ok for good", () => {
  const { lookup, step } = lookUp(`${FOUND}rest`);
  assert(step.type === "Ok");
  assertEquals([step.redirect, step.response.text()], [null, "hi"]);
  assertEquals(toText(step.remaining), "rest");
  for (const more of [undefined, toBytes(FOUND), endOfFile()]) {
    assertStrictEquals(lookup.resume(more), step);
  }
});

test("WellKnown returns a redirect in the Ok, the same for good", () => {
  const { lookup, step } = lookUp(`${MOVED}rest`);
  assert(step.type === "Ok");
  assertEquals(step.redirect?.url.href, "https://example.com:8443/dav");
  assertEquals(step.redirect?.sameOrigin, true);
  assertEquals([step.response.status, step.response.text()], [301, "bye"]);
  assertEquals(toText(step.remaining), "rest");
  for (const more of [undefined, toBytes(FOUND), endOfFile()]) {
    assertStrictEquals(lookup.resume(more), step);
  }
});

test("WellKnown returns the very same Err for good", () => {
  const { lookup, step } = lookUp("ICY");
  assertEquals(step.type === "Err" && step.error.code, "InvalidStatusLine");
  for (const more of [undefined, toBytes(FOUND), endOfFile()]) {
    assertStrictEquals(lookup.resume(more), step);
  }
});

test("WellKnown repeats WantsRead, and takes early input and its end", () => {
  const lookup = new WellKnown(BASE, "x");
  assertEquals(lookup.resume(toBytes(MOVED.slice(0, -3))).type, "WantsWrite");
  assertEquals(lookup.resume(), { type: "WantsRead" });
  assertEquals(lookup.resume(), { type: "WantsRead" });
  const step = lookup.resume(endOfFile());
  assertEquals(step.type === "Err" && step.error.code, "UnexpectedEof");
});

test("WellKnown goes on where all that it returned is taken away", () => {
  const lookup = new WellKnown(BASE, "x");
  const write = lookup.resume();
  assert(write.type === "WantsWrite");
  transfer(write.bytes);
  const step = lookup.resume(toBytes(MOVED));
  assert(step.type === "Ok");
  transfer(step.response.body);
  transfer(step.remaining);
  assertStrictEquals(lookup.resume(), step);
});

test("WellKnown shows no credentials", () => {
  const headers = { Authorization: "s3cret" };
  const lookup = new WellKnown(BASE, "x", { headers });
  const texts = [Deno.inspect(lookup, { depth: 9 }), JSON.stringify(lookup)];
  assertEquals(texts.some((text) => /s3cret|us3r/.test(text)), false);
});
