import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpHeaders, redirectRequest, WellKnown } from "../../mod.ts";
import { endOfFile, test } from "../_pure.ts";
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

test("WellKnown drops path, query, fragment, and userinfo of the base", () => {
  for (const base of [BASE, new URL(BASE)]) {
    const { request } = new WellKnown(base, "a/b");
    assertEquals(
      request.url.href,
      "https://example.com:8443/.well-known/a/b",
    );
    assertEquals(request.method, "GET");
  }
});

test("WellKnown copies the base and the fields", () => {
  const base = new URL(BASE);
  const headers = new HttpHeaders({ A: "1" });
  const { request } = new WellKnown(base, "x", { headers });
  request.header("B", "2");
  request.url.pathname = "/changed";
  assertEquals(base.href, BASE);
  assertEquals([...headers], [["A", "1"]]);
});

test("WellKnown writes the request with its fields", () => {
  const headers: [string, string][] = [["Accept", "a/b"], ["x", "\xe9"]];
  const step = new WellKnown("http://[::1]/", "x", { headers }).resume();
  assert(step.type === "WantsWrite");
  assertEquals(
    toText(step.bytes),
    "GET /.well-known/x HTTP/1.1\r\nHost: [::1]\r\nAccept: a/b\r\nx: \xe9\r\n" +
      "\r\n",
  );
});

test("WellKnown rejects a base that is not an http or https URL", () => {
  for (const base of ["blob:https://e.org/8f2b", "ws://e.org/", "//e.org/"]) {
    assertThrows(() => new WellKnown(base, "x"), TypeError);
  }
});

test("WellKnown rejects an invalid service, escaped and shortened", () => {
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

test("WellKnown returns the response, whether it redirects or not", () => {
  for (
    const [wire, status, body, href] of [
      [FOUND, 200, "hi", undefined],
      [MOVED, 301, "bye", "https://example.com:8443/dav"],
    ] as const
  ) {
    const { lookup, step } = lookUp(`${wire}rest`);
    assert(step.type === "Ok");
    assertEquals([step.response.status, step.response.text()], [status, body]);
    assertEquals(step.redirect?.url.href, href);
    assertEquals(toText(step.remaining), "rest");
    for (const more of [undefined, toBytes(FOUND), endOfFile(), null]) {
      assertStrictEquals(lookup.resume(more), step);
    }
  }
});

test("WellKnown returns an output that redirectRequest accepts", () => {
  const { lookup, step } = lookUp(MOVED);
  assert(step.type === "Ok");
  const next = redirectRequest(lookup.request, step);
  assertEquals(next.url.href, "https://example.com:8443/dav");
});

test("WellKnown passes its options on to the exchange", () => {
  const options = { target: "absolute", maxBodyBytes: 1 } as const;
  const lookup = new WellKnown(BASE, "x", options);
  const write = lookup.resume();
  assert(write.type === "WantsWrite");
  assertEquals(
    toText(write.bytes).split("\r\n")[0],
    "GET https://example.com:8443/.well-known/x HTTP/1.1",
  );
  const step = lookup.resume(toBytes(FOUND));
  assertEquals(step.type === "Err" && step.error.code, "BodyTooLarge");
  assertStrictEquals(lookup.resume(), step);
  assertThrows(
    () => new WellKnown(BASE, "x", { maxHeadBytes: -1 }),
    RangeError,
  );
});

test("WellKnown shows no credentials", () => {
  const headers = { Authorization: "s3cret" };
  const lookup = new WellKnown(BASE, "x", { headers });
  const texts = [Deno.inspect(lookup, { depth: 9 }), JSON.stringify(lookup)];
  assertEquals(texts.some((text) => /s3cret|us3r/.test(text)), false);
});
