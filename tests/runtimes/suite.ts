// What every runtime runs: the wire vectors through the pure entry point, and the
// client over streams of that runtime. `entries/` have it bundled into one script
// each, so nothing here may be of one runtime alone.

import { type ByteStream, HttpClient } from "../../client/mod.ts";
import * as api from "../../mod.ts";
import { runVectors } from "../_run_vectors.ts";
import type { Report, Tally } from "./_report.ts";
import { type Case, CASES } from "./cases.ts";

/** Connects to a port of 127.0.0.1. */
export type Open = (port: number) => Promise<ByteStream>;

const CASE_MILLISECONDS = 20_000;

/** Runs everything, with the client over each kind of stream. */
export async function runSuite(
  streams: Readonly<Record<string, Open>>,
  port: number,
): Promise<Report> {
  const tallies: Record<string, Tally> = {};
  for (const [name, open] of Object.entries(streams)) {
    tallies[name] = await runCases(open, port);
  }
  const vectors = tally(
    runVectors(api).map(({ name, ok, detail }) =>
      ok ? null : `${name}: ${detail}`
    ),
  );
  return { vectors, streams: tallies };
}

async function runCases(open: Open, port: number): Promise<Tally> {
  const unhandled = watchRejections();
  const outcomes: (string | null)[] = [];
  for (const [name, run] of Object.entries(CASES)) {
    const failure = await runCase(run, open, port);
    // Rejections are told of once all that has happened is through.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const rejection = unhandled.take();
    const problem = failure ?? rejection;
    outcomes.push(problem === null ? null : `${name}: ${problem}`);
  }
  unhandled.stop();
  return tally(outcomes);
}

/** Runs one case; gives what is wrong, `null` where nothing is. */
async function runCase(
  run: Case,
  open: Open,
  port: number,
): Promise<string | null> {
  const clients: HttpClient[] = [];
  const closeAll = () => Promise.all(clients.map((client) => client.close()));
  const attempt = async () => {
    await run({
      url: (path) => `http://127.0.0.1:${port}${path}`,
      connect: async () => {
        const client = new HttpClient(await open(port));
        clients.push(client);
        return client;
      },
    });
    await closeAll();
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`There is no end after ${CASE_MILLISECONDS} ms`);
    timer = setTimeout(() => reject(error), CASE_MILLISECONDS);
  });
  try {
    await Promise.race([attempt(), late]);
    return null;
  } catch (error) {
    closeAll().catch(() => {});
    return String(error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Looks out for rejections that nobody handles. Deno would end, as Node and Bun
 * do, which have no such event; workerd and browsers would go on.
 */
function watchRejections(): { take(): string | null; stop(): void } {
  const found: string[] = [];
  const listener = (event: Event) => {
    event.preventDefault();
    found.push(String((event as PromiseRejectionEvent).reason));
  };
  const target = globalThis as Partial<typeof globalThis>;
  target.addEventListener?.("unhandledrejection", listener);
  return {
    take() {
      const reasons = found.splice(0);
      return reasons.length === 0
        ? null
        : `Nobody handles a rejection: ${reasons.join(", ")}`;
    },
    stop() {
      target.removeEventListener?.("unhandledrejection", listener);
    },
  };
}

function tally(outcomes: readonly (string | null)[]): Tally {
  const failures = outcomes.filter((outcome) => outcome !== null);
  const total = outcomes.length;
  return { passed: total - failures.length, total, failures };
}
