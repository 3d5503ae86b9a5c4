// How much a whole exchange costs beside the parsing that it cannot do without.

import { assertEquals } from "@std/assert";
import { Http11Send, HttpRequest } from "@pimalaya/io-http";
import { printGroup } from "./_group.ts";
import { measure } from "./_measure.ts";
import { llhttpHeadParser } from "./_peers_parse.ts";
import { SMALL_RESPONSE } from "./_responses.ts";
import { perSecond, ratioRows, type Row } from "./_table.ts";

const TITLE = "exchange: Http11Send in memory, from making the request to " +
  "every field read out; llhttp parses the same response and reads its fields " +
  "out, and does no more; a second";

const REQUEST_URL = "http://example.com/items/1?page=2";

if (import.meta.main) await printGroup(TITLE, measureExchange);

async function measureExchange(): Promise<Row[]> {
  const bytes = new TextEncoder().encode(SMALL_RESPONSE);
  const llhttp = llhttpHeadParser();
  const url = new URL(REQUEST_URL);
  assertEquals(exchange(REQUEST_URL, bytes), llhttp.read(bytes));
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
    {
      name: "llhttp WASM",
      run(times) {
        for (let i = 0; i < times; i++) llhttp.read(bytes);
      },
    },
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
  ];
}

/** Sends one request, and gives the reason, names and values of the answer. */
function exchange(url: string | URL, reply: Uint8Array): string[] {
  const send = new Http11Send(HttpRequest.get(url));
  let step = send.resume();
  while (step.type === "WantsWrite" || step.type === "WantsRead") {
    step = step.type === "WantsWrite" ? send.resume() : send.resume(reply);
  }
  if (step.type !== "Ok" || step.response.body.length !== 11) {
    throw new Error(`Expected the whole response, got ${step.type}`);
  }
  const strings = [step.response.reason];
  for (const [name, value] of step.response.headers) strings.push(name, value);
  return strings;
}
