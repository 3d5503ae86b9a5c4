import { concat } from "@std/bytes";
import {
  assertEquals,
  assertLessOrEqual,
  assertNotStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpRequest } from "../../rfc9110/request.ts";
import { Http11ChunkEncoder } from "../../rfc9112/chunk_encoder.ts";
import { encodeHttp11Request } from "../../rfc9112/encode.ts";
import { encodeHttp11Head } from "../../rfc9112/encode_head.ts";
import { test, transfer } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";
import { countWork } from "../_work.ts";

const URL_TEXT = "http://example.com/";
const CHUNKED = { "Transfer-Encoding": "chunked" };

test("encodeHttp11Request returns an array of its own, of exactly its length", () => {
  const body = toBytes("hi");
  const request = HttpRequest.post(URL_TEXT, { body });
  const [first, second] = [
    encodeHttp11Request(request),
    encodeHttp11Request(request),
  ];
  assertNotStrictEquals(first.buffer, second.buffer);
  assertEquals(first.buffer.byteLength, first.length);
  transfer(first);
  assertEquals(toText(body), "hi");
  assertEquals(encodeHttp11Request(request), second);
});

test("encodeHttp11Request copies the body, and no more than once", () => {
  const body = new Uint8Array(1 << 20).fill(0x61);
  const request = HttpRequest.post(URL_TEXT, { body });
  let written = new Uint8Array(0);
  const { allocated, copied } = countWork(() => {
    written = encodeHttp11Request(request);
  });
  // The head is made on its own, and then put before the body.
  assertLessOrEqual(allocated, written.length + 256);
  assertLessOrEqual(copied, written.length);
  body.fill(0);
  assertEquals(written.at(-1), 0x61);
});

test("encodeHttp11Request returns the bytes of fields and of the body", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const value = toText(all.subarray(0x80));
  const request = HttpRequest.put(URL_TEXT, {
    headers: { "X-Bytes": value },
    body: all,
  });
  const written = toText(encodeHttp11Request(request));
  assertEquals(written.includes(`\r\nX-Bytes: ${value}\r\n`), true);
  assertEquals(written.endsWith(`\r\n\r\n${toText(all)}`), true);
});

test("encodeHttp11Request changes nothing of the request", () => {
  const request = HttpRequest.post("http://u:p@example.com/?a#b", {
    headers: CHUNKED,
    body: "hi",
  });
  const before = JSON.stringify(request);
  encodeHttp11Request(request, { target: "absolute" });
  encodeHttp11Head(request);
  assertEquals(JSON.stringify(request), before);
  assertEquals(request.url.href, "http://u:p@example.com/?a#b");
});

test("encodeHttp11Head and a body make up encodeHttp11Request", () => {
  const body = toBytes("hello");
  const sized = HttpRequest.post(URL_TEXT, { body });
  assertEquals(
    concat([encodeHttp11Head(sized), body]),
    encodeHttp11Request(sized),
  );
  const chunked = HttpRequest.post(URL_TEXT, { headers: CHUNKED, body });
  const encoder = new Http11ChunkEncoder();
  assertEquals(
    concat([
      encodeHttp11Head(chunked),
      ...encoder.chunk(body),
      encoder.end(),
    ]),
    encodeHttp11Request(chunked),
  );
});

test("encodeHttp11Request rejects a URL that was changed to another scheme", () => {
  const request = HttpRequest.get("foo://example.com/".replace("foo", "http"));
  // Setters keep within the special schemes: ftp is one of them.
  request.url.protocol = "ftp:";
  assertThrows(() => encodeHttp11Request(request), TypeError, "Invalid URL");
});
