import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpHeaders, redirectRequest, WellKnown } from "../../mod.ts";
import { test } from "../_pure.ts";
import { shownAs } from "../_shown.ts";
import { toBytes, toText } from "../_text.ts";

// tests/vectors/well_known.json has one case for each rule. Here is the rest.

const BASE = "https://us3r:s3cret@example.com:8443/path?query#fragment";
const FOUND = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const MOVED = "HTTP/1.1 301 Moved\r\nLocation: /dav\r\nContent-Length: 3\r\n" +
  "\r\nbye";

test("WellKnown copies the base and the fields", () => {
  const base = new URL(BASE);
  const headers = new HttpHeaders({ A: "1" });
  const { request } = new WellKnown(base, "a/b", { headers });
  const url = "https://example.com:8443/.well-known/a/b";
  assertEquals([request.method, request.url.href], ["GET", url]);
  request.header("B", "2");
  request.url.pathname = "/changed";
  assertEquals(base.href, BASE);
  assertEquals([...headers], [["A", "1"]]);
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

test("WellKnown returns an output that redirectRequest accepts", () => {
  const lookup = new WellKnown(BASE, "caldav");
  lookup.resume();
  const step = lookup.resume(toBytes(MOVED));
  assert(step.type === "Ok");
  assertStrictEquals(lookup.resume(null), step);
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
  const make = () => new WellKnown(BASE, "x", { maxHeadBytes: -1 });
  assertThrows(make, RangeError);
});

test("WellKnown shows no credentials", () => {
  const headers = { Authorization: "s3cret" };
  const texts = shownAs(new WellKnown(BASE, "x", { headers }));
  assertEquals(texts.filter((text) => /s3cret|us3r/.test(text)), []);
});
