// The callers of the soak, on Deno and on Node: many at once, each of them makes
// one random call after the other, through one agent or a client of its own.
//
//   run.ts PORT SECONDS SEED     prints the report as JSON

import { readdirSync } from "node:fs";
import process from "node:process";
import { HttpAgent } from "../../agent/mod.ts";
import { HttpClient } from "../../client/mod.ts";
import { HttpError, HttpRequest } from "../../mod.ts";
import { bodyOf, type Plan, Random } from "./plans.ts";

const CALLERS = 64;
const CONNECTIONS = 48; // fewer than callers, so that some wait
// Long enough for a busy machine.
const TIMEOUTS = { head: 2000, body: 2000, total: 20_000 };
const SETTLE_MILLISECONDS = 30_000;
// Beyond what the first part of a run leaves behind.
const MAX_GROWTH_BYTES = 16_000_000;

/** The report of a run. */
export interface Report {
  readonly calls: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly growth: number;
  readonly faults: readonly string[];
}

interface Counts {
  readonly total: number;
  readonly faults: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  /** The last request of each open connection. */
  readonly open: readonly string[];
}

/** One call, and what is known of it. */
interface Call {
  readonly id: number;
  readonly plan: Plan;
  readonly isPost: boolean;
  readonly way: keyof typeof WAYS;
  /** How many requests it says that it sent, or `null` if it failed. */
  attempts: number | null;
}

class Soak {
  readonly faults: string[] = [];
  readonly outcomes: Record<string, number> = {};
  readonly origin: string;
  readonly agent: HttpAgent;
  readonly random: Random;
  readonly end: number;
  calls: Call[] = [];
  count = 0;

  constructor(port: number, seconds: number, seed: number) {
    this.origin = `http://127.0.0.1:${port}`;
    this.random = new Random(seed);
    this.end = performance.now() + 1000 * seconds;
    this.agent = new HttpAgent({
      pool: {
        maxConnections: CONNECTIONS,
        maxConnectionsPerOrigin: CONNECTIONS,
      },
      timeouts: TIMEOUTS,
    });
  }

  /** Makes calls until the time is over. */
  async runUntil(time: number): Promise<void> {
    await Promise.all(Array.from({ length: CALLERS }, async () => {
      while (performance.now() < time && this.faults.length < 20) {
        await this.#makeCall();
      }
    }));
    await this.#checkCounts();
  }

  async #makeCall(): Promise<void> {
    const { random } = this;
    const call: Call = {
      id: ++this.count,
      plan: random.plan(),
      isPost: random.below(3) === 0,
      way: random.pick(Object.keys(WAYS) as (keyof typeof WAYS)[]),
      attempts: null,
    };
    this.calls.push(call);
    const abort = random.below(6) === 0 ? new AbortController() : null;
    const delay = random.below(20);
    const timer = abort && setTimeout(() => abort.abort(ABORTED), delay);
    let outcome: string;
    try {
      const ended = WAYS[call.way](this, call, abort?.signal ?? null);
      const text = await this.#settle(ended, call);
      outcome = this.#checkText(call, text);
    } catch (error) {
      outcome = this.#checkError(call, error, abort !== null);
    } finally {
      if (timer !== null) clearTimeout(timer);
    }
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }

  /** Waits for a call, which must settle in time. */
  async #settle<T>(promise: Promise<T>, call: Call): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${show(call)} does not settle`)),
        SETTLE_MILLISECONDS,
      );
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #checkText(call: Call, text: string | null): string {
    const { id, plan } = call;
    const { name } = plan;
    if (text === null) return "left unread";
    // A 503 is a response like any other; a redirect may not be followed.
    if (text === "" && ["busy", "redirect"].includes(name)) return name;
    if (!plan.succeeds || text !== bodyOf(id, name)) {
      this.faults.push(`${show(call)} returns ${text.slice(0, 40)}`);
    }
    return "ok";
  }

  #checkError(call: Call, error: unknown, mayAbort: boolean): string {
    if (mayAbort && isAbort(error)) return "aborted";
    const inner = error instanceof TypeError ? error.cause ?? error : error;
    const code = inner instanceof HttpError ? inner.code : `${inner}`;
    // What an earlier plan did to the connection may come late, and a POST is
    // not sent again.
    const isLost = [
      ...["NoResponse", "ConnectionLost", "UnexpectedBytes"],
      ...["InvalidStatusLine", "UnexpectedEof"],
    ].includes(code) && call.way !== "client";
    if (!call.plan.errors.includes(code) && !isLost) {
      this.faults.push(`${show(call)} fails with ${code}: ${inner}`);
    }
    return code;
  }

  /** Compares the calls with what the server saw of them. */
  async #checkCounts(): Promise<void> {
    const { counts, faults } = await this.ask("counts");
    this.faults.push(...faults);
    for (const call of this.calls) {
      const { id, plan, isPost, attempts } = call;
      const count = counts[id] ?? 0;
      const hops = plan.name === "redirect" ? 2 : 1;
      // docs/policies.md, "Sending again": only an idempotent request is sent a second time.
      const most = (isPost ? 1 : 2) * hops;
      if (count > most) {
        this.faults.push(
          `${show(call)} was sent ${count} times, not ${most}`,
        );
      }
      if (attempts !== null && (count === 0 || count > attempts + hops - 1)) {
        this.faults.push(
          `${show(call)} was sent ${count} times, by ${attempts} attempts`,
        );
      }
    }
    this.calls = [];
    await this.ask("forget");
  }

  async ask(path: string): Promise<Counts> {
    const response = await fetch(`${this.origin}/${path}`);
    return JSON.parse(await response.text());
  }
}

