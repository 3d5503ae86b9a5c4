// The discovery of `examples/libraries/carddav.ts`, over bytes in memory. Its
// example and the interop tests run it over `HttpClient.run`.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Secret } from "@pimalaya/io-http";
import { findAddressBooks } from "../../examples/libraries/carddav.ts";
import { test } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";

const HOST = "http://dav.example";

function reply(status: string, body = "", fields = ""): string {
  return `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function found(...resources: [href: string, prop: string][]): string {
  const responses = resources.map(([href, prop]) =>
    `<D:response><D:href>${href}</D:href><D:propstat><D:prop>${prop}</D:prop></D:propstat></D:response>`
  );
  return reply(
    "207 Multi-Status",
    `<D:multistatus>${responses.join("")}</D:multistatus>`,
  );
}

const CONTEXT = reply("301 Moved", "", "Location: /dav/\r\n");
const PRINCIPAL = found([
  "/dav/",
  "<D:current-user-principal><D:href>/me/</D:href></D:current-user-principal>",
]);
const HOME = found([
  "/me/",
  "<CR:addressbook-home-set>\n  <D:href>/books/</D:href></CR:addressbook-home-set>",
]);
const BOOKS = found(
  ["/books/", "<D:resourcetype><D:collection/></D:resourcetype>"],
  [
    "/books/a/",
    "<D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype><D:displayname>A &lt;1&gt;</D:displayname>",
  ],
  [
    "/books/b/",
    "<D:resourcetype><CR:addressbook xmlns:CR='x'/></D:resourcetype><D:displayname/>",
  ],
  ["/books/notes/", "<D:resourcetype/>"],
);
const FOUND = [`${HOST}/books/a/ A <1>`, `${HOST}/books/b/ `];

/**
 * Runs the discovery over replies in memory. Returns the request lines with the
 * origin and the credentials that they were sent with, and the address books.
 */
function discover(replies: readonly string[]) {
  const discovery = findAddressBooks(
    `${HOST}/ignored?x`,
    ({ origin }) => origin === HOST ? new Secret("Basic s3cret") : null,
  );
  const left = [...replies];
  const sent: string[] = [];
  let origin = HOST;
  let step = discovery.resume();
  while (step.type !== "Ok" && step.type !== "Err") {
    if (step.type === "WantsWrite") {
      const text = toText(step.bytes);
      const credentials = /^Authorization: (.*)\r$/m.exec(text)?.[1] ?? "none";
      sent.push(`${origin} ${text.split(" HTTP")[0]} ${credentials}`);
      step = discovery.resume();
    } else if (step.type === "WantsConnection") {
      ({ origin } = step.url);
      sent.push(`connect ${origin}`);
      step = discovery.resume();
    } else {
      const text = left.shift();
      step = discovery.resume(text === undefined ? null : toBytes(text));
    }
  }
  if (step.type === "Err") throw step.error;
  assertEquals(left, []);
  const books = step.value.map(({ url, name }) => `${url} ${name}`);
  return { sent, books, keepAlive: step.keepAlive };
}

test("findAddressBooks goes from the well-known URL to the address books", () => {
  const { sent, books, keepAlive } = discover([
    CONTEXT,
    PRINCIPAL,
    HOME,
    BOOKS,
  ]);
  assertEquals(books, FOUND);
  assertEquals(keepAlive, true);
  assertEquals(sent, [
    `${HOST} GET /.well-known/carddav none`,
    `${HOST} PROPFIND /dav/ Basic s3cret`,
    `${HOST} PROPFIND /me/ Basic s3cret`,
    `${HOST} PROPFIND /books/ Basic s3cret`,
  ]);
});

test("findAddressBooks tries the root without a well-known redirect", () => {
  const { sent, books } = discover([
    reply("404 Not Found"),
    PRINCIPAL,
    HOME,
    BOOKS,
  ]);
  assertEquals(books, FOUND);
  assertEquals(sent[1], `${HOST} PROPFIND / Basic s3cret`);
});

test("findAddressBooks wants a connection when the server closes", () => {
  const closing = [CONTEXT, PRINCIPAL, HOME, BOOKS].map((text) =>
    text.replace("\r\n", "\r\nConnection: close\r\n")
  );
  const { sent, books, keepAlive } = discover(closing);
  assertEquals([books, keepAlive], [FOUND, false]);
  assertEquals(
    sent.filter((line) => line === `connect ${HOST}`).length,
    3,
  );
});

test("findAddressBooks follows to another origin without the credentials", () => {
  const moved = reply("307 Moved", "", "Location: http://b.example/me/\r\n");
  const { sent, books } = discover([CONTEXT, PRINCIPAL, moved, HOME, BOOKS]);
  assertEquals(sent.slice(2), [
    `${HOST} PROPFIND /me/ Basic s3cret`,
    "connect http://b.example",
    "http://b.example PROPFIND /me/ none",
    "http://b.example PROPFIND /books/ none",
  ]);
  assertEquals(books[0], "http://b.example/books/a/ A <1>");
});

for (
  const [replies, message] of [
    [[CONTEXT, reply("401 Unauthorized")], `${HOST}/dav/: 401 Unauthorized`],
    [[CONTEXT, found(["/dav/", ""])], "/dav/ has no current-user-principal"],
    [[reply("500 Oops")], `${HOST}/: 500 Oops`],
    [
      [
        CONTEXT,
        ...Array(6).fill(reply("307 Moved", "", "Location: /dav/\r\n")),
      ],
      `${HOST}: more than 5 redirects`,
    ],
    [
      [CONTEXT],
      "Cannot read the response: the connection ended before its first byte",
    ],
  ] as const
) {
  test(`findAddressBooks throws: ${message}`, () => {
    const error = assertThrows(() => discover(replies), Error);
    assert(error.message === message, error.message);
  });
}
