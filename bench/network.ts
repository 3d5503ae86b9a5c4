// The rows over sockets, on the current runtime. Each row has the goals
// of that runtime, and is left out if there are none.
//
//   network.ts SITE [NAME...]     prints JSON; SITE is JSON too

import process from "node:process";
import {
  BARE_BUN,
  BARE_BYOB,
  BARE_CONN,
  BARE_CONN_TLS,
  BARE_NET,
  BARE_NET_BYOB,
  BARE_ONREAD,
  BARE_STREAMS,
  BARE_TLS,
  bareClient,
  bareFetch,
  type BareLoop,
} from "./_bare.ts";
import {
  AGENT_FETCH,
  AGENT_SEND,
  type Client,
  CLIENT_EXCHANGE,
  CLIENT_POST,
  CLIENT_SEND,
  CLIENT_STREAMED_POST,
  FETCH,
  keepBusy,
  NODE_HTTP,
  type Site,
  UNDICI,
  UNDICI_FETCH,
} from "./_clients.ts";
import { type Contender, type Effort, measure } from "./_measure.ts";
import {
  bytesPerSecond,
  type Group,
  perSecond,
  ratioRows,
  type Row,
  type Target,
} from "./_table.ts";
import {
  agentFetchDownload,
  bareDownload,
  byobDownload,
  download,
  fetchDownload,
  fetchHeldDownload,
  fetchUpload,
  heldDownload,
  type Transfer,
  transfer,
  undiciDownload,
  upload,
} from "./_transfers.ts";

const LARGE_BYTES = 100_000_000;
const JSON_CHARS = 1_000_000;
const EFFORT: Effort = {
  rounds: 9,
  sampleMilliseconds: 250,
  warmUpMilliseconds: 600,
};

type Name = "deno" | "node" | "bun";

/** A peer, and how many times its speed ours should be; `null` for no goal. */
type Rival<Of> = readonly [peer: Of, atLeast: number | null];

/** One line of the table for each peer, and for each bare loop. */
interface Scenario<Of> {
  readonly what: string;
  readonly ours: Of;
  readonly rivals: Readonly<Partial<Record<Name, readonly Rival<Of>[]>>>;
  readonly bare: Readonly<Partial<Record<Name, readonly Of[]>>>;
  readonly make: (it: Of, site: Site) => Promise<Contender>;
  readonly format: (speed: number) => string;
}

/** The common part of most scenarios of small requests. */
interface SmallOptions {
  readonly bare?: Scenario<Client>["bare"];
  readonly urlOf?: (site: Site) => string;
  readonly bodyLength?: number;
}

/** The bounds of any client that sends these requests over TCP. */
const BARE = {
  deno: [bareClient(BARE_CONN)],
  node: [bareClient(BARE_NET), bareClient(BARE_ONREAD)],
  bun: [bareClient(BARE_NET), bareClient(BARE_BUN)],
};

/** The bounds of any `fetch` that does so. */
const BARE_FETCH = {
  deno: [bareFetch(BARE_CONN)],
  node: [bareFetch(BARE_ONREAD)],
  bun: [bareFetch(BARE_BUN)],
};

const SMALL: readonly Scenario<Client>[] = [
  small("send, 1 connection", 1, CLIENT_SEND, {
    deno: [[bareClient(BARE_STREAMS), 1], [FETCH, 1.5]],
    node: [[UNDICI, 1.4], [NODE_HTTP, 2], [FETCH, 3]],
    bun: [[FETCH, 1]],
  }, { bare: BARE }),
  small("send, 64 connections", 64, CLIENT_SEND, {
    deno: [[bareClient(BARE_BYOB), 0.85], [FETCH, 2.5], [UNDICI, 2.5]],
    node: [[UNDICI, 1.4], [NODE_HTTP, 2], [FETCH, 3]],
    bun: [[FETCH, 0.9]],
  }, { bare: BARE }),
  small("send over TLS, 64 connections", 64, CLIENT_SEND, {
    deno: [[FETCH, 1.5], [UNDICI, 1.3]],
  }, {
    bare: { deno: [bareClient(BARE_TLS), bareClient(BARE_CONN_TLS)] },
    urlOf: (site) => site.smallTls,
  }),
  small("exchange and text(), 1 connection", 1, CLIENT_EXCHANGE, {
    deno: [[CLIENT_SEND, 0.85]],
    node: [[CLIENT_SEND, 0.85]],
    bun: [[CLIENT_SEND, 0.85]],
  }),
  small("streamed upload of 5 bytes", 1, CLIENT_STREAMED_POST, {
    deno: [[CLIENT_POST, 0.75]],
    node: [[CLIENT_POST, 0.75]],
    bun: [[CLIENT_POST, 0.75]],
  }, { urlOf: (site) => site.upload }),
  small("agent.send, 64 at once", 64, AGENT_SEND, {
    deno: [[CLIENT_SEND, 0.9], [UNDICI, 2.5], [FETCH, 2.5]],
    node: [[UNDICI, 1.3]],
  }, { bare: BARE }),
  small("agent.fetch and text(), 64 at once", 64, AGENT_FETCH, {
    deno: [[FETCH, 2], [UNDICI_FETCH, 3]],
    node: [[FETCH, 2.5]],
  }, { bare: BARE_FETCH }),
  small("agent.fetch and text(), one at a time", 1, AGENT_FETCH, {
    bun: [[FETCH, 1]],
  }, { bare: BARE_FETCH }),
  small("agent.fetch over TLS, 64 at once", 64, AGENT_FETCH, {
    deno: [[FETCH, 1.5]],
  }, {
    bare: { deno: [bareFetch(BARE_TLS), bareFetch(BARE_CONN_TLS)] },
    urlOf: (site) => site.smallTls,
  }),
  small(
    "agent.fetch, 1 MB of JSON with gzip, 16 at once",
    16,
    AGENT_FETCH,
    {
      deno: [[FETCH, 1]],
      node: [[FETCH, null]],
    },
    { urlOf: (site) => site.json, bodyLength: JSON_CHARS },
  ),
];

