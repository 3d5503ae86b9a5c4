// Runs the wire vectors and the cases in the current runtime. Each of `entries/` is
// bundled into one script, so nothing here may name a runtime.

import { HttpAgent } from "../../agent/mod.ts";
import { type ByteStream, HttpClient } from "../../client/mod.ts";
import type { HttpConnector } from "../../client/transport/http_connection.ts";
import * as api from "../../mod.ts";
import { type Cell, OK, runCell, type Use } from "../matrix/cells.ts";
import { runVectors } from "../_run_vectors.ts";
import type { Action, Env, Group, Need, Peer, Site } from "./cases/_case.ts";
import { AGENTS } from "./cases/agents.ts";
import { CODINGS } from "./cases/codings.ts";
import { CONNECTS } from "./cases/connects.ts";
import { ENDS } from "./cases/ends.ts";
import { RESPONSES } from "./cases/exchanges.ts";
import { FAULTS } from "./cases/faults.ts";
import { FETCH } from "./cases/fetch.ts";
import { HANDOVERS } from "./cases/handovers.ts";
import { PROXIES } from "./cases/proxies.ts";
import { SOCKETS } from "./cases/sockets.ts";
import { STREAMS } from "./cases/streams.ts";
import { UPGRADES } from "./cases/upgrades.ts";

const VECTORS = "Wire vectors, in every split";
const CASE_MILLISECONDS = 30_000;
const GROUPS: readonly Group[] = [
  ...[RESPONSES, STREAMS, UPGRADES, ENDS, FAULTS, CODINGS],
  ...[AGENTS, FETCH, CONNECTS, SOCKETS, HANDOVERS, PROXIES],
];

/** The rows of the table: the vectors, then each group of cases. */
export const ROWS = [VECTORS, ...GROUPS.map(({ title }) => title)];

/** Opens a bare connection to a port of 127.0.0.1. */
export type Open = (port: number) => Promise<ByteStream>;

/** The facts of a runtime, from its entry. */
export interface Runtime {
  readonly site: Site;
  /** The ways to connect: connectors under test, and bare streams. */
  readonly links: Readonly<Record<string, HttpConnector | Open>>;
  /** Why it lacks something. */
  readonly lacks?: Readonly<Partial<Record<Need, string>>>;
  /** Reports the outcome of one row. */
  report(outcome: Outcome): unknown;
}

/** The outcome of one row. */
export interface Outcome {
  readonly row: string;
  readonly cell: Cell;
}

/** Runs everything. */
export async function runSuite(runtime: Runtime): Promise<void> {
  const { site, report } = runtime;
  const isChosen = (row: string) => row.includes(site.only);
  if (isChosen(VECTORS)) await report({ row: VECTORS, cell: runAllVectors() });
  const takeRejections = watchRejections();
  for (const group of GROUPS.filter(({ title }) => isChosen(title))) {
    const cell = await runGroup(group, runtime, takeRejections);
    await report({ row: group.title, cell });
  }
}

function runAllVectors(): Cell {
  const failures = runVectors(api).filter(({ ok }) => !ok);
  return cellOf(failures.map(({ name, detail }) => `${name}: ${detail}`));
}

function cellOf(failures: readonly string[]): Cell {
  if (failures.length === 0) return OK;
  return { kind: "FAIL", reason: failures.join("\n") };
}

async function runGroup(
  { cases }: Group,
  { links, lacks = {}, site }: Runtime,
  takeRejections: () => string | null,
): Promise<Cell> {
  const failures: string[] = [];
  const reasons = new Set<string>();
  let count = 0;
  for (const { name, needs, run } of cases) {
    const lack = needs && lacks[needs];
    if (lack !== undefined) {
      reasons.add(lack);
      continue;
    }
    for (const [link, connect] of Object.entries(links)) {
      const isBare = typeof connect === "function";
      if (isBare && needs !== undefined && needs !== "backpressure") continue;
      count++;
      const cell = await runCell(
        CASE_MILLISECONDS,
        (use) => run(makeEnv(connect, site, use)),
      );
      // Rejections are reported once the current task has finished.
      await new Promise((resolve) => setTimeout(resolve, 0));
      const problem = cell.kind === "FAIL" ? cell.reason : takeRejections();
      if (problem !== null) failures.push(`${name}, over ${link}: ${problem}`);
    }
  }
  if (count > 0) return cellOf(failures);
  return { kind: "n/a", reason: [...reasons].join("; ") };
}

function makeEnv(link: HttpConnector | Open, site: Site, use: Use): Env {
  const origin = `http://127.0.0.1:${site.port}`;
  const hostname = "127.0.0.1";
  const open = (port = site.port) =>
    typeof link === "function" ? link(port) : link.connect({ hostname, port });
  const getConnector = () => {
    if (typeof link !== "function") return link;
    throw new TypeError("This case has to say that it needs sockets");
  };
  return {
    ...site,
    use,
    open,
    get connector() {
      return getConnector();
    },
    url: (path) => origin + path,
    connect: async (port) => use(new HttpClient(await open(port))),
    agent: (options) =>
      use(new HttpAgent({ connector: getConnector(), ...options })),
    peer: (scripts, { tls = false } = {}) => startPeer(origin, scripts, tls),
  };
}

async function startPeer(
  origin: string,
  scripts: Action[][],
  tls: boolean,
): Promise<Peer> {
  // The runtime's own `fetch`, so that a case does not depend on its subject.
  const ask = async (path: string, body?: string) => {
    const init = body === undefined ? {} : { method: "POST", body };
    return await (await fetch(origin + path, init)).text();
  };
  const started = await ask(
    `/peer${tls ? "?tls" : ""}`,
    JSON.stringify(scripts),
  );
  const { id, port } = JSON.parse(started);
  return {
    port,
    signal: async () => void await ask(`/peer/signal?${id}`),
    facts: async () => JSON.parse(await ask(`/peer/facts?${id}`)),
    closed: async () => JSON.parse(await ask(`/peer/closed?${id}`)),
  };
}

/**
 * Watches for rejections that nobody handles. Deno, Node, and Bun would end;
 * workerd and browsers would continue.
 */
function watchRejections(): () => string | null {
  const found: string[] = [];
  const target = globalThis as Partial<typeof globalThis>;
  target.addEventListener?.("unhandledrejection", (event: Event) => {
    event.preventDefault();
    found.push(String((event as PromiseRejectionEvent).reason));
  });
  return () => {
    if (found.length === 0) return null;
    return `Nobody handles a rejection: ${found.splice(0).join(", ")}`;
  };
}
