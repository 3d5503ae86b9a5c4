import { assertEquals, assertNotStrictEquals, assertThrows } from "@std/assert";
import {
  encodeHttp10Request,
  encodeHttp11Request,
  HttpRequest,
} from "../../mod.ts";
import { test, transfer } from "../_pure.ts";
import { toText } from "../_text.ts";

const URL_TEXT = "http://example.com/a?b";

test("encodeHttp10Request differs from HTTP/1.1 in the version alone", () => {
  for (
    const [request, target] of [
      [HttpRequest.get(URL_TEXT), "absolute"],
      [HttpRequest.options(URL_TEXT), "asterisk"],
      [
        HttpRequest.post(URL_TEXT, { headers: [["X", "\xe9"]], body: "hi" }),
        "origin",
      ],
    ] as const
  ) {
    const later = toText(encodeHttp11Request(request, { target }));
    assertEquals(
      toText(encodeHttp10Request(request, { target })),
      later.replace(" HTTP/1.1\r\n", " HTTP/1.0\r\n"),
    );
  }
});

test("encodeHttp10Request returns an array of its own", () => {
  const request = HttpRequest.post(URL_TEXT, { body: "hi" });
  const [first, second] = [
    encodeHttp10Request(request),
    encodeHttp10Request(request),
  ];
  assertNotStrictEquals(first.buffer, second.buffer);
  assertEquals(first.buffer.byteLength, first.length);
  transfer(first);
  assertEquals(request.body.length, 2);
  assertEquals(encodeHttp10Request(request), second);
});

test("encodeHttp10Request rejects every transfer coding", () => {
  for (const coding of ["chunked", "identity", "gzip, chunked", ""]) {
    const headers = { "Transfer-Encoding": coding };
    const request = HttpRequest.post(URL_TEXT, { headers, body: "hi" });
    assertThrows(() => encodeHttp10Request(request), TypeError);
  }
});
