// How much memory a connection takes that waits for its next request.

import { printGroup, runScript } from "./_group.ts";
import type { IdleGrowth } from "./_idle_child.ts";
import { type Spread, spreadOf } from "./_measure.ts";
import { startServer } from "./_servers.ts";
import type { Ceiling, Row, Target } from "./_table.ts";

const CHILD = new URL("./_idle_child.ts", import.meta.url);
const CONNECTIONS = 1000;
const ROUNDS = 3;
const KIB = 1024;

if (import.meta.main) {
  await using server = await startServer(0);
  await printGroup(
    `idle: ${CONNECTIONS} TCP connections more, after a first ${CONNECTIONS}, ` +
      `that have carried a request each, to ${server.name}; growth of the ` +
      `process a connection, after garbage collection`,
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
  const growths = new Map<string, IdleGrowth[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of ["io-http", "undici", "bare"]) {
      const growth = await measureGrowth(name, order, url);
      growths.set(name, [...growths.get(name) ?? [], growth]);
    }
  }
  const of = (name: string) => growths.get(name)!.map(({ next }) => next);
  const first = (name: string) => growths.get(name)!.map(({ first }) => first);
  const [ours, undici, bare] = [of("io-http"), of("undici"), of("bare")];
  const name = "bare conn with a pending read";
  return [
    makeRow(what, ours, null, { atMost: 24 }, { name, value: spreadOf(bare) }),
    makeRow(`${what}, ours / peer`, ours, ["undici", undici], null, null),
    makeRow(`${what}, ours / peer`, ours, [name, bare], null, null),
    makeRow(
      `${what}, the first ${CONNECTIONS}`,
      first("io-http"),
      ["undici", first("undici")],
      null,
      null,
    ),
  ];
}

/** Returns the growth in KiB per connection. */
async function measureGrowth(
  name: string,
  order: string,
  url: string,
): Promise<IdleGrowth> {
  const args = [name, order, url, String(CONNECTIONS)];
  const growth: IdleGrowth = JSON.parse(await runScript(CHILD, args));
  return { first: growth.first / KIB, next: growth.next / KIB };
}

/** Makes a row of our growth, or of its ratio to a peer's. */
function makeRow(
  what: string,
  ours: readonly number[],
  peer: readonly [name: string, growths: readonly number[]] | null,
  target: Target | null,
  ceiling: Ceiling | null,
): Row {
  return {
    what,
    ours: formatKib(ours),
    peer: peer?.[0] ?? "",
    theirs: peer === null ? "" : formatKib(peer[1]),
    value: peer === null ? spreadOf(ours) : ratioOfGrowths(ours, peer[1]),
    unit: peer === null ? "KiB" : "",
    target,
    ceiling,
  };
}

function ratioOfGrowths(
  growths: readonly number[],
  others: readonly number[],
): Spread {
  return spreadOf(growths.map((growth, i) => growth / others[i]!));
}

function formatKib(growths: readonly number[]): string {
  return `${spreadOf(growths).median.toFixed(1)} KiB`;
}
