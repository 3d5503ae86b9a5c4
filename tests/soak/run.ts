// The callers of the soak, on Deno and on Node: many at once, each of them makes
// one random call after the other, through one agent or its own client.
//
//   run.ts PORT TLS_PORT SECONDS SEED     prints the report as JSON

import { readdirSync } from "node:fs";
import process from "node:process";
import { HttpAgent } from "../../agent/mod.ts";
import { HttpClient } from "../../client/mod.ts";
import { HttpError, HttpRequest } from "../../mod.ts";
import { within } from "../matrix/cells.ts";
import { bodyOf, type Plan, Random } from "./plans.ts";

const CALLERS = 64;
const CONNECTIONS = 48; // fewer than callers, so that some wait
// Long enough for a busy machine.
const TIMEOUTS = { head: 2000, body: 2000, total: 20_000 };
const SETTLE_MILLISECONDS = 30_000;
// More than the first part of a run leaves behind.
const MAX_GROWTH_BYTES = 16_000_000;
// Fewer than connections: a dropped exchange keeps its slot until it is collected.
const MAX_DROPPED = 8;

const ABORTED = new Error("Aborted by the soak");
// The effect of an earlier plan on the connection may come late, and a POST is not
// sent again.
const LATE = [
  ...["NoResponse", "ConnectionLost", "UnexpectedBytes"],
  ...["InvalidStatusLine", "UnexpectedEof"],
];

const { gc } = globalThis as unknown as { gc(): void };

/** The report of a run. */
export interface Report {
  readonly calls: number;
  /** The number of exchanges among them that nobody read. */
  readonly dropped: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly growth: number;
  readonly faults: readonly string[];
}

/** The requests that the server received. */
interface Counts {
  readonly faults: readonly string[];
  /** How many requests each call sent. */
  readonly counts: Readonly<Record<string, number>>;
  /** The last request of each open connection. */
  readonly open: readonly string[];
}

/** One call, and its outcome. */
interface Call {
  readonly id: number;
  readonly plan: Plan;
  readonly request: HttpRequest;
  readonly signal: AbortSignal | undefined;
  readonly way: keyof typeof WAYS;
  /** How many requests it says that it sent, or `null` if it failed. */
  attempts: number | null;
}

class Soak {
  readonly faults: string[] = [];
  readonly outcomes: Record<string, number> = {};
  readonly origins: readonly [plain: string, tls: string];
  readonly agent: HttpAgent;
  readonly random: Random;
  /** How many exchanges were dropped unread, and how many the agent reported. */
  dropped = 0;
  reported = 0;
  count = 0;
  #calls: Call[] = [];

  constructor(port: number, tlsPort: number, seed: number) {
    this.origins = [`http://127.0.0.1:${port}`, `https://127.0.0.1:${tlsPort}`];
    this.random = new Random(seed);
    this.agent = new HttpAgent({
      pool: {
        maxConnections: CONNECTIONS,
        maxConnectionsPerOrigin: CONNECTIONS,
      },
      timeouts: TIMEOUTS,
      onWarning: () => this.reported++,
    });
  }

  /** Makes calls until the time is over. */
  async runUntil(time: number): Promise<void> {
    await Promise.all(Array.from({ length: CALLERS }, async () => {
      while (performance.now() < time && this.faults.length < 20) {
        await this.#makeCall();
      }
    }));
    await this.#checkDropped();
    await this.#checkCounts();
  }

  /** Counts an exchange that its caller drops unread. */
  drop(): void {
    if (++this.dropped % MAX_DROPPED === 0) gc();
  }

  async #makeCall(): Promise<void> {
    const { random } = this;
    const id = ++this.count;
    const plan = random.plan();
    const url = `${random.pick(this.origins)}/${plan.name}/${id}`;
    const isPost = random.below(3) === 0;
    const way = random.pick(Object.keys(WAYS) as (keyof typeof WAYS)[]);
    const abort = random.below(6) === 0 ? new AbortController() : null;
    const delay = random.below(20);
    const timer = abort && setTimeout(() => abort.abort(ABORTED), delay);
    const call: Call = {
      ...{ id, plan, way, signal: abort?.signal, attempts: null },
      request: isPost
        ? HttpRequest.post(url, { body: bodyOf(id, "ok") })
        : HttpRequest.get(url),
    };
    this.#calls.push(call);
    let outcome: string;
    try {
      const text = await within(SETTLE_MILLISECONDS, WAYS[way](this, call));
      outcome = this.#checkText(call, text);
    } catch (error) {
      outcome = this.#checkError(call, error);
    } finally {
      if (timer !== null) clearTimeout(timer);
    }
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }

  #checkText(call: Call, text: string | null): string {
    const { name, errors } = call.plan;
    if (text === null) return "left unread";
    // A 503 is a response like any other; a redirect may not be followed.
    if (text === "" && ["busy", "redirect"].includes(name)) return name;
    if (errors.length > 0 || text !== bodyOf(call.id, name)) {
      this.faults.push(`${show(call)} returns ${text.slice(0, 40)}`);
    }
    return "ok";
  }

  #checkError(call: Call, error: unknown): string {
    const inner = error instanceof TypeError ? error.cause ?? error : error;
    if (inner === ABORTED && call.signal !== undefined) return "aborted";
    const code = inner instanceof HttpError ? inner.code : `${inner}`;
    const isLate = LATE.includes(code) && call.way !== "client";
    if (!call.plan.errors.includes(code) && !isLate) {
      this.faults.push(`${show(call)} fails with ${code}: ${inner}`);
    }
    return code;
  }

  /** Checks that each exchange dropped unread is reported once it is collected. */
  async #checkDropped(): Promise<void> {
    const areReported = () => {
      gc();
      return this.reported >= this.dropped;
    };
    await until(areReported);
    if (this.reported !== this.dropped) {
      this.faults.push(
        `${this.dropped} exchanges were dropped, and ${this.reported} reported`,
      );
    }
  }

  /** Compares the calls with the requests that the server received. */
  async #checkCounts(): Promise<void> {
    const { counts, faults } = await this.ask("counts");
    this.faults.push(...faults);
    for (const call of this.#calls.splice(0)) {
      const { plan, request, attempts } = call;
      const count = counts[call.id] ?? 0;
      const hops = plan.name === "redirect" ? 2 : 1;
      // docs/policies.md, "Sending again": only an idempotent request is sent a
      // second time.
      const most = (request.method === "POST" ? 1 : 2) * hops;
      const sent = `${show(call)} was sent ${count} times`;
      if (count > most) this.faults.push(`${sent}, not ${most}`);
      if (attempts !== null && (count === 0 || count > attempts + hops - 1)) {
        this.faults.push(`${sent}, by ${attempts} attempts`);
      }
    }
    await this.ask("forget");
  }

  async ask(path: string): Promise<Counts> {
    return await (await fetch(`${this.origins[0]}/${path}`)).json();
  }
}

