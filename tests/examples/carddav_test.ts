// The discovery of `examples/libraries/carddav.ts`, over bytes in memory. Its
// example and the interop tests run it over `HttpClient.run`: there, the server
// closes after each response.

import { assertEquals, assertThrows } from "@std/assert";
import { Secret } from "@pimalaya/io-http";
import { findAddressBooks } from "../../examples/libraries/carddav.ts";
import { test } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";

const HOST = "http://dav.example";

function reply(status: string, body = "", fields = ""): string {
  return `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function moved(location: string): string {
  return reply("307 Moved", "", `Location: ${location}\r\n`);
}

function found(...resources: [href: string, prop: string][]): string {
  const responses = resources.map(([href, prop]) =>
    `<D:response><D:href>${href}</D:href><D:propstat><D:prop>${prop}</D:prop></D:propstat></D:response>`
  );
  const body = `<D:multistatus>${responses.join("")}</D:multistatus>`;
  return reply("207 Multi-Status", body);
}

const CONTEXT = moved("/dav/");
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
const ALL = [CONTEXT, PRINCIPAL, HOME, BOOKS];

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
    if (step.type === "WantsRead") {
      const text = left.shift();
      step = discovery.resume(text === undefined ? null : toBytes(text));
      continue;
    }
    if (step.type === "WantsWrite") {
      const text = toText(step.bytes);
      const credentials = /^Authorization: (.*)\r$/m.exec(text)?.[1] ?? "none";
      sent.push(`${origin} ${text.split(" HTTP")[0]} ${credentials}`);
    } else {
      ({ origin } = step.url);
      sent.push(`connect ${origin}`);
    }
    step = discovery.resume();
  }
  if (step.type === "Err") throw step.error;
  assertEquals(left, []);
  const books = step.value.map(({ url, name }) => `${url} ${name}`);
  return { sent, books, keepAlive: step.keepAlive };
}

function line(method: string, path: string, credentials = "Basic s3cret") {
  return `${HOST} ${method} ${path} ${credentials}`;
}

const WELL_KNOWN = line("GET", "/.well-known/carddav", "none");
const TO_BOOKS = [line("PROPFIND", "/me/"), line("PROPFIND", "/books/")];

test("findAddressBooks goes from the well-known URL to the address books", () => {
  const { sent, books, keepAlive } = discover(ALL);
  assertEquals(sent, [WELL_KNOWN, line("PROPFIND", "/dav/"), ...TO_BOOKS]);
  assertEquals(books, [`${HOST}/books/a/ A <1>`, `${HOST}/books/b/ `]);
  assertEquals(keepAlive, true);
});

test("findAddressBooks tries the root without a well-known redirect", () => {
  const { sent } = discover([reply("404 Not Found"), ...ALL.slice(1)]);
  assertEquals(sent, [WELL_KNOWN, line("PROPFIND", "/"), ...TO_BOOKS]);
});

test("findAddressBooks follows to another origin without the credentials", () => {
  const { sent, books } = discover(
    ALL.toSpliced(2, 0, moved("http://b.example/me/")),
  );
  assertEquals(sent.slice(2), [
    line("PROPFIND", "/me/"),
    "connect http://b.example",
    "http://b.example PROPFIND /me/ none",
    "http://b.example PROPFIND /books/ none",
  ]);
  assertEquals(books[0], "http://b.example/books/a/ A <1>");
});

const FAILURES: Readonly<Record<string, string[]>> = {
  [`${HOST}/dav/: 401 Unauthorized`]: [CONTEXT, reply("401 Unauthorized")],
  "/dav/ has no current-user-principal": [CONTEXT, found(["/dav/", ""])],
  [`${HOST}/: 500 Oops`]: [reply("500 Oops")],
  [`${HOST}: more than 5 redirects`]: Array(7).fill(CONTEXT),
  "Cannot read the response: the connection ended before its first byte": [
    CONTEXT,
  ],
};

for (const [message, replies] of Object.entries(FAILURES)) {
  test(`findAddressBooks throws: ${message}`, () => {
    const error = assertThrows(() => discover(replies), Error);
    assertEquals(error.message, message);
  });
}
