import {
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpHeaders } from "../../rfc9110/headers.ts";
import { findRedirect, redirectRequest } from "../../rfc9110/redirect.ts";
import { HttpRequest } from "../../rfc9110/request.ts";
import { HttpResponse } from "../../rfc9110/response.ts";
import { test } from "../_pure.ts";

const BASE = new URL("http://example.com/a/b?c#d");

function answer(status: number, ...locations: string[]): HttpResponse {
  const headers = new HttpHeaders();
  for (const location of locations) headers.append("Location", location);
  return new HttpResponse({ status, headers });
}

function follow(request: HttpRequest, status: number, url: string) {
  return redirectRequest(request, {
    url: new URL(url, request.url),
    response: new HttpResponse({ status }),
  });
}

test("findRedirect returns a new URL each time, and leaves the base alone", () => {
  const response = answer(302, "");
  const first = findRedirect(HttpRequest.get(BASE), response)!;
  first.url.pathname = "/changed";
  const second = findRedirect(HttpRequest.get(BASE), response)!;
  assertEquals(second.url.href, BASE.href);
  assertEquals(BASE.href, "http://example.com/a/b?c#d");
  assertEquals(second.sameOrigin, true);
});

test("findRedirect returns null for what no URL comes of, and throws nothing", () => {
  const locations = [
    "http://",
    "http://[::1",
    "http://a b/",
    "http://example.com:99999/",
    "http://\x80/",
    "//\x80\x81",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "blob:http://example.com/x",
  ];
  for (const location of locations) {
    assertEquals(
      findRedirect(HttpRequest.get(BASE), answer(301, location)),
      null,
      location,
    );
  }
});

test("findRedirect gives the base's fragment to a Location that has none", () => {
  const hash = (location: string) =>
    findRedirect(HttpRequest.get(BASE), answer(301, location))?.url.hash;
  assertEquals([hash("/x"), hash("?x"), hash("")], ["#d", "#d", "#d"]);
  assertEquals([hash("/x#e"), hash("#e"), hash("/x#")], ["#e", "#e", ""]);
});

test("findRedirect reads a byte string as UTF-8 only where it is valid", () => {
  const path = (location: string) =>
    findRedirect(HttpRequest.get(BASE), answer(301, location))?.url.pathname;
  assertEquals(path("/\xc3\xa9"), "/%C3%A9");
  assertEquals(path("/\xe9"), "/%C3%A9");
  assertEquals(path("/\xef\xbb\xbfx"), "/%EF%BB%BFx");
  // One bad byte, and none of it is UTF-8.
  assertEquals(path("/\xc3\xa9\xff"), "/%C3%83%C2%A9%C3%BF");
});

test("findRedirect takes a megabyte of Location", () => {
  const location = `/${"\xc3\xa9".repeat(1 << 19)}`;
  const redirect = findRedirect(HttpRequest.get(BASE), answer(302, location));
  assertEquals(redirect?.url.pathname.length, 1 + 6 * (1 << 19));
});

test("redirectRequest returns a request with nothing shared but the body", () => {
  const request = HttpRequest.put(BASE, { headers: { A: "1" }, body: "hi" });
  const url = new URL("http://example.com/next");
  const response = new HttpResponse({ status: 307 });
  const next = redirectRequest(request, { url, response });
  assertNotStrictEquals(next.url, url);
  assertNotStrictEquals(next.headers, request.headers);
  assertStrictEquals(next.body, request.body);
  url.pathname = "/changed";
  next.header("B", "2");
  assertEquals(next.url.pathname, "/next");
  assertEquals([...request.headers], [["A", "1"]]);
});

test("redirectRequest leaves the request that was redirected alone", () => {
  const headers: [string, string][] = [
    ["Content-Type", "a/b"],
    ["Cookie", "x"],
  ];
  const request = HttpRequest.post(BASE, { headers, body: "hi" });
  follow(request, 303, "http://elsewhere.example/");
  assertEquals([...request.headers], headers);
  assertEquals([request.method, request.body.length], ["POST", 2]);
  assertEquals(request.url.href, BASE.href);
});

test("redirectRequest keeps order, case and duplicates of what stays", () => {
  const request = HttpRequest.post(BASE, {
    headers: [
      ["x-b", "1"],
      ["Content-Type", "a/b"],
      ["X-A", "\xe9"],
      ["COOKIE", "s"],
      ["X-B", "2"],
      ["eXpect", "100-continue"],
    ],
    body: "hi",
  });
  const next = follow(request, 303, "http://elsewhere.example/");
  assertEquals([...next.headers], [["x-b", "1"], ["X-A", "\xe9"], [
    "X-B",
    "2",
  ]]);
});

test("redirectRequest takes a change of scheme or port for another origin", () => {
  const headers = { Authorization: "a", Host: "h" };
  const request = HttpRequest.get("https://example.com/", { headers });
  for (const url of ["http://example.com/", "https://example.com:444/"]) {
    assertEquals(follow(request, 302, url).headers.size, 0);
  }
  const same = follow(request, 302, "https://EXAMPLE.com:443/x");
  assertEquals([...same.headers], Object.entries(headers));
});

test("redirectRequest compares the case of a method", () => {
  const request = new HttpRequest("post", BASE, { body: "hi" });
  const next = follow(request, 302, "/next");
  assertEquals([next.method, next.body.length], ["post", 2]);
});

test("redirectRequest does as for 307 where the status is any other", () => {
  const request = HttpRequest.post(BASE, { body: "hi" });
  for (const status of [200, 300, 304, 305, 307, 308, 999]) {
    const next = follow(request, status, "/next");
    assertEquals([next.method, next.body.length], ["POST", 2]);
  }
});

test("redirectRequest rejects a target that is neither http nor https", () => {
  const request = HttpRequest.get(BASE);
  assertThrows(() => follow(request, 302, "ftp://example.com/"), TypeError);
});
