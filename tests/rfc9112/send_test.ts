import { Buffer } from "node:buffer";
import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  encodeHttp11Request,
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

function sendOk(wire: string, request?: HttpRequest) {
  const { step } = send(wire, request);
  assert(step.type === "Ok", step.type);
  return step;
}

test("Http11Send asks for one write, of what encodeHttp11Request returns", () => {
  const request = HttpRequest.post(GET.url, { body: "hi" });
  const options = { target: "absolute" } as const;
  const coroutine = new Http11Send(request, options);
  const step = coroutine.resume();
  assert(step.type === "WantsWrite");
  assertEquals(step.bytes, encodeHttp11Request(request, options));
  for (let i = 0; i < 3; i++) {
    assertEquals(coroutine.resume(), { type: "WantsRead" });
  }
});

test("Http11Send keeps input that comes before the write was asked for", () => {
  for (let cut = 1; cut <= OK.length; cut++) {
    const coroutine = new Http11Send(GET);
    const early = toBytes(OK.slice(0, cut));
    assertEquals(coroutine.resume(early).type, "WantsWrite");
    early.fill(0);
    let step = coroutine.resume();
    if (cut < OK.length) {
      assertEquals(step, { type: "WantsRead" });
      step = coroutine.resume(toBytes(OK.slice(cut)));
    }
    assert(step.type === "Ok");
    assertEquals(step.response.text(), "hello");
  }
});

test("Http11Send wants to write although the connection has ended", () => {
  const coroutine = new Http11Send(GET);
  assertEquals(coroutine.resume(endOfFile()).type, "WantsWrite");
  const step = coroutine.resume();
  assertEquals(step.type === "Err" && step.error.code, "NoResponse");
});

test("Http11Send returns a fault of early input only after the write", () => {
  const coroutine = new Http11Send(GET);
  assertEquals(coroutine.resume(toBytes("ICY")).type, "WantsWrite");
  const step = coroutine.resume();
  assertEquals(step.type === "Err" && step.error.code, "InvalidStatusLine");
});

test("Http11Send takes an empty array for nothing before and after the write", () => {
  const coroutine = new Http11Send(GET);
  const empty = sendOk(OK).remaining;
  assertEquals(coroutine.resume(empty).type, "WantsWrite");
  assertEquals(coroutine.resume(empty), { type: "WantsRead" });
  const step = coroutine.resume(toBytes(OK));
  assertEquals(step.type === "Ok" && step.closeReason, null);
});

const BIG = "x".repeat(16_385);
const CHUNKED = { "Transfer-Encoding": "chunked" };

/**
 * Passes inputs one by one: bytes, end of file, or undefined for a bare call.
 * Returns what each step is: its type, or what it wants to write.
 */
function play(
  coroutine: Http11Send,
  inputs: readonly (string | null | undefined)[],
): string[] {
  return inputs.map((input) => {
    const step = coroutine.resume(
      typeof input === "string" ? toBytes(input) : input,
    );
    if (step.type === "WantsWrite") return toText(step.bytes);
    if (step.type === "Err") return step.error.code;
    return "closeReason" in step
      ? `${step.type} ${step.closeReason}`
      : step.type;
  });
}

