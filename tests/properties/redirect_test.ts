// Whatever `Location` says: it leads to an http or https URL or nowhere, and
// the request that follows can be written.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  encodeHttp11Request,
  Http11Send,
  HttpRequest,
  HttpResponse,
  redirectRequest,
} from "../../mod.ts";
import { test } from "../_pure.ts";
import { toBytes } from "../_text.ts";
import { binary, type Field, fields, fieldValue, url } from "./_generators.ts";

const statuses = fc.constantFrom(300, 301, 302, 303, 304, 305, 307, 308, 399);
const locations = fc.oneof(
  fieldValue,
  url,
  url.map((text) => text.replace(/^\w+:/, "")),
  fc.constantFrom(
    ...["", "#", "?", "..", "//", "///", "http:", "https://", "http://[::"],
    ...["javascript:x", "data:,x", "blob:http://a/b", "ftp://a/", "ws://a/"],
    ...["http://a:99999/", "http://a b/", "\xc3\xa9", "\xff", "/\xf0\x9f"],
  ),
);
const EXTRA: Field[] = [
  ["Authorization", "a"],
  ["proxy-authorization", "b"],
  ["COOKIE", "c"],
  ["Host", "own.example"],
  ["Content-Type", "a/b"],
  ["Expect", "100-continue"],
  ["Trailer", "X"],
];
const requests = fc.record({
  method: fc.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT"),
  url,
  headers: fields,
  extra: fc.subarray(EXTRA),
  chunked: fc.boolean(),
  body: binary,
}).map(({ method, url, headers, extra, chunked, body }) => {
  const hasBody = method === "POST" || method === "PUT";
  const framing: Field[] = chunked && hasBody
    ? [["Transfer-Encoding", "chunked"]]
    : hasBody
    ? [["Content-Length", `${body.length}`]]
    : [];
  return new HttpRequest(method, url, {
    headers: [...headers, ...extra, ...framing],
    body: toBytes(hasBody ? body : ""),
  });
});

/** What an exchange makes of a 3xx with that Location. */
function answer(request: HttpRequest, status: number, location: string) {
  const send = new Http11Send(request);
  send.resume();
  return send.resume(
    toBytes(
      `HTTP/1.1 ${status}\r\nLocation: ${location}\r\n` +
        "Content-Length: 0\r\n\r\n",
    ),
  );
}

test("A redirect leads to an http or https URL, and its request can be written", () => {
  fc.assert(
    fc.property(requests, statuses, locations, (request, status, location) => {
      const before = request.url.href;
      const step = answer(request, status, location);
      if (step.type === "Ok") return;
      assert(step.type === "WantsRedirect", step.type);
      const { url, sameOrigin } = step;
      assert(["http:", "https:"].includes(url.protocol));
      assertEquals(sameOrigin, url.origin === request.url.origin);
      const next = redirectRequest(request, step);
      assert(encodeHttp11Request(next).length > 0);
      assertEquals(next.url.href, url.href);
      assertEquals(request.url.href, before);
    }),
    { seed: 9701, numRuns: 500 },
  );
});

test("A redirect keeps all fields but those of the body and of the origin", () => {
  fc.assert(
    fc.property(requests, statuses, url, (request, status, target) => {
      const url = new URL(target);
      const response = new HttpResponse({ status });
      const next = redirectRequest(request, { url, response });
      const isForeign = url.origin !== request.url.origin;
      const losesBody = status === 303 ||
        (status <= 302 && status >= 301 && request.method === "POST");
      const expected = [...request.headers].filter(([name]) =>
        !(isForeign && /^((proxy-)?authorization|cookie|host)$/i.test(name)) &&
        !(losesBody &&
          /^(content-.*|transfer-encoding|trailer|expect)$/i.test(name))
      );
      assertEquals([...next.headers], expected);
      assertEquals(next.body, losesBody ? new Uint8Array(0) : request.body);
    }),
    { seed: 9702, numRuns: 300 },
  );
});
