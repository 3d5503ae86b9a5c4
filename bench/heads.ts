// How fast a response head is parsed and all of it read out.

import { assertEquals } from "@std/assert";
import { printGroup } from "./_group.ts";
import { type Contender, measure } from "./_measure.ts";
import {
  type HeadParser,
  jsHeadParser,
  llhttpHeadParser,
  ourHeadParser,
  slicingLlhttpHeadParser,
} from "./_peers_parse.ts";
import { LARGE_HEAD, SMALL_HEAD } from "./_responses.ts";
import { perSecond, ratioRows, type Row } from "./_table.ts";

const TITLE = "heads: a response head in memory parsed, and its reason and " +
  "every field's name and value read out as strings; heads a second";

if (import.meta.main) await printGroup(TITLE, measureHeads);

async function measureHeads(): Promise<Row[]> {
  return [
    ...await measureHead("5 fields", SMALL_HEAD),
    ...await measureHead("14 fields", LARGE_HEAD),
    ...await measureHighByte(LARGE_HEAD),
  ];
}

/** Compares a head that has one byte above 0x7F with the same head in ASCII. */
async function measureHighByte(text: string): Promise<Row[]> {
  const bytes = new TextEncoder().encode(text);
  const high = bytes.slice();
  high[high.length >> 1] = 0xe9;
  const [ours, ascii] = await measure([
    makeContender(ourHeadParser(), high),
    { ...makeContender(ourHeadParser(), bytes), name: "the same in ASCII" },
  ]);
  return ratioRows(
    "14 fields, one byte above 0x7F",
    ours!,
    [[ascii!, { atLeast: 0.67 }]],
    perSecond,
  );
}

async function measureHead(what: string, text: string): Promise<Row[]> {
  const bytes = new TextEncoder().encode(text);
  const parsers = [
    ourHeadParser(),
    llhttpHeadParser(),
    slicingLlhttpHeadParser(),
    jsHeadParser(),
  ];
  const expected = stringsOf(text);
  for (const parser of parsers) assertEquals(parser.read(bytes), expected);
  const results = await measure(
    parsers.map((parser) => makeContender(parser, bytes)),
  );
  const [ours, llhttp, slicing, js] = results;
  return ratioRows(
    `${what}, ${bytes.length} bytes`,
    ours!,
    [
      [llhttp!, { atLeast: 1.4 }],
      [slicing!, null],
      [js!, { atLeast: 3 }],
    ],
    perSecond,
  );
}

function makeContender(parser: HeadParser, bytes: Uint8Array): Contender {
  return {
    name: parser.name,
    run(times) {
      let strings = 0;
      for (let i = 0; i < times; i++) strings += parser.read(bytes).length;
      if (strings === 0) throw new Error("Nothing was read");
    },
  };
}

/** The strings to read out of a head. */
function stringsOf(head: string): string[] {
  const [statusLine, ...fields] = head.trimEnd().split("\r\n");
  const pairs = fields.flatMap((field) => {
    const colon = field.indexOf(": ");
    return [field.slice(0, colon), field.slice(colon + 2)];
  });
  return [statusLine!.slice("HTTP/1.1 200 ".length), ...pairs];
}
