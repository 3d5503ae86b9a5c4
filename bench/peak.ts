// How much memory a body of 100 MB takes while it is held, at its peak, in a
// process that does nothing else.

import { printGroup, runScript } from "./_group.ts";
import { spreadOf } from "./_measure.ts";
import { startCannedServer } from "./_servers.ts";
import type { Row } from "./_table.ts";

const CHILD = new URL("./_peak_child.ts", import.meta.url);
const BODY_BYTES = 100_000_000;
const ROUNDS = 3;

if (import.meta.main) {
  await using server = await startCannedServer();
  const url = `${server.origin}/bytes/${BODY_BYTES}`;
  await printGroup("peak: memory for a body of 100 MB", () => measure(url));
}

async function measure(url: string): Promise<Row[]> {
  const ours: number[] = [];
  const fetch: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(Number(await runScript(CHILD, ["io-http", url])) / BODY_BYTES);
    fetch.push(Number(await runScript(CHILD, ["fetch", url])) / BODY_BYTES);
  }
  const value = spreadOf(ours);
  return [{
    what: "held by send, in bodies",
    ours: value.median.toFixed(2),
    peer: "fetch().arrayBuffer()",
    theirs: spreadOf(fetch).median.toFixed(2),
    value,
    unit: "bodies",
    target: { atMost: 1.5 },
  }];
}