function show({ id, plan, isPost, way }: Call): string {
  return `${isPost ? "POST" : "GET"} ${plan.name} ${id} by ${way}`;
}

const ABORTED = new Error("Aborted by the soak");

function isAbort(error: unknown): boolean {
  return error === ABORTED ||
    error instanceof Error && error.cause === ABORTED;
}

type Way = (
  soak: Soak,
  call: Call,
  signal: AbortSignal | null,
) => Promise<string | null>;

function requestOf({ origin }: Soak, { id, plan, isPost }: Call): HttpRequest {
  const url = `${origin}/${plan.name}/${id}`;
  return isPost
    ? HttpRequest.post(url, { body: bodyOf(id, "ok") })
    : HttpRequest.get(url);
}

// Named, so that a fault can say which of them it was.
const WAYS = {
  async send(soak, call, signal) {
    const request = requestOf(soak, call);
    const options = signal === null ? {} : { signal };
    const { response, attempts } = await soak.agent.send(request, options);
    call.attempts = attempts;
    return response.text();
  },
  async exchange(soak, call, signal) {
    const request = requestOf(soak, call);
    const options = signal === null ? {} : { signal };
    const exchange = await soak.agent.exchange(request, options);
    call.attempts = exchange.attempts;
    if (call.id % 5 === 0) {
      await exchange.discard();
      return null;
    }
    if (call.id % 7 === 0) {
      await exchange.body.cancel();
      return null;
    }
    return await exchange.text();
  },
  async stream(soak, call, signal) {
    const { id, isPost } = call;
    const request = requestOf(soak, call);
    const text = bodyOf(id, "ok");
    async function* body() {
      yield new TextEncoder().encode(text.slice(0, 2));
      await Promise.resolve();
      yield new TextEncoder().encode(text.slice(2));
    }
    const exchange = await soak.agent.exchange(request, {
      ...(signal === null ? {} : { signal }),
      ...(isPost ? { body } : {}),
    });
    call.attempts = exchange.attempts;
    return await exchange.text();
  },
  async fetch(soak, call, signal) {
    const { id, plan, isPost } = call;
    const response = await soak.agent.fetch(
      `${soak.origin}/${plan.name}/${id}`,
      {
        ...(isPost ? { method: "POST", body: bodyOf(id, "ok") } : {}),
        ...(signal === null ? {} : { signal }),
      },
    );
    return await response.text();
  },
  async client(soak, call, signal) {
    const request = requestOf(soak, call);
    // The client has no timeouts, and decodes nothing.
    const timeout = AbortSignal.timeout(TIMEOUTS.head);
    const signals = signal === null ? [timeout] : [timeout, signal];
    const client = await HttpClient.connect(soak.origin);
    try {
      const { response } = await client.send(request, {
        signal: AbortSignal.any(signals),
      });
      const { name } = call.plan;
      return name.includes("gzip") ? null : response.text();
    } catch (error) {
      if (error !== timeout.reason) throw error;
      throw new HttpError("Timeout", "The soak's own");
    } finally {
      await client.close();
    }
  },
} satisfies Record<string, Way>;

/** Waits until something holds. */
async function until(
  isMet: () => boolean | Promise<boolean>,
): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await isMet()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

async function settledHeap(): Promise<number> {
  const { gc } = globalThis as unknown as { gc(): void };
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().heapUsed;
}

function countDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

const [port, seconds, seed] = process.argv.slice(2).map(Number);
const started = performance.now();
const soak = new Soak(port!, seconds!, seed!);
// The first part warms everything up; what it leaves is there for good.
await soak.runUntil(started + 250 * seconds!);
const before = await settledHeap();
while (performance.now() < soak.end && soak.faults.length === 0) {
  await soak.runUntil(Math.min(soak.end, performance.now() + 5000));
}
const stats = soak.agent.stats();
if (stats.busy + stats.waiting + stats.connecting !== 0) {
  soak.faults.push(`The pool is not idle: ${JSON.stringify(stats)}`);
}
const growth = await settledHeap() - before;
if (growth > MAX_GROWTH_BYTES) {
  soak.faults.push(`The heap grew by ${growth} bytes`);
}
await soak.agent.close();
const own = countDescriptors();
if (!await until(async () => (await soak.ask("counts")).open.length === 0)) {
  const { open } = await soak.ask("counts");
  soak.faults.push(
    `${open.length} connections of ${own} descriptors are open: ` +
      `${open.join(", ")}; ${JSON.stringify(soak.agent.stats())}`,
  );
}
const report: Report = {
  calls: soak.count,
  outcomes: soak.outcomes,
  growth,
  faults: soak.faults.slice(0, 20),
};
console.log(JSON.stringify(report));
