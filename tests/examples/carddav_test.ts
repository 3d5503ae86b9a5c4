// The discovery of `examples/libraries/carddav.ts`. Its example and the interop
// tests run it over `HttpClient.run`: there, the server closes after each response.

import { assertEquals, assertObjectMatch, assertThrows } from "@std/assert";
import { Secret } from "@pimalaya/io-http";
import { findAddressBooks } from "../../examples/libraries/carddav.ts";
import { test } from "../_pure.ts";
import { overMemory, reply } from "./_memory.ts";

const HOST = "http://dav.example";

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

function discover() {
  return findAddressBooks(
    `${HOST}/ignored?x`,
    ({ origin }) => origin === HOST ? new Secret("Basic s3cret") : null,
  );
}

/** Returns each request line that was written, with the credentials. */
function linesOf(written: string): string[] {
  return written.split(/(?=(?:GET|PROPFIND) \/)/).map((text) => {
    const credentials = /^Authorization: (.*)\r$/m.exec(text)?.[1] ?? "none";
    return `${text.split(" HTTP")[0]} ${credentials}`;
  });
}

test("findAddressBooks goes from the root or the well-known URL to the address books", () => {
  const value = [
    { url: new URL(`${HOST}/books/a/`), name: "A <1>" },
    { url: new URL(`${HOST}/books/b/`), name: "" },
  ];
  const starts = { "/dav/": CONTEXT, "/": reply("404 Not Found") };
  for (const [path, first] of Object.entries(starts)) {
    const replies = [first, PRINCIPAL, HOME, BOOKS];
    const { written, step } = overMemory(discover(), ...replies);
    assertEquals(linesOf(written), [
      "GET /.well-known/carddav none",
      `PROPFIND ${path} Basic s3cret`,
      "PROPFIND /me/ Basic s3cret",
      "PROPFIND /books/ Basic s3cret",
    ]);
    assertObjectMatch(step, { type: "Ok", value, keepAlive: true });
  }
});

test("findAddressBooks follows to another origin without the credentials", () => {
  const discovery = discover();
  const url = new URL("http://b.example/me/");
  const { step } = overMemory(discovery, CONTEXT, PRINCIPAL, moved(url.href));
  assertEquals(step, { type: "WantsConnection", url });
  const { written } = overMemory(discovery, HOME, BOOKS);
  const expected = ["PROPFIND /me/ none", "PROPFIND /books/ none"];
  assertEquals(linesOf(written), expected);
});

const FAILURES: Readonly<Record<string, string[]>> = {
  [`${HOST}/dav/: 401 Unauthorized`]: [CONTEXT, reply("401 Unauthorized")],
  "/dav/ has no current-user-principal": [CONTEXT, found(["/dav/", ""])],
  [`${HOST}/: 500 Oops`]: [reply("500 Oops")],
  [`${HOST}: more than 5 redirects`]: Array(7).fill(CONTEXT),
};

for (const [message, replies] of Object.entries(FAILURES)) {
  test(`findAddressBooks throws: ${message}`, () => {
    const run = () => overMemory(discover(), ...replies);
    assertThrows(run, Error, message);
  });
}

test("findAddressBooks returns the failure of an exchange", () => {
  const { step } = overMemory(discover(), CONTEXT);
  assertObjectMatch(step, { type: "Err", error: { code: "NoResponse" } });
});