const POST_HEAD =
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BIG.length}\r\n\r\n`;
const UPGRADE = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n";
const [FIRST, LATER] = [OK.slice(0, 30), OK.slice(30)];
const FAILED = "HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\n";

for (
  const [name, body, inputs, expected] of [
    ["a response before its write is confirmed", "", [undefined, OK], [
      "Ok RequestIncomplete",
    ]],
    ["a response whose start came before", "", [
      undefined,
      FIRST,
      undefined,
      LATER,
    ], ["WantsRead", "WantsRead", "Ok null"]],
    ["a response whose end came before", "", [undefined, FIRST, LATER], [
      "WantsRead",
      "Ok RequestIncomplete",
    ]],
    ["bytes after an early response", "", [undefined, `${OK}x`], [
      "Ok RequestIncomplete",
    ]],
    ["close before an incomplete request", "", [
      undefined,
      OK.replace("\r\n", "\r\nConnection: close\r\n"),
    ], ["Ok ResponseClose"]],
    ["end of file before the write is confirmed", "", [undefined, null], [
      "NoResponse",
    ]],
    ["a large body", BIG, [undefined, undefined, undefined, OK], [
      BIG,
      "WantsRead",
      "Ok null",
    ]],
    ["an interim response before a large body", BIG, [
      undefined,
      CONTINUE,
      undefined,
      undefined,
      OK,
    ], ["WantsRead", BIG, "WantsRead", "Ok null"]],
    ["a 2xx before a large body", BIG, [
      undefined,
      FIRST,
      undefined,
      undefined,
      LATER,
    ], ["WantsRead", BIG, "WantsRead", "Ok null"]],
    ["a complete 2xx before a large body", BIG, [undefined, OK], [
      "Ok RequestIncomplete",
    ]],
    [
      "a 413 before a large body",
      BIG,
      [undefined, FAILED, undefined, "hello"],
      ["WantsRead", "WantsRead", "Ok RequestIncomplete"],
    ],
    ["a 413 that comes with the write confirmed", BIG, [
      undefined,
      undefined,
      FAILED,
      undefined,
      "hello",
    ], [BIG, "WantsRead", "WantsRead", "Ok null"]],
    ["a redirect before a large body", BIG, [undefined, MOVED], [
      "WantsRedirect RequestIncomplete",
    ]],
    ["a 2xx with close before a large body", BIG, [
      undefined,
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n",
      undefined,
      "hello",
    ], ["WantsRead", "WantsRead", "Ok ResponseClose"]],
    ["an upgrade before a large body", BIG, [
      undefined,
      UPGRADE,
      "frame",
      undefined,
      undefined,
    ], ["WantsRead", "WantsRead", BIG, "Ok Upgraded"]],
    ["an upgrade before the write is confirmed", "", [undefined, UPGRADE], [
      "Ok Upgraded",
    ]],
    ["a fault before a large body", BIG, [undefined, "ICY"], [
      "InvalidStatusLine",
    ]],
  ] as const
) {
  test(`Http11Send returns ${expected.at(-1)!.slice(0, 32)} for ${name}`, () => {
    const headers = { Upgrade: "x" };
    const request = HttpRequest.post("http://a/", { headers, body });
    const [head, ...steps] = play(new Http11Send(request), inputs);
    assertEquals(head!.startsWith("POST / HTTP/1.1\r\n"), true);
    assertEquals(steps, [...expected]);
  });
}

test("Http11Send writes a large body as it is, and a small one with the head", () => {
  for (const length of [16_384, 16_385]) {
    const body = new Uint8Array(length);
    const request = HttpRequest.post("http://a/", { body });
    const coroutine = new Http11Send(request);
    const steps = [coroutine.resume(), coroutine.resume()];
    const [head, second] = steps;
    assert(head?.type === "WantsWrite");
    if (length === 16_384) {
      assertEquals(second?.type, "WantsRead");
      assertEquals(head.bytes, encodeHttp11Request(request));
    } else {
      assert(second?.type === "WantsWrite");
      assertStrictEquals(second.bytes.buffer, body.buffer);
      assertEquals(toText(head.bytes), POST_HEAD);
    }
  }
});

test("Http11Send writes a large chunked body as one chunk, not a copy", () => {
  const init = { headers: CHUNKED, body: BIG };
  const request = HttpRequest.post("http://a/", init);
  const written = play(new Http11Send(request), [
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(written[1], BIG);
  assertEquals(written.join(""), toText(encodeHttp11Request(request)));
});

for (const more of ["x", "HTTP/1.1 200 OK\r\n"]) {
  test(`Http11Send adds what follows WantsRedirect to remaining: ${more}`, () => {
    for (const before of ["", "rest"]) {
      const { coroutine, step } = send(`${MOVED}${before}`);
      assert(step.type === "WantsRedirect");
      const end = coroutine.resume(toBytes(more));
      assert(end.type === "Ok");
      assertEquals(toText(end.remaining), before + more);
      assertEquals([end.keepAlive, end.closeReason], [
        false,
        "UnexpectedBytes",
      ]);
      assertEquals(end.redirect, step.redirect);
    }
  });
}

test("Http11Send returns the redirect in every output", () => {
  const { step } = send(MOVED);
  assert(step.type === "WantsRedirect");
  assertEquals(step.redirect?.url.href, step.url.href);
  assertEquals(step.redirect?.sameOrigin, true);
  assertEquals(sendOk(OK).redirect, null);
});

test("Http11Send ends if memory runs out in the middle of a body", () => {
  const { coroutine } = send(OK.slice(0, -5));
  const piece = toBytes("he");
  assertThrows(() => withoutMemory(() => coroutine.resume(piece)), RangeError);
  assertThrows(() => coroutine.resume(toBytes("llo")), RangeError);
});

test("Http11Send returns plain arrays for a Buffer, and keeps no reference", () => {
  const buffer = Buffer.from(`${OK}rest`);
  const { coroutine } = send("");
  const step = coroutine.resume(buffer);
  buffer.fill(0);
  assert(step.type === "Ok");
  for (
    const [bytes, text] of [[step.response.body, "hello"], [
      step.remaining,
      "rest",
    ]] as const
  ) {
    assertStrictEquals(Object.getPrototypeOf(bytes), Uint8Array.prototype);
    assertEquals(toText(bytes), text);
  }
});

test("Http11Send checks again what it encodes", () => {
  for (
    const changes of [
      { method: "GET / HTTP/1.1\r\nX: y\r\n\r\nGET" },
      {
        url: {
          protocol: "http:",
          host: "a",
          href: "http://a/ HTTP/1.1\r\nX: y",
        },
      },
      { url: { protocol: "http:", host: "a\r\nX: y", href: "http://a/" } },
      { headers: { has: () => false, get: () => null, getAll: () => [] } },
    ]
  ) {
    const request = Object.assign(HttpRequest.get("http://a/"), changes);
    assertThrows(() => new Http11Send(request), TypeError);
  }
});

for (const more of [undefined, endOfFile(), new Uint8Array(0)]) {
  test(`Http11Send returns Ok after WantsRedirect and ${more}`, () => {
    const { coroutine, step } = send(`${CONTINUE}${MOVED}rest`);
    assert(step.type === "WantsRedirect");
    assertEquals(step.url.href, "http://example.com/next#frag");
    assertEquals(step.sameOrigin, true);
    const end = coroutine.resume(more);
    assert(end.type === "Ok");
    assertStrictEquals(end.response, step.response);
    const { type: _, url: _url, sameOrigin: _same, ...output } = step;
    assertEquals(end, { type: "Ok", ...output });
    assertEquals(toText(end.remaining), "rest");
    assertStrictEquals(coroutine.resume(), end);
    assertStrictEquals(coroutine.resume(toBytes(OK)), end);
  });
}

test("Http11Send returns one whole response, and the interim ones before it", () => {
  const step = sendOk(
    "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + CONTINUE +
      "HTTP/1.1 200 F\xefne\r\nTransfer-Encoding: chunked\r\nA: 1\r\n\r\n" +
      "2\r\nhi\r\n0\r\nB: 2\r\n\r\nrest",
  );
  const { response, interim } = step;
  assertEquals(interim.map(({ status }) => status), [103, 100]);
  assertEquals(interim[0]?.header("link"), "a");
  assertEquals([response.status, response.reason], [200, "F\xefne"]);
  assertEquals(response.text(), "hi");
  assertEquals([...response.trailers], [["B", "2"]]);
  assertEquals(response.header("b"), null);
  assertEquals(toText(step.remaining), "rest");
  assertEquals([step.upgraded, step.closeReason], [false, "UnexpectedBytes"]);
});

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
  const upgrade = new Http11Send(request);
  const redirect = new Http11Send(request);
  request.headers.delete("Upgrade");
  request.header("Connection", "close");
  request.url.href = "https://elsewhere.example/";

  upgrade.resume();
  upgrade.resume();
  const wire = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nrest";
  const step = upgrade.resume(toBytes(wire));
  assert(step.type === "Ok");
  assertEquals([step.upgraded, toText(step.remaining)], [true, "rest"]);

  redirect.resume();
  redirect.resume();
  const moved = redirect.resume(toBytes(MOVED.replace("/next", "c")));
  assert(moved.type === "WantsRedirect");
  assertEquals(moved.url.href, "http://example.com/a/c#frag");
  assertEquals([moved.sameOrigin, moved.closeReason], [true, null]);
});

test("Http11Send returns arrays that are the caller's to take away", () => {
  const request = HttpRequest.post("http://example.com/", { body: "hi" });
  const coroutine = new Http11Send(request);
  const write = coroutine.resume();
  assert(write.type === "WantsWrite");
  transfer(write.bytes);
  const moved = coroutine.resume(toBytes(`${CONTINUE}${MOVED}rest`));
  assert(moved.type === "WantsRedirect");
  for (
    const array of [
      moved.remaining,
      moved.response.body,
      moved.interim[0]!.body,
    ]
  ) {
    transfer(array);
  }
  const end = coroutine.resume();
  assertEquals(end.type, "Ok");
  assertStrictEquals(coroutine.resume(), end);
  assertEquals(request.body, toBytes("hi"));
  assertEquals(sendOk(OK).response.text(), "hello");
});

test("Http11Send returns empty arrays that no other exchange can spoil", () => {
  const empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const request = HttpRequest.put("http://example.com/");
  const first = sendOk(empty);
  const { body } = request;
  transfer(first.response.body);
  const second = sendOk(empty);
  // Nobody can read, copy or transfer what was transferred already.
  assertEquals(second.response.toResponse().status, 200);
  assertEquals([...second.remaining, ...body], []);
  transfer(second.response.body);
  assertEquals(encodeHttp11Request(request).length > 0, true);
});

test("Http11Send shares nothing between two exchanges", () => {
  const empty = "HTTP/1.1 204 No Content\r\n\r\n";
  const [first, second] = [sendOk(empty), sendOk(empty)];
  for (
    const [a, b] of [
      [first.response.body, second.response.body],
      [first.response.body, first.remaining],
    ] as const
  ) {
    assertNotStrictEquals(a.buffer, b.buffer);
  }
  first.interim.push(first.response);
  first.response.headers.append("A", "1");
  first.response.trailers.append("A", "1");
  assertEquals(second.interim.length, 0);
  assertEquals(second.response.headers.size, 0);
  assertEquals(second.response.trailers.size, 0);
});

test("Http11Send returns a body of its own, in exactly its length", () => {
  for (
    const wire of [
      OK,
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    ]
  ) {
    const { coroutine } = send("");
    const array = toBytes(wire);
    const step = coroutine.resume(array);
    array.fill(0);
    assert(step.type === "Ok");
    assertEquals(toText(step.response.body), "hello");
    assertEquals(step.response.body.buffer.byteLength, 5);
  }
});

test("Http11Send rejects what cannot be written before any step", () => {
  const bad = HttpRequest.get("http://example.com/")
    .header("Host", "a").header("Host", "b");
  assertThrows(() => new Http11Send(bad), TypeError, "Host");
  const asterisk = { target: "asterisk" } as const;
  assertThrows(() => new Http11Send(GET, asterisk), TypeError, '"GET"');
});

test("Http11Send rejects a body above the limit when it is announced", () => {
  const limits = { maxBodyBytes: 4 };
  const head = OK.slice(0, -5);
  const { coroutine, step } = send(head, GET, limits);
  assertEquals(step.type === "Err" && step.error.code, "BodyTooLarge");
  assertStrictEquals(coroutine.resume(), step);
  // A body that is not read is not held.
  const request = HttpRequest.head("http://example.com/");
  assertEquals(send(head, request, limits).step.type, "Ok");
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
    "HTTP/1.1 401 Unauthorized\r\nSet-Cookie: s3cret\r\n" +
    "Transfer-Encoding: chunked\r\n\r\n0\r\nAuthentication-Info: s3cret\r\n\r\n";
  const request = HttpRequest.get("http://u:s3cret@example.com/");
  const { coroutine, step } = send(wire, request);
  assert(step.type === "Ok");
  assertEquals(step.response.trailers.get("authentication-info"), "s3cret");
  const shown = [step, coroutine, request].flatMap((value) => [
    Deno.inspect(value, { depth: 9, showHidden: true }),
    JSON.stringify(value),
  ]);
  assertEquals(shown.filter((text) => text.includes("s3cret")), []);
});