function show({ plan, id, request, way }: Call): string {
  const { method, url } = request;
  return `${method} ${plan.name} ${id} by ${way} over ${url.protocol}`;
}

// Named, so that a fault can say which of them it was. Each returns the text, or
// `null` if it left the body unread.
const WAYS = {
  async send({ agent }, call) {
    const { request, signal } = call;
    const { response, attempts } = await agent.send(request, { signal });
    call.attempts = attempts;
    return response.text();
  },
  async exchange(soak, call) {
    const { request, signal } = call;
    const exchange = await soak.agent.exchange(request, { signal });
    call.attempts = exchange.attempts;
    const kind = call.id % 8;
    if (kind === 0) await exchange.discard();
    else if (kind === 1) await exchange.body.cancel();
    // One that does not succeed may have an empty body, which leaves nothing.
    else if (kind === 2 && exchange.response.ok) soak.drop();
    else return await exchange.text();
    return null;
  },
  async stream({ agent }, call) {
    const { id, request, signal } = call;
    const text = bodyOf(id, "ok");
    async function* body() {
      yield new TextEncoder().encode(text.slice(0, 2));
      await Promise.resolve();
      yield new TextEncoder().encode(text.slice(2));
    }
    const isPost = request.method === "POST";
    const options = isPost ? { signal, body } : { signal };
    const exchange = await agent.exchange(request, options);
    call.attempts = exchange.attempts;
    return await exchange.text();
  },
  async fetch({ agent }, { request, signal }) {
    const { method, url, body } = request;
    const init = { method, signal: signal ?? null };
    const isPost = method === "POST";
    const response = await agent.fetch(url, isPost ? { ...init, body } : init);
    return await response.text();
  },
  async client(_, { plan, request, signal }) {
    // The client has no timeouts, and decodes nothing.
    const timeout = AbortSignal.timeout(TIMEOUTS.head);
    const signals = signal === undefined ? [timeout] : [timeout, signal];
    const client = await HttpClient.connect(request.url);
    try {
      const options = { signal: AbortSignal.any(signals) };
      const { response } = await client.send(request, options);
      return plan.name.includes("gzip") ? null : response.text();
    } catch (error) {
      if (error !== timeout.reason) throw error;
      throw new HttpError("Timeout", "The soak's own");
    } finally {
      await client.close();
    }
  },
} satisfies Record<string, (soak: Soak, call: Call) => Promise<string | null>>;

/** Waits until something holds; returns whether it does. */
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
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().heapUsed;
}

const [port, tlsPort, seconds, seed] = process.argv.slice(2).map(Number);
const started = performance.now();
const end = started + 1000 * seconds!;
const soak = new Soak(port!, tlsPort!, seed!);
const { agent, faults } = soak;
// The first part warms everything up. It leaves memory in use for good.
await soak.runUntil(started + 250 * seconds!);
const before = await settledHeap();
while (performance.now() < end && faults.length === 0) {
  await soak.runUntil(Math.min(end, performance.now() + 5000));
}
const stats = agent.stats();
if (stats.busy + stats.waiting + stats.connecting !== 0) {
  faults.push(`The pool is not idle: ${JSON.stringify(stats)}`);
}
const growth = await settledHeap() - before;
if (growth > MAX_GROWTH_BYTES) faults.push(`The heap grew by ${growth} bytes`);
await agent.close();
if (!await until(async () => (await soak.ask("counts")).open.length === 0)) {
  const { open } = await soak.ask("counts");
  faults.push(
    `${open.length} connections are open: ${open.join(", ")}; ` +
      `${readdirSync("/proc/self/fd").length} descriptors; ` +
      JSON.stringify(agent.stats()),
  );
}
const { count: calls, dropped, outcomes } = soak;
const report: Report = {
  ...{ calls, dropped, outcomes, growth },
  faults: faults.slice(0, 20),
};
console.log(JSON.stringify(report));
