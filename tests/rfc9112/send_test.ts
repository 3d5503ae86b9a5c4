import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  encodeHttp11Request,
  Http10Send,
  Http11Send,
  type Http11SendResult,
  HttpRequest,
  type HttpSendOptions,
} from "../../mod.ts";
import { endOfFile, test, transfer } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";
import { countWork, withoutMemory } from "../_work.ts";

const GET = HttpRequest.get("http://example.com/a#frag");
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const MOVED = "HTTP/1.1 302 Found\r\nLocation: /next\r\n" +
  "Content-Length: 3\r\n\r\nbye";
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** Writes the request, and passes a wire in one piece. */
function send(
  wire: string,
  request = GET,
  options?: HttpSendOptions,
): { coroutine: Http11Send; step: Http11SendResult } {
  const coroutine = new Http11Send(request, options);
  assertEquals(coroutine.resume().type, "WantsWrite");
  let step = coroutine.resume();
  if (wire !== "") step = coroutine.resume(toBytes(wire));
  return { coroutine, step };
}

for (
  const [what, early, code] of [
    ["end of file", endOfFile(), "NoResponse"],
    ["a fault", toBytes("ICY"), "InvalidStatusLine"],
  ] as const
) {
  test(`Http11Send returns ${what} that comes early only after the write`, () => {
    const coroutine = new Http11Send(GET);
    assertEquals(coroutine.resume(early).type, "WantsWrite");
    const step = coroutine.resume();
    assertEquals(step.type === "Err" && step.error.code, code);
  });
}

test("Http11Send takes an empty array for nothing before and after the write", () => {
  const coroutine = new Http11Send(GET);
  const empty = new Uint8Array(0);
  assertEquals(coroutine.resume(empty).type, "WantsWrite");
  assertEquals(coroutine.resume(empty), { type: "WantsRead" });
  const step = coroutine.resume(toBytes(OK));
  assertEquals(step.type === "Ok" && step.closeReason, null);
});

test("Http11Send writes a large body as it is, and a small one with the head", () => {
  for (const headers of [{}, { "Transfer-Encoding": "chunked" }]) {
    const small = HttpRequest.post("http://a/", {
      headers,
      body: new Uint8Array(16_384),
    });
    const coroutine = new Http11Send(small);
    const step = coroutine.resume();
    assert(step.type === "WantsWrite");
    assertEquals(step.bytes, encodeHttp11Request(small));
    assertEquals(coroutine.resume().type, "WantsRead");

    const large = HttpRequest.post("http://a/", {
      headers,
      body: new Uint8Array(16_385),
    });
    const writes = [];
    const other = new Http11Send(large);
    let write = other.resume();
    for (; write.type === "WantsWrite"; write = other.resume()) {
      writes.push(write.bytes);
    }
    assertStrictEquals(writes[1]?.buffer, large.body.buffer);
    const all = writes.map(toText).join("");
    assertEquals(all, toText(encodeHttp11Request(large)));
  }
});

for (const more of ["x", "HTTP/1.1 200 OK\r\n"]) {
  test(`Http11Send adds what follows WantsRedirect to remaining: ${more}`, () => {
    for (const before of ["", "rest"]) {
      const { coroutine, step } = send(`${MOVED}${before}`);
      assert(step.type === "WantsRedirect");
      const end = coroutine.resume(toBytes(more));
      assert(end.type === "Ok");
      assertEquals(toText(end.remaining), before + more);
      const { keepAlive, closeReason } = end;
      assertEquals([keepAlive, closeReason], [false, "UnexpectedBytes"]);
      assertEquals(end.redirect, step.redirect);
    }
  });
}

for (const more of [undefined, endOfFile(), new Uint8Array(0)]) {
  test(`Http11Send returns Ok after WantsRedirect and ${more}`, () => {
    const { coroutine, step } = send(`${CONTINUE}${MOVED}rest`);
    assert(step.type === "WantsRedirect");
    const { type: _, url, sameOrigin, ...output } = step;
    assertEquals(url.href, "http://example.com/next#frag");
    assertEquals(step.redirect, { url, sameOrigin });
    const end = coroutine.resume(more);
    assert(end.type === "Ok");
    assertStrictEquals(end.response, step.response);
    assertEquals(end, { type: "Ok", ...output });
    assertStrictEquals(coroutine.resume(toBytes(OK)), end);
  });
}

test("Http11Send returns a redirect that is the caller's to take away", () => {
  const { coroutine, step } = send(`${CONTINUE}${MOVED}rest`);
  assert(step.type === "WantsRedirect");
  const { remaining, response, interim } = step;
  for (const array of [remaining, response.body, interim[0]!.body]) {
    transfer(array);
  }
  const end = coroutine.resume();
  assertEquals(end.type, "Ok");
  assertStrictEquals(coroutine.resume(), end);
});

