// The client of the load test, in a process of its own, whose memory and open
// files are then its alone. It takes the server's URL, and prints a `Report`.
//
// It runs with `--v8-flags=--expose-gc`.

import { HttpRequest } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { toBytes } from "../_text.ts";

/** What the process has. */
export interface Measure {
  /** Bytes, of JavaScript objects and of buffers. */
  readonly bytes: number;
  /** Open files, sockets among them; 0 where the system does not tell. */
  readonly files: number;
}

/** What it had before and after the load. */
export interface Report {
  readonly before: Measure;
  readonly afterExchanges: Measure;
  readonly duringClients: Measure;
  readonly afterClients: Measure;
}

const BODY = "0123456789";
const WAVE = 100;

/** Makes exchanges of each kind over one connection. */
async function exchangeMany(url: string, times: number): Promise<void> {
  await using client = await HttpClient.connect(url);
  for (let turn = 0; turn < times; turn++) {
    await exchangeOnce(client, url, turn);
    if (!client.reusable) throw new Error("The connection was not kept");
  }
}

async function exchangeOnce(
  client: HttpClient,
  url: string,
  turn: number,
): Promise<void> {
  const { signal } = new AbortController();
  const path = turn % 2 === 0 ? "length" : "chunked";
  const get = HttpRequest.get(`${url}${path}`);
  let text: string;
  if (turn % 5 === 0) {
    const body = ReadableStream.from([toBytes("some"), toBytes("thing")]);
    const post = HttpRequest.post(url);
    const exchange = await client.exchange(post, { body, signal });
    text = await exchange.text();
  } else if (turn % 5 < 3) {
    text = await (await client.exchange(get, { signal })).text();
  } else {
    text = (await client.send(get, { signal })).response.text();
  }
  if (text !== BODY) throw new Error(`The body is ${text}`);
}

/** Opens clients, and lets them all make exchanges at once. */
async function openMany(url: string, count: number): Promise<Measure> {
  const clients: HttpClient[] = [];
  // A server's queue of those that it has not accepted yet is not that long.
  while (clients.length < count) {
    const wave = Array.from({ length: WAVE }, () => HttpClient.connect(url));
    clients.push(...await Promise.all(wave));
  }
  for (let turn = 0; turn < 5; turn++) {
    await Promise.all(
      clients.map((client) => exchangeOnce(client, url, turn)),
    );
  }
  const during = await measure();
  await Promise.all(clients.map((client) => client.close()));
  // It answers when it knows that the others are gone.
  await using client = await HttpClient.connect(url);
  await client.send(HttpRequest.get(`${url}alone`));
  return during;
}

async function measure(): Promise<Measure> {
  // What has just ended is let go of in the turns that follow.
  for (let turn = 0; turn < 5; turn++) {
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    (globalThis as unknown as { gc: () => void }).gc();
  }
  const { heapUsed, external } = Deno.memoryUsage();
  const files = Deno.build.os === "linux"
    ? [...Deno.readDirSync("/proc/self/fd")].length
    : 0;
  return { bytes: heapUsed + external, files };
}

if (import.meta.main) {
  const [url] = Deno.args as [string];
  // What is made once, and kept, is made here.
  await exchangeMany(url, 1000);
  await openMany(url, WAVE);
  const before = await measure();
  await exchangeMany(url, 10_000);
  const afterExchanges = await measure();
  const duringClients = await openMany(url, 1000);
  const afterClients = await measure();
  const report: Report = {
    before,
    afterExchanges,
    duringClients,
    afterClients,
  };
  console.log(JSON.stringify(report));
}
