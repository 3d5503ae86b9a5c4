// Servers in memory, and a connector that opens pipes to them.
//
// A handler answers each request with the bytes for the wire, and decides what happens
// to the connection then.

import { HttpAgent, type HttpAgentOptions } from "@pimalaya/io-http/agent";
import type {
  HttpAddress,
  HttpConnection,
  HttpConnector,
} from "../../client/transport/http_connection.ts";
import { pipe, type PipeServer } from "../_pipe.ts";
import { toText } from "../_text.ts";
import { drainViews } from "../client/_client.ts";
import { FakeClock } from "./_clock.ts";
import { TextReader } from "./_reader.ts";

export const URL_A = "http://a.example/";
export const URL_B = "http://b.example/";

/** An agent whose servers answer as a handler says, and its clock. */
export function serve(handle?: Handler, options: HttpAgentOptions = {}) {
  const network = new Network(handle);
  const clock = new FakeClock();
  const agent = new HttpAgent({ connector: network, clock, ...options });
  return { network, clock, agent };
}

/** The ways to read a body. */
export const READERS: Readonly<
  Record<string, (agent: HttpAgent, url: string) => Promise<string>>
> = {
  "send()": async (agent, url) => (await agent.send(url)).response.text(),
  "text()": async (agent, url) => await (await agent.exchange(url)).text(),
  async "its stream"(agent, url) {
    let text = "";
    const { body } = await agent.exchange(url);
    for await (const piece of body) text += toText(piece);
    return text;
  },
  "large views of its stream": async (agent, url) =>
    await drainViews((await agent.exchange(url)).body, 5000),
  "its Response": async (agent, url) =>
    await (await agent.exchange(url)).toResponse().text(),
  "fetch()": async (agent, url) => await (await agent.fetch(url)).text(),
  "a clone": async (agent, url) =>
    await (await agent.fetch(url)).clone().text(),
};

/** A request as the server read it. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  /** The head, with its line ends. */
  readonly head: string;
  readonly body: string;
  /** Which connection it came on, from 1 on. */
  readonly connection: number;
  /** Which request of that connection it is, from 1 on. */
  readonly ordinal: number;
}

/** A server's action. A plain text is written, and the next request is read. */
export type Reply =
  | string
  | {
    readonly write?: string;
    readonly then?: "close" | "reset" | "stall";
    /** A promise to await before it continues. */
    readonly after?: Promise<unknown>;
  };

/** Answers a request; a thrown error resets the connection. */
export type Handler = (request: SeenRequest) => Reply | Promise<Reply>;

/** A network in memory, with one server for all addresses. */
export class Network implements HttpConnector {
  readonly requests: SeenRequest[] = [];
  readonly targets: HttpAddress[] = [];
  /** Every connection that was opened, by its number less one. */
  readonly servers: PipeServer[] = [];
  /** The highest number of connections that were open at once. */
  peak = 0;
  readonly #handle: Handler;
  readonly #isDeaf: boolean;

  /** A deaf server reads nothing, and its window is full at once. */
  constructor(
    handle: Handler = () => ok("hi"),
    { isDeaf = false }: { readonly isDeaf?: boolean } = {},
  ) {
    this.#handle = handle;
    this.#isDeaf = isDeaf;
  }

  /** The values of a field in all requests so far, `null` for its absence. */
  sent(name: string): (string | null)[] {
    const pattern = new RegExp(`\\r\\n${name}: (.*)\\r\\n`, "i");
    return this.requests.map(({ head }) => pattern.exec(head)?.[1] ?? null);
  }

  /** How many connections the clients have not closed. */
  get open(): number {
    return this.servers.filter((server) => !server.isClosed).length;
  }

  connect(
    target: HttpAddress,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<HttpConnection> {
    options?.signal?.throwIfAborted();
    const { client, server } = pipe(this.#isDeaf ? { capacity: 0 } : {});
    this.targets.push(target);
    this.servers.push(server);
    this.peak = Math.max(this.peak, this.open);
    if (!this.#isDeaf) {
      this.#serve(server, this.servers.length).catch((error) =>
        server.abort(error)
      );
    }
    const info = { remote: target, local: null, tls: null };
    return Promise.resolve({ ...client, info });
  }

  async #serve(server: PipeServer, connection: number): Promise<void> {
    const reader = new TextReader(() => server.read());
    for (let ordinal = 1;; ordinal++) {
      const head = await reader.until("\r\n\r\n").catch(() => null);
      // The client closed or aborted the connection.
      if (head === null) return await server.close();
      const [method, target] = head.split(" ", 2) as [string, string];
      const body = await readBody(reader, head);
      const request = { method, target, head, body, connection, ordinal };
      this.requests.push(request);
      const reply = await this.#handle(request);
      const { write = "", then, after } = typeof reply === "string"
        ? { write: reply }
        : reply;
      await after;
      if (write !== "") await server.write(write);
      if (then === "close") return await server.close();
      if (then === "reset") throw new Error("Connection reset by peer");
      if (then === "stall") return;
    }
  }
}

/** A response with a length. */
export function respond(
  status: string,
  body = "",
  headers: Record<string, string> = {},
): string {
  const fields = Object.entries({ "Content-Length": body.length, ...headers });
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\n${lines.join("")}\r\n${body}`;
}

/** A 200 with a length. */
export function ok(body = "", headers: Record<string, string> = {}): string {
  return respond("200 OK", body, headers);
}

async function readBody(reader: TextReader, head: string): Promise<string> {
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) return await reader.take(Number(length));
  let body = "";
  if (!/\r\ntransfer-encoding: chunked/i.test(head)) return body;
  while (true) {
    const size = parseInt(await reader.until("\r\n"), 16);
    const data = await reader.take(size + 2);
    if (size === 0) return body;
    body += data.slice(0, -2);
  }
}