/** The name of a peer, and how it moves the body. */
type Mover = readonly [name: string, move: Transfer];

const LARGE: readonly Scenario<Mover>[] = [
  large("100 MB down, BYOB reader", ["io-http", byobDownload], {
    deno: [[bareMover(BARE_BYOB), 0.9]],
    node: [[["undici body stream", undiciDownload], 1]],
  }, {
    deno: [bareMover(BARE_CONN)],
    node: [bareMover(BARE_NET_BYOB), bareMover(BARE_ONREAD)],
  }),
  large("100 MB down, default reader", ["io-http", download], {
    deno: [[["fetch", fetchDownload], 1.2]],
  }, { deno: [bareMover(BARE_STREAMS)] }),
  large("100 MB down, agent.fetch", ["io-http", agentFetchDownload], {
    deno: [[["fetch", fetchDownload], 1.2]],
  }, { deno: [bareMover(BARE_STREAMS)] }),
  large("100 MB down, held by send", ["io-http", heldDownload], {
    deno: [[["fetch().arrayBuffer()", fetchHeldDownload], null]],
  }),
  large(
    "100 MB up, streamed",
    ["io-http", upload],
    {
      deno: [[["fetch with a stream", fetchUpload], 1]],
    },
    {},
    (site) => site.upload,
  ),
];

const [siteText, ...chosen] = process.argv.slice(2);
const site: Site = JSON.parse(siteText!);
const runtime: Name = "Deno" in globalThis
  ? "deno"
  : "Bun" in globalThis
  ? "bun"
  : "node";

const rows: Row[] = [];
for (const scenario of SMALL) rows.push(...await run(scenario));
if (runtime === "deno" && isChosen("waiting")) rows.push(await runWaiting());
for (const scenario of LARGE) rows.push(...await run(scenario));
const group: Group = { title: "", rows };
console.log(JSON.stringify(group));
// The connections of every client are open still.
process.exit(0);

function small(
  what: string,
  places: number,
  ours: Client,
  rivals: Scenario<Client>["rivals"],
  { bare = {}, urlOf = (site) => site.small, bodyLength }: SmallOptions = {},
): Scenario<Client> {
  return {
    what,
    ours,
    rivals,
    bare,
    make: (client, site) =>
      keepBusy(client, site, urlOf(site), places, bodyLength),
    format: perSecond,
  };
}

function large(
  what: string,
  ours: Mover,
  rivals: Scenario<Mover>["rivals"],
  bare: Scenario<Mover>["bare"] = {},
  urlOf: (site: Site) => string = (site) => site.large,
): Scenario<Mover> {
  return {
    what,
    ours,
    rivals,
    bare,
    make: ([name, move], site) =>
      transfer(name, move, urlOf(site), LARGE_BYTES),
    format: bytesPerSecond(LARGE_BYTES),
  };
}

function bareMover(loop: BareLoop): Mover {
  return [loop.name, bareDownload(loop)];
}

function isChosen(what: string): boolean {
  return chosen.length === 0 || chosen.some((word) => what.includes(word));
}

async function run<Of>(scenario: Scenario<Of>): Promise<Row[]> {
  const { what, format } = scenario;
  const rivals = scenario.rivals[runtime] ?? [];
  if (rivals.length === 0 || !isChosen(what)) return [];
  const bare = scenario.bare[runtime] ?? [];
  const contenders = await Promise.all(
    [scenario.ours, ...rivals.map(([peer]) => peer), ...bare]
      .map((it) => scenario.make(it, site)),
  );
  const [ours, ...others] = await measure(contenders, EFFORT);
  const peers = others.map((result, i) =>
    [result, targetOf(rivals[i]?.[1] ?? null)] as const
  );
  return ratioRows(what, ours!, peers, format, others.slice(rivals.length));
}

/** Compares the time of one call of 10,000 with that of one call of 1,000. */
async function runWaiting(): Promise<Row> {
  const [few, many] = await measure(
    await Promise.all([1000, 10_000].map(async (calls) => {
      const [send] = await AGENT_SEND.open(site, site.small, 1);
      return {
        name: `${calls} calls`,
        async run(times: number) {
          for (let i = 0; i < times; i++) {
            await Promise.all(Array.from({ length: calls }, send!));
          }
        },
      };
    })),
    EFFORT,
  );
  // Ten times the calls, so a tenth of the speed is the same time for each.
  const perCall = { ...many!, speeds: many!.speeds.map((it) => it * 10) };
  const [row] = ratioRows(
    "agent.send, 10,000 calls waiting for 64 connections",
    perCall,
    [[few!, { atLeast: 1 / 1.3 }]],
    (speed) => perSecond(speed * 1000),
  );
  return { ...row!, peer: "1,000 calls waiting" };
}

function targetOf(atLeast: number | null): Target | null {
  return atLeast === null ? null : { atLeast };
}
