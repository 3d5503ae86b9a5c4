import {
  assertEquals,
  assertLessOrEqual,
  assertNotStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  encodeHttp10Request,
  encodeHttp11Request,
  HttpRequest,
} from "../../mod.ts";
import { test, transfer } from "../_pure.ts";
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

  test(`${encode.name} rejects a URL that was changed to another scheme`, () => {
    const request = HttpRequest.get(URL_TEXT);
    // Setters keep within the special schemes: ftp is one of them.
    request.url.protocol = "ftp:";
    assertThrows(() => encode(request), TypeError, "Invalid URL");
  });
}
