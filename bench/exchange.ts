// How much a whole exchange costs beside the parsing that it cannot do without.

import { assertEquals } from "@std/assert";
import {
  encodeHttp11Request,
  Http11Send,
  HttpRequest,
} from "@pimalaya/io-http";
import { printGroup } from "./_group.ts";
import { type Contender, measure, ratioOf, spreadOf } from "./_measure.ts";
import { llhttpHeadParser } from "./_peers_parse.ts";
import { SMALL_RESPONSE } from "./_responses.ts";
import { perSecond, ratioRows, type Row } from "./_table.ts";

const TITLE = "exchange: Http11Send in memory, from making the request to " +
  "every field and the text read out; llhttp parses the same response and reads " +
  "its fields out, and does no more; a second";

const BODY_BYTES = 11;
const REQUEST_URL = "http://example.com/items/1?page=2";

/** Keeps the last array, so that it is really made. */
const kept: Uint8Array[] = [];

if (import.meta.main) await printGroup(TITLE, measureExchange);

async function measureExchange(): Promise<Row[]> {
  const bytes = new TextEncoder().encode(SMALL_RESPONSE);
  const llhttp = llhttpHeadParser();
  const url = new URL(REQUEST_URL);
  assertEquals(exchange(REQUEST_URL, bytes), llhttp.read(bytes));
  const requestLength = encodeHttp11Request(HttpRequest.get(url)).length;
  const parser: Contender = {
    name: "llhttp WASM",
    run(times) {
      for (let i = 0; i < times; i++) llhttp.read(bytes);
    },
  };
  const [ours, oursWithUrl, theirs] = await measure([
    {
      name: "io-http",
      run(times) {
        for (let i = 0; i < times; i++) exchange(REQUEST_URL, bytes);
      },
    },
    {
      name: "io-http",
      run(times) {
        for (let i = 0; i < times; i++) exchange(url, bytes);
      },
    },
    parser,
  ]);
  // By itself: its garbage would slow the others down.
  const [arrays, parsing] = await measure([
    {
      name: "an array",
      run(times) {
        for (let i = 0; i < times; i++) kept[0] = new Uint8Array(requestLength);
      },
    },
    parser,
  ]);
  const what = `5 fields and 11 bytes of body, ${bytes.length} bytes`;
  return [
    ...ratioRows(what, ours!, [[theirs!, { atLeast: 0.6 }]], perSecond),
    ...ratioRows(
      "the same, for a URL object",
      oursWithUrl!,
      [[theirs!, null]],
      perSecond,
    ),
    {
      what: "the array of its bytes alone, as a share",
      ours: perSecond(spreadOf(arrays!.speeds).median),
      peer: parsing!.name,
      theirs: perSecond(spreadOf(parsing!.speeds).median),
      value: ratioOf(parsing!, arrays!),
      unit: "of its time",
      target: null,
    },
  ];
}

/** Sends one request, and returns the reason, names, and values of the response. */
function exchange(url: string | URL, reply: Uint8Array): string[] {
  const send = new Http11Send(HttpRequest.get(url));
  let step = send.resume();
  while (step.type === "WantsWrite" || step.type === "WantsRead") {
    step = step.type === "WantsWrite" ? send.resume() : send.resume(reply);
  }
  if (step.type !== "Ok" || step.response.text().length !== BODY_BYTES) {
    throw new Error(`Expected the whole response, got ${step.type}`);
  }
  const strings = [step.response.reason];
  for (const [name, value] of step.response.headers) strings.push(name, value);
  return strings;
}
