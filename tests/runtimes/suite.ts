// Runs the wire vectors and the cases in whatever runtime this is. `entries/` are
// bundled into one script each, so nothing here may name a runtime.

import { type ByteStream, HttpClient } from "../../client/mod.ts";
import type { HttpConnector } from "../../client/transport/http_connection.ts";
import * as api from "../../mod.ts";
import { runVectors } from "../_run_vectors.ts";
import type {
  Action,
  Case,
  Env,
  Group,
  Need,
  Peer,
  Site,
} from "./cases/_case.ts";
import { GROUPS } from "./cases.ts";
import { VECTORS } from "./rows.ts";

/** A way to connect. */
export interface Link {
  readonly name: string;
  /** The connector under test, or `null` for bare streams. */
  readonly connector: HttpConnector | null;
  /** Connects to a port of 127.0.0.1. */
  open(port: number): Promise<ByteStream>;
}

/** Makes the link of a connector. */
export function connectorLink(name: string, connector: HttpConnector): Link {
  const hostname = "127.0.0.1";
  const open = (port: number) => connector.connect({ hostname, port });
  return { name, connector, open };
}

/** What an entry knows of its runtime. */
export interface Runtime {
  readonly site: Site;
  readonly links: readonly Link[];
  /** Why it lacks something. */
  readonly lacks?: Readonly<Partial<Record<Need, string>>>;
  /** Reports the outcome of one row. */
  report(outcome: Outcome): unknown;
}

/** The outcome of one row. */
export interface Outcome {
  readonly row: string;
  readonly kind: "ok" | "n/a" | "FAIL";
  readonly reason?: string;
}

const CASE_MILLISECONDS = 30_000;

/** Runs everything. */
export async function runSuite(runtime: Runtime): Promise<void> {
  const isChosen = (row: string) => row.includes(runtime.site.only);
  if (isChosen(VECTORS)) await runtime.report(runAllVectors());
  const unhandled = watchRejections();
  for (const group of GROUPS.filter(({ title }) => isChosen(title))) {
    await runtime.report(await runGroup(group, runtime, unhandled));
  }
}

function runAllVectors(): Outcome {
  const failures = runVectors(api).filter(({ ok }) => !ok);
  const reason = failures.map(({ name, detail }) => `${name}: ${detail}`);
  return failures.length === 0
    ? { row: VECTORS, kind: "ok" }
    : { row: VECTORS, kind: "FAIL", reason: reason.join("\n") };
}

async function runGroup(
  { title, cases }: Group,
  runtime: Runtime,
  takeRejections: () => string | null,
): Promise<Outcome> {
  const { links, lacks = {} } = runtime;
  const failures: string[] = [];
  const reasons = new Set<string>();
  let count = 0;
  for (const each of cases) {
    const lack = each.needs?.find((need) => lacks[need] !== undefined);
    if (lack !== undefined) reasons.add(lacks[lack]!);
    else {
      for (const link of links) {
        if (link.connector === null && each.needs !== undefined) continue;
        count++;
        const failure = await runCase(each, link, runtime.site);
        // Rejections are reported once the current task has finished.
        await new Promise((resolve) => setTimeout(resolve, 0));
        const problem = failure ?? takeRejections();
        if (problem !== null) {
          failures.push(`${each.name}, over ${link.name}: ${problem}`);
        }
      }
    }
  }
  if (failures.length > 0) {
    return { row: title, kind: "FAIL", reason: failures.join("\n") };
  }
  return count > 0
    ? { row: title, kind: "ok" }
    : { row: title, kind: "n/a", reason: [...reasons].join("; ") };
}

/** Runs one case; returns what is wrong, or `null`. */
async function runCase(
  { run }: Case,
  link: Link,
  site: Site,
): Promise<string | null> {
  const resources: AsyncDisposable[] = [];
  const disposeAll = async () => {
    for (const resource of resources.splice(0).reverse()) {
      await resource[Symbol.asyncDispose]();
    }
  };
  const attempt = async () => {
    await run(makeEnv(link, site, resources));
    await disposeAll();
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`No end after ${CASE_MILLISECONDS} ms`);
    timer = setTimeout(() => reject(error), CASE_MILLISECONDS);
  });
  try {
    await Promise.race([attempt(), late]);
    return null;
  } catch (error) {
    disposeAll().catch(() => {});
    return describe(error);
  } finally {
    clearTimeout(timer);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause === undefined ? `${error}` : `${error} (${describe(cause)})`;
}

function makeEnv(link: Link, site: Site, resources: AsyncDisposable[]): Env {
  const use = <T extends AsyncDisposable>(resource: T): T => {
    resources.push(resource);
    return resource;
  };
  const origin = `http://127.0.0.1:${site.port}`;
  return {
    ...site,
    get connector() {
      if (link.connector !== null) return link.connector;
      throw new TypeError("This case has to say that it needs sockets");
    },
    url: (path) => origin + path,
    open: (port = site.port) => link.open(port),
    connect: async (port = site.port) =>
      use(new HttpClient(await link.open(port))),
    use,
    peer: async (scripts, { tls = false } = {}) =>
      await startPeer(origin, scripts, tls),
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
  const script = JSON.stringify(scripts);
  const { id, port } = JSON.parse(
    await ask(`/peer${tls ? "?tls" : ""}`, script),
  );
  return {
    port,
    signal: async () => void await ask(`/peer/signal?${id}`),
    facts: async () => JSON.parse(await ask(`/peer/facts?${id}`)),
    closed: async () => JSON.parse(await ask(`/peer/closed?${id}`)),
  };
}

/**
 * Watches for rejections that nobody handles. Deno, Node, and Bun would end;
 * workerd and browsers would go on.
 */
function watchRejections(): () => string | null {
  const found: string[] = [];
  const target = globalThis as Partial<typeof globalThis>;
  target.addEventListener?.("unhandledrejection", (event: Event) => {
    event.preventDefault();
    found.push(String((event as PromiseRejectionEvent).reason));
  });
  return () => {
    const reasons = found.splice(0);
    return reasons.length === 0
      ? null
      : `Nobody handles a rejection: ${reasons.join(", ")}`;
  };
}
