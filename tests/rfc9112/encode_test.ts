import {
  assertEquals,
  assertLessOrEqual,
  assertNotStrictEquals,
  assertThrows,
} from "@std/assert";
import { encodeHttp10Request } from "../../rfc1945/encode.ts";
import { HttpRequest } from "../../rfc9110/request.ts";
import {
  encodeHead,
  encodeHttp11Head,
  encodeHttp11Request,
  type HeadPlan,
} from "../../rfc9112/encode.ts";
import plans from "../vectors/plans.json" with { type: "json" };
import { test, transfer } from "../_pure.ts";
import { toText } from "../_text.ts";
import { countWork } from "../_work.ts";

// tests/vectors/requests.json has the bytes of each case. Here is the rest.

const URL_TEXT = "http://example.com/";

for (const encode of [encodeHttp11Request, encodeHttp10Request]) {
  test(`${encode.name} returns an array of its own, of exactly its length`, () => {
    const request = HttpRequest.post(URL_TEXT, { body: "hi" });
    const [first, second] = [encode(request), encode(request)];
    assertNotStrictEquals(first.buffer, second.buffer);
    assertEquals(first.buffer.byteLength, first.length);
    transfer(first);
    assertEquals(request.body.length, 2);
    assertEquals(encode(request), second);
  });

  test(`${encode.name} copies the body, and no more than once`, () => {
    const body = new Uint8Array(1 << 20).fill(0x61);
    const request = HttpRequest.post(URL_TEXT, { body });
    let written = new Uint8Array(0);
    const { allocated, copied } = countWork(() => written = encode(request));
    // The head is made on its own, and then put before the body.
    assertLessOrEqual(allocated, written.length + 256);
    assertLessOrEqual(copied, written.length);
    body.fill(0);
    assertEquals(written.at(-1), 0x61);
  });

  test(`${encode.name} rejects a URL that was changed to another scheme, or that is no request`, () => {
    const text = URL_TEXT as unknown as HttpRequest;
    assertThrows(() => encode(text), TypeError, "it is not an HttpRequest");
    const request = HttpRequest.get(URL_TEXT);
    // Setters keep within the special schemes: ftp is one of them.
    request.url.protocol = "ftp:";
    assertThrows(() => encode(request), TypeError, "Invalid URL");
  });
}

for (const { name, method, headers, plan, expect } of plans) {
  test(name, () => {
    const request = new HttpRequest(method, URL_TEXT, { headers });
    const whole = { version: "HTTP/1.1", length: 0, options: undefined };
    const encode = () =>
      encodeHead(request, { ...whole, ...plan } as unknown as HeadPlan);
    if (expect.message !== undefined) {
      assertThrows(encode, TypeError, expect.message);
      return;
    }
    const { bytes, framing } = encode();
    const [line = null] = toText(bytes).split("\r\n").slice(2, -2);
    assertEquals({ line, framing }, expect as object);
  });
}

test("encodeHttp11Head returns a URL as it is now, and no longer as it was", () => {
  const request = HttpRequest.get("http://example.com/a#b");
  request.url.pathname = "/c d";
  request.url.search = "\u00e9";
  request.url.port = "8080";
  request.url.username = "u@/:";
  assertEquals(
    toText(encodeHttp11Head(request)),
    "GET /c%20d?%C3%A9 HTTP/1.1\r\nHost: example.com:8080\r\n\r\n",
  );
});
