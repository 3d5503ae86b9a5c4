// Opens keep-alive connections, sends one request over each, and prints as JSON by how
// many bytes a connection this process has grown once they are idle: for the first
// batch, and for the next one.
//
//   _idle_child.ts io-http|undici|bare in-turn|at-once URL CONNECTIONS

import { Client, type Dispatcher, Pool } from "undici";
import { probe } from "./_bare.ts";
import { CLIENT_SEND, type Send, type Site } from "./_clients.ts";

/** The growth for each connection of a batch, in bytes. */
export interface IdleGrowth {
  /** It includes what a process pays once: compiled code, and V8's young generation. */
  readonly first: number;
  readonly next: number;
}

const WARM_UP_REQUESTS = 500;
const SETTLE_MILLISECONDS = 300;
const KEEP_ALIVE_MILLISECONDS = 600_000;

// As large as the first read of a client.
const READ_BYTES = 1024;

const [name, order, url] = Deno.args as [string, string, string];
const connections = Number(Deno.args[3]);

const kept: Send[][] = [];
const [first] = await open(1);
for (let i = 0; i < WARM_UP_REQUESTS; i++) await first!();
const growth: IdleGrowth = { first: await grow(), next: await grow() };
console.log(JSON.stringify(growth));
// Closing the connections is not measured.
Deno.exit(0);

/** Opens a batch, and returns by how much it has grown the process. */
async function grow(): Promise<number> {
  const before = await settledMemory();
  const sends = await open(connections);
  kept.push(sends);
  if (order === "at-once") {
    await Promise.all(sends.map((send) => send()));
  } else {
    for (const send of sends) await send();
  }
  return (await settledMemory() - before) / connections;
}

async function open(count: number): Promise<Send[]> {
  if (name === "io-http") {
    return await CLIENT_SEND.open({ ca: "" } as Site, url, count);
  }
  if (name === "bare") return await openBare(count);
  const { origin } = new URL(url);
  const options = { keepAliveTimeout: KEEP_ALIVE_MILLISECONDS };
  // A pool opens another connection only while the others are busy.
  const pool = order === "at-once"
    ? new Pool(origin, { ...options, connections: count })
    : null;
  return Array.from(
    { length: count },
    () => makeSend(pool ?? new Client(origin, options)),
  );
}

/** Opens connections that a read is left pending on, as a client needs it. */
async function openBare(count: number): Promise<Send[]> {
  const { request, bodyLength } = await probe(url, "");
  const { hostname, port } = new URL(url);
  return await Promise.all(Array.from({ length: count }, async () => {
    const conn = await Deno.connect({ hostname, port: Number(port) });
    let reading = conn.read(new Uint8Array(READ_BYTES));
    return async () => {
      await conn.write(request);
      await reading;
      reading = conn.read(new Uint8Array(READ_BYTES));
      return bodyLength;
    };
  }));
}

function makeSend(dispatcher: Dispatcher): Send {
  const path = new URL(url).pathname;
  return async () => {
    const { body } = await dispatcher.request({ path, method: "GET" });
    return (await body.text()).length;
  };
}

/** Returns the memory of the process in bytes, once garbage is collected. */
async function settledMemory(): Promise<number> {
  const { gc } = globalThis as unknown as { gc(): void };
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
  }
  return Deno.memoryUsage().rss;
}
