// Clients that send the same small request, one after the other in each place,
// and take the body of the response as text. Each runs on Deno, Node, and Bun, as
// its users would use it.

import { Agent, get } from "node:http";
import { Agent as UndiciAgent, fetch as undiciFetch, Pool } from "undici";
import { HttpRequest } from "@pimalaya/io-http";
import { createFetch, HttpAgent } from "@pimalaya/io-http/agent";
import { HttpClient } from "@pimalaya/io-http/client";
import type { Contender } from "./_measure.ts";

/** The small body, in bytes. */
export const SMALL_BYTES = 11;

/** Sends one request, and returns the length of the body in characters. */
export type Send = () => Promise<number>;

/** The server that the clients talk to. */
export interface Site {
  /** A small body, over http. */
  readonly small: string;
  /** The same over https. */
  readonly smallTls: string;
  /** 100 MB. */
  readonly large: string;
  /** 1 MB of JSON, coded with gzip. */
  readonly json: string;
  /** Takes a POST with a chunked body. */
  readonly upload: string;
  /** The authority behind the certificate of `smallTls`. */
  readonly ca: string;
}

/** A kind of client. */
export interface Client {
  readonly name: string;
  /** Creates a number of places to send from, each with a connection. */
  open(site: Site, url: string, places: number): Promise<Send[]>;
}

/** One `HttpClient` for each place, through `send`. */
export const CLIENT_SEND: Client = {
  name: "HttpClient.send",
  open: (site, url, places) =>
    openClients(site, url, places, (client) => async () => {
      const { response } = await client.send(HttpRequest.get(url));
      return response.text().length;
    }),
};

/** One `HttpClient` for each place, through `exchange`. */
export const CLIENT_EXCHANGE: Client = {
  name: "HttpClient.exchange",
  open: (site, url, places) =>
    openClients(site, url, places, (client) => async () => {
      const exchange = await client.exchange(HttpRequest.get(url));
      return (await exchange.text()).length;
    }),
};

/** A streamed upload of five bytes. */
export const CLIENT_STREAMED_POST: Client = {
  name: "exchange, a stream of 5 bytes",
  open: (site, url, places) =>
    openClients(site, url, places, (client) => async () => {
      const body = ReadableStream.from([FIVE_BYTES]);
      const exchange = await client.exchange(HttpRequest.post(url), { body });
      return (await exchange.text()).length;
    }),
};

/** The same upload with the body in the request. */
export const CLIENT_POST: Client = {
  name: "exchange, 5 bytes in the request",
  open: (site, url, places) =>
    openClients(site, url, places, (client) => async () => {
      const request = HttpRequest.post(url, { body: FIVE_BYTES });
      return (await (await client.exchange(request)).text()).length;
    }),
};

/** One agent for all places, through `send`. */
export const AGENT_SEND: Client = {
  name: "HttpAgent.send",
  open({ ca }, url, places) {
    const agent = new HttpAgent({ tls: { caCerts: [ca] } });
    return repeat(places, async () => {
      const { response } = await agent.send(url);
      return response.text().length;
    });
  },
};

/** One agent for all places, through `fetch`. */
export const AGENT_FETCH: Client = {
  name: "HttpAgent.fetch",
  open({ ca }, url, places) {
    const fetch = createFetch({ tls: { caCerts: [ca] } });
    return repeat(places, async () => (await (await fetch(url)).text()).length);
  },
};

/** The runtime's own `fetch`. Its authorities come from the environment. */
export const FETCH: Client = {
  name: "fetch",
  open: (_site, url, places) =>
    repeat(places, async () => (await (await fetch(url)).text()).length),
};

/** `Pool.request` of undici. */
export const UNDICI: Client = {
  name: "undici request",
  open({ ca }, url, places) {
    const { origin, pathname: path } = new URL(url);
    const pool = new Pool(origin, { connections: places, connect: { ca } });
    return repeat(places, async () => {
      const { body } = await pool.request({ path, method: "GET" });
      return (await body.text()).length;
    });
  },
};

/** `fetch` of undici. */
export const UNDICI_FETCH: Client = {
  name: "undici fetch",
  open({ ca }, url, places) {
    const dispatcher = new UndiciAgent({
      connections: places,
      connect: { ca },
    });
    return repeat(places, async () => {
      const response = await undiciFetch(url, { dispatcher });
      return (await response.text()).length;
    });
  },
};

/** `node:http` with a keep-alive agent. */
export const NODE_HTTP: Client = {
  name: "node:http",
  open(_site, url, places) {
    const agent = new Agent({ keepAlive: true, maxSockets: places });
    return repeat(places, () =>
      new Promise<number>((resolve, reject) => {
        get(url, { agent }, (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (piece: string) => text += piece);
          response.on("end", () => resolve(text.length));
          response.on("error", reject);
        }).on("error", reject);
      }));
  },
};

const FIVE_BYTES = new TextEncoder().encode("hello");

/** Makes a contender that keeps all its places busy. */
export async function keepBusy(
  client: Client,
  site: Site,
  url: string,
  places: number,
  bodyLength: number = SMALL_BYTES,
): Promise<Contender> {
  const sends = await client.open(site, url, places);
  return {
    name: client.name,
    async run(times) {
      let left = times;
      await Promise.all(sends.map(async (send) => {
        while (left-- > 0) {
          const length = await send();
          if (length === bodyLength) continue;
          throw new Error(`${client.name} received ${length} characters`);
        }
      }));
    },
  };
}

function openClients(
  { ca }: Site,
  url: string,
  places: number,
  makeSend: (client: HttpClient) => Send,
): Promise<Send[]> {
  const tls = url.startsWith("https:") ? { tls: { caCerts: [ca] } } : {};
  return Promise.all(Array.from({ length: places }, async () => {
    return makeSend(await HttpClient.connect(url, tls));
  }));
}

function repeat(places: number, send: Send): Promise<Send[]> {
  return Promise.resolve(Array.from({ length: places }, () => send));
}
