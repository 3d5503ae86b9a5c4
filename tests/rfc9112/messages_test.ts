// The messages of faults: enough to find the fault, safe to log, and without
// credentials.

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  Http11Send,
  type HttpError,
  HttpRequest,
  type HttpSendOptions,
} from "../../mod.ts";
import { endOfFile, test } from "../_pure.ts";
import { toBytes } from "../_text.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const SIZED = `${OK}Content-Length: 10\r\n\r\n`;
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const STATUS_LINE = "Cannot read the status line";
const HEAD = "Cannot read the response head:";
const BODY = "Cannot read the response body: the connection ended";

/** The fault of a response that comes in one piece, then ends. */
function faultOf(wire: string, options?: HttpSendOptions): HttpError {
  const send = new Http11Send(HttpRequest.get("http://example.com/"), options);
  send.resume();
  send.resume();
  let step = wire === "" ? send.resume() : send.resume(toBytes(wire));
  if (step.type === "WantsRead") step = send.resume(endOfFile());
  assert(step.type === "Err", step.type);
  return step.error;
}

const CASES: readonly (readonly [wire: string, message: string])[] = [
  // Another protocol.
  [
    "ICY 200 OK\r\n",
    `${STATUS_LINE} "ICY 200 OK\\r\\n": it does not start with HTTP/1. but looks like ICY, which is Shoutcast`,
  ],
  [
    "\x15\x03\x01\x00\x02\x02\x46",
    `${STATUS_LINE} "\\x15\\x03\\x01\\x00\\x02\\x02F": it does not start with HTTP/1. but looks like a TLS alert`,
  ],
  [
    "\x16\x03\x03\x00\x7a",
    `${STATUS_LINE} "\\x16\\x03\\x03\\x00z": it does not start with HTTP/1. but looks like a TLS handshake`,
  ],
  [
    "SSH-2.0-OpenSSH_9.2\r\n",
    `${STATUS_LINE} "SSH-2.0-OpenSSH_9.2\\r\\n": it does not start with HTTP/1. but looks like SSH`,
  ],
  [
    "RTSP/1.0 200 OK\r\n",
    `${STATUS_LINE} "RTSP/1.0 200 OK\\r\\n": it does not start with HTTP/1. but looks like RTSP`,
  ],
  [
    "<!DOCTYPE html>\n<p>",
    `${STATUS_LINE} "<!DOCTYPE html>\\n": it does not start with HTTP/1. but looks like HTML`,
  ],
  [
    `<html>${"x".repeat(60)}`,
    `${STATUS_LINE} "<html>${
      "x".repeat(34)
    }...": it does not start with HTTP/1. but looks like HTML`,
  ],
  [
    "220 mail.example ESMTP\r\n",
    `${STATUS_LINE} "220 mail.example ESMTP\\r\\n": it does not start with HTTP/1.`,
  ],
  // The status line and the fields; of a field's value, only the bad byte.
  [
    "HTTP/2 200\r\nSet-Cookie: s3cr3t",
    `${STATUS_LINE} "HTTP/2 200\\r\\n": it does not start with HTTP/1.`,
  ],
  [
    "HTTP/1.1 20\r\n",
    `${STATUS_LINE} "HTTP/1.1 20": its status code is not 100 to 999`,
  ],
  [
    `HTTP/1.1 200 ${"\x07".repeat(99)}\n`,
    `${STATUS_LINE} "HTTP/1.1 200 ${
      "\\x07".repeat(27)
    }...": it contains a control character`,
  ],
  ["\r\x85", `${STATUS_LINE} "\\r\\x85": it starts with a bare CR`],
  [
    `${OK}Set-Cookie: s3cr3t\x01\r\n\r\n`,
    `${HEAD} the field "Set-Cookie" contains "\\x01"`,
  ],
  [
    `${OK}Cookie: s3cr3t\rX\r\n\r\n`,
    `${HEAD} the field "Cookie" contains "\\r"`,
  ],
  [
    `${OK}Set-Cookie : s3cr3t\r\n\r\n`,
    `${HEAD} the field name "Set-Cookie " is not a token`,
  ],
  [`${OK}: s3cr3t\r\n\r\n`, `${HEAD} the field name "" is not a token`],
  [
    `${OK}no field line\r\n\r\n`,
    `${HEAD} the field line "no field line" has no colon`,
  ],
  // Chunks.
  [
    `${CHUNKED}5 5\r\n`,
    'Cannot read the chunk size: found "5\\r\\n" after its digits',
  ],
  [
    `${CHUNKED}-1\r\n`,
    'Cannot read the chunk size: "-1\\r\\n" is not hexadecimal',
  ],
  [
    `${CHUNKED}${"1".repeat(99)}`,
    "Cannot read the chunk size: it has more than 16 digits or is above 2^53-1",
  ],
  [`${CHUNKED}1\n`, "Cannot read the chunk size: its line ends with a bare LF"],
  [
    `${CHUNKED}1\rx`,
    'Cannot read the chunk: found "x" instead of the LF after its size',
  ],
  [
    `${CHUNKED}1\r\nabc\r\n`,
    'Cannot read the chunk: found "bc\\r\\n" instead of the CRLF after its data',
  ],
  [
    `${CHUNKED}1;\x1b\r\n`,
    'Cannot read the chunk extension: it contains the control character "\\x1b"',
  ],
  [
    `${CHUNKED}0\r\n\x1b${"x".repeat(99)}\r\n`,
    `Cannot read the trailer section: the field line "\\x1b${
      "x".repeat(39)
    }..." has no colon`,
  ],
  // End of file.
  ["", "Cannot read the response: the connection ended before its first byte"],
  ["HTTP/1.1 2", `${HEAD} the connection ended after 10 bytes of it`],
  [`${SIZED}abcdef`, `${BODY} after 6 of 10 bytes`],
  [SIZED, `${BODY} after 0 of 10 bytes`],
  [`${CHUNKED}a\r\nabcdef`, `${BODY} after 6 of 10 bytes of a chunk`],
  [`${CHUNKED}1\r\na\r\n`, `${BODY} before the last chunk`],
  [`${CHUNKED}0\r\nA: 1`, `${BODY} inside the trailer section`],
];

