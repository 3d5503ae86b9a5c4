// How much memory a connection takes that waits for its next request.

import { printGroup, runScript } from "./_group.ts";
import { type Spread, spreadOf } from "./_measure.ts";
import { startServer } from "./_servers.ts";
import type { Row } from "./_table.ts";

const CHILD = new URL("./_idle_child.ts", import.meta.url);
const CONNECTIONS = 1000;
const ROUNDS = 3;
const KIB = 1024;

if (import.meta.main) {
  await using server = await startServer(0);
  await printGroup(
    `idle: ${CONNECTIONS} TCP connections that have carried a request each, ` +
      `to ${server.name}; growth of the process a connection, after garbage collection`,
    () => measureIdle(`${server.origin}/small`),
  );
}

async function measureIdle(url: string): Promise<Row[]> {
  return [
    ...await measureOrder("one request after the other", "in-turn", url),
    ...await measureOrder("all requests at once", "at-once", url),
  ];
}

async function measureOrder(
  what: string,
  order: string,
  url: string,
): Promise<Row[]> {
  const ours: number[] = [];
  const undici: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await measureGrowth("io-http", order, url));
    undici.push(await measureGrowth("undici", order, url));
  }
  const [ourKib, undiciKib] = [spreadOf(ours), spreadOf(undici)];
  const ratio = spreadOf(ours.map((growth, i) => growth / undici[i]!));
  return [
    makeRow(what, ourKib, null, ourKib, "KiB", 24),
    makeRow(`${what}, ours / peer`, ourKib, undiciKib, ratio, "", 1),
  ];
}

/** Gives the growth in KiB a connection. */
async function measureGrowth(
  name: string,
  order: string,
  url: string,
): Promise<number> {
  const args = [name, order, url, String(CONNECTIONS)];
  return Number(await runScript(CHILD, args)) / KIB;
}

function makeRow(
  what: string,
  ours: Spread,
  undici: Spread | null,
  value: Spread,
  unit: string,
  atMost: number,
): Row {
  return {
    what,
    ours: formatKib(ours),
    peer: undici === null ? "" : "undici",
    theirs: undici === null ? "" : formatKib(undici),
    value,
    unit,
    target: { atMost },
  };
}

function formatKib({ median }: Spread): string {
  return `${median.toFixed(1)} KiB`;
}