test("Http11Send ends if memory runs out in the middle of a body", () => {
  const { coroutine } = send(OK.slice(0, -5));
  const piece = toBytes("he");
  assertThrows(() => withoutMemory(() => coroutine.resume(piece)), RangeError);
  assertThrows(() => coroutine.resume(toBytes("llo")), RangeError);
});

for (
  const changes of [
    { method: "GET / HTTP/1.1\r\nX: y\r\n\r\nGET" },
    {
      url: { protocol: "http:", host: "a", href: "http://a/ HTTP/1.1\r\nX: y" },
    },
    { url: { protocol: "http:", host: "a\r\nX: y", href: "http://a/" } },
    { headers: { has: () => false, get: () => null, getAll: () => [] } },
  ]
) {
  test(`Http11Send checks again what it encodes: ${Deno.inspect(changes)}`, () => {
    const request = Object.assign(HttpRequest.get("http://a/"), changes);
    assertThrows(() => new Http11Send(request), TypeError);
  });
}

test("Http11Send writes the request as it was when it was handed in", () => {
  const body = toBytes("hi");
  const request = HttpRequest.post("http://example.com/", { body });
  const before = encodeHttp11Request(request);
  const coroutine = new Http11Send(request);
  request.header("Late", "1");
  request.url.pathname = "/late";
  body.fill(0);
  const step = coroutine.resume();
  assert(step.type === "WantsWrite");
  assertEquals(step.bytes, before);
});

test("Http11Send judges the response by the request as it was written", () => {
  const request = HttpRequest.get("http://example.com/a/b#frag")
    .header("Upgrade", "x");
  const [upgrade, redirect] = [
    new Http11Send(request),
    new Http11Send(request),
  ];
  request.headers.delete("Upgrade");
  request.header("Connection", "close");
  request.url.href = "https://elsewhere.example/";
  for (const coroutine of [upgrade, redirect]) {
    coroutine.resume();
    coroutine.resume();
  }
  const wire = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nrest";
  const step = upgrade.resume(toBytes(wire));
  assert(step.type === "Ok");
  assertEquals([step.upgraded, toText(step.remaining)], [true, "rest"]);
  const moved = redirect.resume(toBytes(MOVED.replace("/next", "c")));
  assert(moved.type === "WantsRedirect");
  assertEquals(moved.url.href, "http://example.com/a/c#frag");
  assertEquals([moved.sameOrigin, moved.closeReason], [true, null]);
});

test("Http11Send and Http10Send reject what cannot be written before any step", () => {
  const headers: [string, string][] = [["Host", "a"], ["Host", "b"]];
  const bad = HttpRequest.get("http://example.com/", { headers });
  assertThrows(() => new Http11Send(bad), TypeError, "Host");
  const asterisk = { target: "asterisk" } as const;
  assertThrows(() => new Http11Send(GET, asterisk), TypeError, '"GET"');
  const chunked = HttpRequest.post(GET.url, {
    headers: { "Transfer-Encoding": "chunked" },
  });
  assertThrows(() => new Http10Send(chunked), TypeError, "HTTP/1.0");
});

test("Http11Send copies a response of known length a bounded number of times", () => {
  const length = 1 << 20;
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
  const wire = toBytes(head + "x".repeat(length));
  for (const size of [100, 4096, 1 << 16, wire.length]) {
    const { coroutine } = send("");
    let type = "";
    const { copied, allocated } = countWork(() => {
      for (let at = 0; at < wire.length; at += size) {
        type = coroutine.resume(wire.subarray(at, at + size)).type;
      }
    });
    assertEquals(type, "Ok");
    assertLessOrEqual(copied, 2.2 * length);
    assertLessOrEqual(allocated, 2.2 * length);
  }
});

test("Http11Send returns steps that show no credentials", () => {
  const wire = "HTTP/1.1 103 Early Hints\r\nSet-Cookie: s3cret\r\n\r\n" +
    "HTTP/1.1 302 Found\r\nSet-Cookie: s3cret\r\nLocation: /next\r\n" +
    "Transfer-Encoding: chunked\r\n\r\n0\r\nAuthentication-Info: s3cret\r\n\r\n";
  const request = HttpRequest.get("http://u:s3cret@example.com/");
  const { coroutine, step } = send(wire, request);
  assert(step.type === "WantsRedirect");
  assertEquals(step.response.trailers.get("authentication-info"), "s3cret");
  const shown = [step, coroutine.resume(), coroutine, request].flatMap((
    value,
  ) => [
    Deno.inspect(value, { depth: 9, showHidden: true }),
    JSON.stringify(value),
  ]);
  assertEquals(shown.filter((text) => text.includes("s3cret")), []);
});
