// What errors tell of what came: enough to find the fault, and no credential.

import { assert, assertEquals } from "@std/assert";
import { Http11Receive, HttpHeaders } from "../../mod.ts";
import { endOfFile, test } from "../_pure.ts";

/** The message of the fault in a response, fed in pieces of that length. */
function messageOf(wire: string, length: number): string {
  const bytes = new TextEncoder().encode(wire);
  const request = { method: "GET", headers: new HttpHeaders() };
  const receive = new Http11Receive(request);
  let at = 0;
  let step = receive.resume();
  while (step.type !== "Err") {
    assert(step.type !== "Ok", wire);
    if (step.type !== "WantsRead") {
      step = receive.resume();
    } else {
      const piece = bytes.subarray(at, at + length);
      step = receive.resume(piece.length > 0 ? piece : endOfFile());
      at += length;
    }
  }
  return step.error.message;
}

const OK = "HTTP/1.1 200 OK\r\n";

for (
  const [wire, message] of [
    [
      `${OK}Set-Cookie: sid=s3cr3t\x01\r\n\r\n`,
      'Cannot read the field line "Set-Cookie" of the response head: "\\x01" is not allowed there',
    ],
    [
      `${OK}Authentication-Info : nextnonce=s3cr3t\r\n\r\n`,
      'Cannot read the field line "Authentication-Info" of the response head: " " is not allowed there',
    ],
    [
      `${OK}Cookie: s3cr3t\rX\r\n\r\n`,
      'Cannot read the field line "Cookie" of the response head: "\\r" is not allowed there',
    ],
    [
      "HTTP/2 200\r\nSet-Cookie: sid=s3cr3t\r\n\r\n",
      'Cannot read the status line "HTTP/2": it does not start with HTTP/1.',
    ],
    [
      `${OK}Transfer-Encoding: chunked\r\n\r\n5 5\r\n`,
      'Cannot read the chunk size: there is "5" after it',
    ],
  ] as const
) {
  test(`an error tells no credential, however it came: ${JSON.stringify(message)}`, () => {
    for (const length of [1, 2, 7, wire.length]) {
      assertEquals(messageOf(wire, length), message);
    }
  });
}
