import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { encodeHttp10Request, Http10Send, HttpRequest } from "../../mod.ts";
import { endOfFile, test } from "../_pure.ts";
import { toBytes } from "../_text.ts";

const GET = HttpRequest.get("http://example.com/");
const OPEN = "HTTP/1.0 200 OK\r\n\r\nhello";

test("Http10Send asks for one write, of what encodeHttp10Request returns", () => {
  const options = { target: "absolute" } as const;
  const send = new Http10Send(GET, options);
  const step = send.resume();
  assert(step.type === "WantsWrite");
  assertEquals(step.bytes, encodeHttp10Request(GET, options));
  assertEquals(send.resume(), { type: "WantsRead" });
  assertEquals(send.resume(), { type: "WantsRead" });
});

test("Http10Send keeps input and its end that come before the write", () => {
  const send = new Http10Send(GET);
  const early = toBytes(OPEN);
  assertEquals(send.resume(early).type, "WantsWrite");
  early.fill(0);
  const step = send.resume(endOfFile());
  assertEquals(step.type === "Ok" && step.response.text(), "hello");
});

test("Http10Send surfaces a redirect, and then returns the same response", () => {
  const send = new Http10Send(GET);
  send.resume();
  const wire = "HTTP/1.0 301 Moved\r\nLocation: //b/\r\nContent-Length: 0\r\n" +
    "\r\n";
  const step = send.resume(toBytes(wire));
  assert(step.type === "WantsRedirect");
  assertEquals([step.url.href, step.sameOrigin], ["http://b/", false]);
  const end = send.resume();
  assert(end.type === "Ok");
  assertStrictEquals(end.response, step.response);
});

test("Http10Send rejects what cannot be written before any step", () => {
  const headers = { "Transfer-Encoding": "chunked" };
  const request = HttpRequest.post(GET.url, { headers, body: "a" });
  assertThrows(() => new Http10Send(request), TypeError, "HTTP/1.0");
});
