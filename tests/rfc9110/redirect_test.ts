import {
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpHeaders } from "../../rfc9110/headers.ts";
import {
  findRedirect,
  type HttpRedirectOutput,
  redirectRequest,
} from "../../rfc9110/redirect.ts";
import { HttpRequest } from "../../rfc9110/request.ts";
import { HttpResponse } from "../../rfc9110/response.ts";
import { Secret } from "../../rfc9110/secret.ts";
import { Http11Send } from "../../rfc9112/send.ts";
import { test } from "../_pure.ts";
import { toBytes } from "../_text.ts";

// tests/vectors/redirects.json has one case for each rule. Here is the rest.

const BASE = HttpRequest.get("http://example.com/a/b?c#d");

function find(location: string, status = 301) {
  const headers = new HttpHeaders({ Location: location });
  return findRedirect(BASE, new HttpResponse({ status, headers }));
}

function follow(request: HttpRequest, status: number, url: string) {
  return redirectRequest(request, {
    url: new URL(url, request.url),
    response: new HttpResponse({ status }),
  });
}

test("findRedirect returns a new URL each time, and leaves the request alone", () => {
  find("")!.url.pathname = "/changed";
  assertEquals(find("")?.url.href, BASE.url.href);
  assertEquals(BASE.url.href, "http://example.com/a/b?c#d");
});

test("findRedirect resolves a Location of a megabyte", () => {
  const length = 1 << 19;
  const path = find(`/${"\xc3\xa9".repeat(length)}`)?.url.pathname;
  assertEquals(path?.length, 1 + 6 * length);
  assertEquals(find("/".repeat(length) + "e.org")?.url.host, "e.org");
});

test("redirectRequest accepts every kind of output", () => {
  const send = new Http11Send(BASE);
  send.resume();
  send.resume();
  // A proxy passes its input on, such as a redacted value.
  const step = send.resume(toBytes(
    "HTTP/1.1 302 Found\r\nLocation: /next\r\nX: [redacted]\r\n" +
      "Content-Length: 0\r\n\r\n",
  ));
  if (step.type !== "WantsRedirect") throw new Error(step.type);
  const { response, redirect } = step;
  const request = HttpRequest.get(BASE.url, { headers: response.headers });
  const outputs: HttpRedirectOutput[] = [
    step,
    { response, redirect },
    { response, url: redirect!.url },
    // As in an output of the agent, whose `url` is that of the request.
    { response, redirect, url: BASE.url },
    // As in an exchange, which has a getter.
    {
      response,
      get redirect() {
        return redirect;
      },
    },
  ];
  for (const output of outputs) {
    const next = redirectRequest(request, output);
    assertEquals(next.url.href, "http://example.com/next#d");
    assertEquals([...next.headers], [...response.headers]);
  }
  const none = { response, redirect: null, url: BASE.url };
  for (const output of [none, { response } as never]) {
    const make = () => redirectRequest(BASE, output);
    assertThrows(make, TypeError, "reports no redirect");
  }
});

test("redirectRequest shares only the body with the request", () => {
  const request = HttpRequest.put(BASE.url, {
    headers: { A: "1" },
    body: "hi",
  });
  const url = new URL("http://example.com/next");
  const response = new HttpResponse({ status: 307 });
  const next = redirectRequest(request, { url, response });
  assertNotStrictEquals(next.url, url);
  assertStrictEquals(next.body, request.body);
  url.pathname = "/changed";
  next.header("B", "2");
  assertEquals(next.url.pathname, "/next");
  assertEquals([...request.headers], [["A", "1"]]);
});

test("redirectRequest keeps a Secret for the same origin only, as a Secret", () => {
  const request = HttpRequest.get("http://example.com/", {
    headers: { "X-Key": new Secret("hush"), "x-key": "shown", A: "1" },
  });
  const same = follow(request, 302, "/next");
  assertEquals([...same.headers], [...request.headers]);
  assertEquals(same.headers.toJSON()[0], ["X-Key", "[redacted]"]);
  const other = follow(same, 302, "http://other.example/");
  assertEquals([...other.headers], [["x-key", "shown"], ["A", "1"]]);
});

test("redirectRequest drops userinfo from the URL that it is given", () => {
  const next = follow(BASE, 302, "http://us3r:s3cret@example.com/");
  assertEquals(next.url.href, "http://example.com/");
});

test("redirectRequest keeps method and body for any other status", () => {
  const request = HttpRequest.post(BASE.url, { body: "hi" });
  for (const status of [200, 300, 304, 305, 999]) {
    const next = follow(request, status, "/next");
    assertEquals([next.method, next.body.length], ["POST", 2]);
  }
});

test("redirectRequest rejects a target that is neither http nor https", () => {
  assertThrows(() => follow(BASE, 302, "ftp://example.com/"), TypeError);
});
