// Event streams and what they give: WHATWG HTML §9.2.5 and §9.2.6.

import { byte, type Seen } from "./_streams.ts";

/** A stream, the steps before its `Ok`, and the ID that remains. */
export interface Case {
  readonly name: string;
  readonly stream: string;
  readonly seen: readonly Seen[];
  readonly lastEventId?: string;
  readonly incomplete?: boolean;
}

const BOM = "\ufeff";
const FFFD = "\ufffd";

/** Streams that end with end of file. */
export const CASES: readonly Case[] = [
  // Lines
  {
    name: "returns an event for lines that end with LF",
    stream: "event: a\ndata: 1\n\n",
    seen: [["a", "1", ""]],
  },
  {
    name: "returns an event for lines that end with CR",
    stream: "event: a\rdata: 1\r\r",
    seen: [["a", "1", ""]],
  },
  {
    name: "returns an event for lines that end with CRLF",
    stream: "event: a\r\ndata: 1\r\n\r\n",
    seen: [["a", "1", ""]],
  },
  {
    name: "takes CR, LF, CRLF and LF CR apart",
    stream: "data: 1\n\rdata: 2\r\n\ndata: 3\r\r\ndata: 4\r\n\rdata: 5\n\n",
    seen: [
      ["message", "1", ""],
      ["message", "2", ""],
      ["message", "3", ""],
      ["message", "4", ""],
      ["message", "5", ""],
    ],
  },
  {
    name: "ends no line at VT, FF, NEL, U+2028 or NUL",
    stream: "data: a\vb\fc\u0085d\u2028e\0f\n\n",
    seen: [["message", "a\vb\fc\u0085d\u2028e\0f", ""]],
  },
  {
    name: "returns nothing for empty lines alone",
    stream: "\n\n\r\n\r\r\n",
    seen: [],
  },
  {
    name: "returns nothing for an empty stream",
    stream: "",
    seen: [],
  },
  // Data
  {
    name: "joins data fields with LF",
    stream: "data: a\ndata\ndata: b\r\ndata:\n\n",
    seen: [["message", "a\n\nb\n", ""]],
  },
  {
    name: "removes one leading space of a value",
    stream: "data:a\ndata: b\ndata:  c \ndata: \ndata:\td\n\n",
    seen: [["message", "a\nb\n c \n\n\td", ""]],
  },
  {
    name: "keeps colons in a value",
    stream: "data::\ndata: : a: b\n\n",
    seen: [["message", ":\n: a: b", ""]],
  },
  {
    name: "returns an event whose one data field is empty",
    stream: "data\n\ndata:\n\ndata: \n\n",
    seen: [["message", "", ""], ["message", "", ""], ["message", "", ""]],
  },
  {
    name: "returns no event without a data field",
    stream: "event: a\n\nid: 1\n\n",
    seen: [],
    lastEventId: "1",
  },
  // Names
  {
    name: "forgets the name of an event that had no data",
    stream: "event: a\n\ndata: 1\n\n",
    seen: [["message", "1", ""]],
  },
  {
    name: "takes the last name of an event, an empty one for none",
    stream: "event: a\nevent: b\ndata\n\nevent: a\nevent\ndata\n\n",
    seen: [["b", "", ""], ["message", "", ""]],
  },
  {
    name: "ignores unknown fields, and known ones in another case or spelling",
    stream: "dat: 1\ndatas: 2\nData: 3\n data: 4\ndata : 5\nd\nx\neventx: 6\n" +
      "evenn: 7\nids: 8\ni\nretryy: 9\nretr: 10\n\ndata\n\n",
    seen: [["message", "", ""]],
  },
  {
    name: "ignores comments",
    stream: ":\n: data: 1\n::\ndata: 2\n:data: 3\r\n:\rdata: 4\n\n:",
    seen: [["message", "2\n4", ""]],
  },
  // IDs
  {
    name: "keeps the ID for the events that follow",
    stream: "id: 1\ndata\n\ndata\n\nid: 2\n\ndata\n\n",
    seen: [["message", "", "1"], ["message", "", "1"], ["message", "", "2"]],
    lastEventId: "2",
  },
  {
    name: "resets the ID where it is empty",
    stream: "id: 1\ndata\n\nid\ndata\n\nid: 2\ndata\n\nid: \ndata\n\n",
    seen: [
      ["message", "", "1"],
      ["message", "", ""],
      ["message", "", "2"],
      ["message", "", ""],
    ],
  },
  {
    name: "ignores an ID with a NUL",
    stream: "id: 1\nid: 2\0\ndata\n\nid:\0\ndata\n\n",
    seen: [["message", "", "1"], ["message", "", "1"]],
    lastEventId: "1",
  },
  {
    name: "drops the ID of an event that was cut off",
    stream: "id: 1\ndata\n\nid: 2\ndata: 3\n",
    seen: [["message", "", "1"]],
    lastEventId: "1",
    incomplete: true,
  },
  {
    name: "keeps an ID that is set at the end without data",
    stream: "data: 1\n\nid: 9\n\n",
    seen: [["message", "1", ""]],
    lastEventId: "9",
  },
  // Retry
  {
    name: "returns each retry of digits, before its event",
    stream: "data: 1\nretry: 100\nretry:007\n\nretry: 0\n",
    seen: [{ retry: 100 }, { retry: 7 }, ["message", "1", ""], { retry: 0 }],
  },
  {
    name: "ignores a retry that is not digits alone",
    stream: "retry\nretry:\nretry: -1\nretry: +1\nretry: 1.5\nretry: 1e3\n" +
      "retry: 1 \nretry:  1\nretry: 0x1\nretry: \u0661\nretry: 1:\nretry: a\n",
    seen: [],
  },
  {
    name: "returns 2^53-1 for a retry above it",
    stream: "retry: 9007199254740990\nretry: 9007199254740991\n" +
      `retry: 9007199254740992\nretry: ${"9".repeat(400)}\n`,
    seen: [
      { retry: Number.MAX_SAFE_INTEGER - 1 },
      { retry: Number.MAX_SAFE_INTEGER },
      { retry: Number.MAX_SAFE_INTEGER },
      { retry: Number.MAX_SAFE_INTEGER },
    ],
  },
  {
    name: "ignores a retry whose line was cut off",
    stream: "retry: 1\nretry: 2",
    seen: [{ retry: 1 }],
    incomplete: true,
  },
  // UTF-8
  {
    name: "drops one leading BOM",
    stream: `${BOM}data: 1\n\n${BOM}data: 2\n\ndata: ${BOM}3\n\n`,
    seen: [["message", "1", ""], ["message", `${BOM}3`, ""]],
  },
  {
    name: "keeps a second BOM, which makes the field unknown",
    stream: `${BOM}${BOM}data: 1\n\ndata: 2\n\n`,
    seen: [["message", "2", ""]],
  },
  {
    name: "returns nothing for a BOM alone",
    stream: BOM,
    seen: [],
  },
  {
    name: "takes what is almost a BOM for a field name",
    stream: `${byte(0xef)}${byte(0xbb)}data: 1\n\ndata: 2\n\n`,
    seen: [["message", "2", ""]],
  },
  {
    name: "decodes characters of two to four bytes",
    stream: "event: \u00e9\ndata: \u65e5\u672c \u{1f600}\nid: \u00fc\n\n",
    seen: [["\u00e9", "\u65e5\u672c \u{1f600}", "\u00fc"]],
    lastEventId: "\u00fc",
  },
  {
    name: "replaces invalid bytes",
    stream: `data: a${byte(0xff)}b${byte(0x80)}\ndata: c${byte(0xc0)}` +
      `${byte(0xaf)}\nid: ${byte(0xfe)}\n\n`,
    seen: [[
      "message",
      `a${FFFD}b${FFFD}\nc${FFFD}${FFFD}`,
      FFFD,
    ]],
    lastEventId: FFFD,
  },
  {
    name: "replaces a character that a line end cuts off",
    stream: `data: ${byte(0xe2)}${byte(0x82)}\ndata: ${byte(0xc3)}\r` +
      `data: ${byte(0xf0)}${byte(0x9f)}${byte(0x98)}\n\n`,
    seen: [["message", `${FFFD}\n${FFFD}\n${FFFD}`, ""]],
  },
  {
    name: "decodes a character that follows many of one byte",
    stream: `data: ${"x".repeat(30)}\ndata: ${"y".repeat(30)}\u00e9\n\n`,
    seen: [[
      "message",
      `${"x".repeat(30)}\n${"y".repeat(30)}\u00e9`,
      "",
    ]],
  },
  // End of file
  {
    name: "drops an event without its empty line",
    stream: "data: 1\n\ndata: 2\n",
    seen: [["message", "1", ""]],
    incomplete: true,
  },
  {
    name: "drops a line without its end",
    stream: "data: 1\n\ndata: 2",
    seen: [["message", "1", ""]],
    incomplete: true,
  },
  {
    name: "reports a name, an ID, or part of a line as incomplete",
    stream: "event: a\nid: 1\n",
    seen: [],
    incomplete: true,
  },
  {
    name: "loses nothing with a retry, the same ID, or part of a comment",
    stream: "id: 1\n\nid: 1\nretry: 2\nx\n: cut o",
    seen: [{ retry: 2 }],
    lastEventId: "1",
  },
];
