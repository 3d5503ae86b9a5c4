import {
  assertEquals,
  assertMatch,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { inspect } from "node:util";
import { HttpHeaders } from "../../rfc9110/headers.ts";
import { HttpRequest } from "../../rfc9110/request.ts";
import { test } from "../_pure.ts";
import { toBytes } from "../_text.ts";

const URL_TEXT = "http://example.com/a?b#c";

test("HttpRequest keeps method, URL, fields and body as they were given", () => {
  const request = new HttpRequest("m-SEARCH", URL_TEXT, {
    headers: [["B", "1"], ["a", "2"]],
    body: "hi",
  });
  assertEquals(request.method, "m-SEARCH");
  assertEquals(request.url.href, URL_TEXT);
  assertEquals([...request.headers], [["B", "1"], ["a", "2"]]);
  assertEquals(request.body, toBytes("hi"));
});

test("HttpRequest has no fields and no body where none are given", () => {
  for (const init of [undefined, {}]) {
    const request = new HttpRequest("GET", URL_TEXT, init);
    assertEquals([request.headers.size, request.body.length], [0, 0]);
  }
});

test("HttpRequest copies a URL, both ways apart from then on", () => {
  const url = new URL(URL_TEXT);
  const request = HttpRequest.get(url);
  url.pathname = "/other";
  assertEquals(request.url.href, URL_TEXT);
  request.url.pathname = "/third";
  assertEquals(url.pathname, "/other");
});

test("HttpRequest copies HttpHeaders, both ways apart from then on", () => {
  const headers = new HttpHeaders({ A: "1" });
  const request = HttpRequest.get(URL_TEXT, { headers });
  headers.set("A", "2");
  request.header("B", "3");
  assertEquals([...headers], [["A", "2"]]);
  assertEquals([...request.headers], [["A", "1"], ["B", "3"]]);
});

test("HttpRequest encodes a string as UTF-8 and keeps an array as it is", () => {
  const post = (body: string | Uint8Array) =>
    HttpRequest.post(URL_TEXT, { body }).body;
  assertEquals(post("\u00e9\u20ac\u{1f600}"), toBytes("é€😀"));
  assertEquals(post("\ud83d"), toBytes("\u00ef\u00bf\u00bd"));
  const array = toBytes("xx").subarray(1);
  assertStrictEquals(post(array), array);

  function toBytes(text: string): Uint8Array {
    return text === "é€😀"
      ? Uint8Array.of(0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80)
      : Uint8Array.from(text, (char) => char.charCodeAt(0));
  }
});

test("HttpRequest gives each request a body of its own, be it empty", () => {
  const [first, second] = [
    HttpRequest.get(URL_TEXT),
    HttpRequest.get(URL_TEXT),
  ];
  assertNotStrictEquals(first.body.buffer, second.body.buffer);
});

for (
  const [name, make] of [
    ["get", HttpRequest.get],
    ["head", HttpRequest.head],
    ["post", HttpRequest.post],
    ["put", HttpRequest.put],
    ["patch", HttpRequest.patch],
    ["delete", HttpRequest.delete],
    ["options", HttpRequest.options],
  ] as const
) {
  test(`HttpRequest.${name} returns a request of that method`, () => {
    const request = make(new URL(URL_TEXT), { headers: { A: "1" }, body: "b" });
    assertEquals(request.method, name.toUpperCase());
    assertEquals(request.url.href, URL_TEXT);
    assertEquals([...request.headers], [["A", "1"]]);
    assertEquals(request.body.length, 1);
    assertEquals(make(URL_TEXT).headers.size, 0);
    assertThrows(() => make("/relative"), TypeError);
  });
}

for (
  const method of ["", "GE T", "GET\r\n", "G(T", "G\u00c9T", "GET\0", "a/b"]
) {
  test(`HttpRequest rejects the method ${JSON.stringify(method)}`, () => {
    const error = assertThrows(
      () => new HttpRequest(method, URL_TEXT),
      TypeError,
      "is not a token",
    );
    assertMatch(error.message, /^[\x20-\x7e]*$/);
  });
}

for (const url of ["", "/a", "example.com", "http://", "http://a b/"]) {
  test(`HttpRequest rejects ${JSON.stringify(url)}, which is no URL`, () => {
    assertThrows(() => HttpRequest.get(url), TypeError);
  });
}

for (
  const url of [
    "ftp://a/",
    "ws://a/",
    "file:///a",
    "data:,a",
    "blob:http://a/b",
  ]
) {
  test(`HttpRequest rejects the scheme of ${url}`, () => {
    assertThrows(() => HttpRequest.get(url), TypeError, "not http or https");
    assertThrows(() => HttpRequest.get(new URL(url)), TypeError);
  });
}

test("HttpRequest rejects a bad field, and does not show its value", () => {
  const headers = { Authorization: "s3cret\n" };
  const error = assertThrows(
    () => HttpRequest.get(URL_TEXT, { headers }),
    TypeError,
    '"Authorization"',
  );
  assertEquals(error.message.includes("s3cret"), false);
});

test("header adds a field and returns the request itself", () => {
  const request = HttpRequest.get(URL_TEXT);
  assertStrictEquals(request.header("A", "1"), request);
  request.header("a", "2").header("B", "3");
  assertEquals([...request.headers], [["A", "1"], ["a", "2"], ["B", "3"]]);
  assertThrows(() => request.header("A:", "1"), TypeError);
  assertThrows(() => request.header("A", "\0"), TypeError);
  assertEquals(request.headers.size, 3);
});

test("fromRequest returns a copy of the platform's request", async () => {
  const request = await HttpRequest.fromRequest(
    new Request(URL_TEXT, {
      method: "PUT",
      headers: { "X-One": "1", "Content-Type": "a/b", "X-Byte": "\xe9" },
      body: toBytes("\0\xff"),
    }),
  );
  assertEquals(request.method, "PUT");
  assertEquals(request.url.href, URL_TEXT);
  assertEquals([...request.headers], [
    ["content-type", "a/b"],
    ["x-byte", "\xe9"],
    ["x-one", "1"],
  ]);
  assertEquals(request.body, toBytes("\0\xff"));
});

test("fromRequest returns no body where the request has none", async () => {
  const request = await HttpRequest.fromRequest(new Request(URL_TEXT));
  assertEquals([request.method, request.body.length], ["GET", 0]);
});

test("fromRequest rejects a body that was used, and another scheme", async () => {
  const used = new Request(URL_TEXT, { method: "POST", body: "a" });
  await used.text();
  await assertRejects(() => HttpRequest.fromRequest(used), TypeError);
  const data = new Request("data:,a");
  await assertRejects(() => HttpRequest.fromRequest(data), TypeError);
});

const SECRET = HttpRequest.post("https://us3r:s3cret@example.com:8/a?b#c", {
  headers: { Authorization: "Basic s3cret", Cookie: "s3cret", "X-A": "1" },
  body: "s3cret!",
});
const SHOWN = {
  method: "POST",
  url: "https://[redacted]@example.com:8/a?b#c",
  headers: [
    ["Authorization", "[redacted]"],
    ["Cookie", "[redacted]"],
    ["X-A", "1"],
  ],
  bodyLength: 7,
};

test("Inspecting and serialising a request show no credentials, no body", () => {
  assertEquals(JSON.stringify(SECRET), JSON.stringify(SHOWN));
  assertEquals(SECRET.toJSON(), SHOWN);
  for (
    const text of [
      Deno.inspect(SECRET),
      Deno.inspect([SECRET], { depth: 9, showHidden: true }),
      inspect(SECRET, { depth: 9, showHidden: true }),
      JSON.stringify([SECRET]),
      String(SECRET),
    ]
  ) {
    assertEquals(/s3cret|us3r/.test(text), false, text);
  }
});

test("Inspecting a request shows its class and what JSON does", () => {
  assertEquals(Deno.inspect(SECRET), `HttpRequest ${Deno.inspect(SHOWN)}`);
  assertEquals(inspect(SECRET), `HttpRequest ${inspect(SHOWN)}`);
});

test("Showing a request changes nothing of it", () => {
  Deno.inspect(SECRET);
  JSON.stringify(SECRET);
  assertEquals([SECRET.url.username, SECRET.url.password], ["us3r", "s3cret"]);
  assertEquals(SECRET.headers.get("cookie"), "s3cret");
});

for (
  const [url, shown] of [
    ["http://example.com/a@b:c", "http://example.com/a@b:c"],
    ["http://u@example.com/", "http://[redacted]@example.com/"],
    ["http://:p@example.com/", "http://[redacted]@example.com/"],
    ["http://u%40:p%2F@[::1]:8/", "http://[redacted]@[::1]:8/"],
  ] as const
) {
  test(`Showing a request returns ${shown} for ${url}`, () => {
    assertEquals(HttpRequest.get(url).toJSON().url, shown);
  });
}

test("HttpRequest rejects a body of another type than it takes", () => {
  for (const body of [new Uint16Array(3), [1, 2], 5, null]) {
    assertThrows(
      () => HttpRequest.post(URL_TEXT, { body: body as never }),
      TypeError,
      "Invalid body",
    );
  }
});

test("HttpRequest takes options that are undefined as not given", () => {
  const init = { headers: undefined, body: undefined };
  const request = HttpRequest.post(URL_TEXT, init);
  assertEquals([request.headers.size, request.body.length], [0, 0]);
});