for (const [wire, expected] of CASES) {
  test(`Http11Send says: ${expected}`, () => {
    const { message } = faultOf(wire);
    assertEquals(message, expected);
    assertMatch(message, /^[\x20-\x7e]{1,250}$/);
    assert(!message.includes("s3cr3t"));
  });
}

const LIMITS: readonly (readonly [
  options: HttpSendOptions,
  wire: string,
  expected: string,
])[] = [
  [
    { maxHeadBytes: 20 },
    `${OK}A: 123456`,
    `${HEAD} it has more than 20 bytes (maxHeadBytes)`,
  ],
  [
    { maxHeaderFields: 1 },
    `${OK}A: 1\r\nB: 2\r\n`,
    `${HEAD} it has more than 1 field lines (maxHeaderFields)`,
  ],
  [
    { maxInterimResponses: 0 },
    "HTTP/1.1 100 Continue\r\n\r\n",
    "Cannot read the response: it has more than 0 interim responses before it (maxInterimResponses)",
  ],
  [
    { maxBodyBytes: 9 },
    SIZED,
    "Cannot read the response body: it has more than 9 bytes (maxBodyBytes)",
  ],
  [
    { maxChunkExtensionBytes: 1 },
    `${CHUNKED}1;a=b\r\n`,
    "Cannot read the chunked body: it has more than 1 bytes of extensions (maxChunkExtensionBytes)",
  ],
  [
    { maxTrailerBytes: 3 },
    `${CHUNKED}0\r\nA: 1\r\n`,
    "Cannot read the trailer section: it has more than 3 bytes (maxTrailerBytes)",
  ],
  [
    { maxHeaderFields: 1 },
    `${CHUNKED}0\r\nA: 1\r\nB: 2\r\n`,
    "Cannot read the trailer section: it has more than 1 field lines (maxHeaderFields)",
  ],
];

for (const [options, wire, expected] of LIMITS) {
  test(`Http11Send names the limit and its value: ${expected}`, () => {
    assertEquals(faultOf(wire, options).message, expected);
  });
}

test("A fault after the head carries the response, and no fault before it", () => {
  for (
    const wire of [
      `${SIZED}abc`,
      `${CHUNKED}x`,
      `${OK}Content-Length: x\r\n\r\n`,
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ]
  ) {
    assertEquals(faultOf(wire).response?.headers instanceof Object, true, wire);
  }
  assertEquals(faultOf(SIZED, { maxBodyBytes: 1 }).response?.status, 200);
  for (const wire of ["", "HTTP/1.1 2", `${OK}no field\r\n\r\n`]) {
    assertEquals(faultOf(wire).response, null);
  }
});
