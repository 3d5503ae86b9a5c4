// A client of one server, which checks after each exchange that the connection
// was left as it should be: open, for a server that keeps connections.

import { assert, assertEquals } from "@std/assert";
import { equals } from "@std/bytes";
import { createHash } from "node:crypto";
import { HttpRequest, type HttpResponse } from "@pimalaya/io-http";
import {
  HttpClient,
  type HttpClientOutput,
  type HttpExchangeOptions,
} from "@pimalaya/io-http/client";
import type { Running, Server } from "./_server.ts";
import type { Site } from "./_site.ts";

/** What one case works with. */
export interface Run {
  readonly site: Site;
  readonly server: Server;
  readonly running: Running;
  /** Ends a case that takes too long. */
  readonly signal: AbortSignal;
}

/** A streamed exchange, read to its end. */
export interface Streamed {
  readonly response: HttpResponse;
  readonly body: Uint8Array;
  /** The statuses of the interim responses. */
  readonly interim: readonly number[];
}

/** Exchanges with one server, over one connection where it keeps it. */
export class Session implements AsyncDisposable {
  readonly #run: Run;
  readonly #origin: string;
  #client: HttpClient;

  private constructor(run: Run, origin: string, client: HttpClient) {
    this.#run = run;
    this.#origin = origin;
    this.#client = client;
  }

  /** Connects to the server. */
  static async open(run: Run, { tls = false } = {}): Promise<Session> {
    const { port, tlsPort } = run.running;
    const origin = tls
      ? `https://localhost:${tlsPort}`
      : `http://127.0.0.1:${port}`;
    return new Session(run, origin, await connect(run, origin));
  }

  /** The client over the current connection. */
  get client(): HttpClient {
    return this.#client;
  }

  /** Makes the URL of a path. */
  url(path: string): string {
    return this.#origin + path;
  }

  /** Sends a request and checks how the connection was left. */
  async send(request: HttpRequest): Promise<HttpClientOutput> {
    const { signal } = this.#run;
    const output = await this.#client.send(request, { signal });
    await this.#checkLeft(output);
    return output;
  }

  /** Sends a GET of a path. */
  async get(path: string): Promise<HttpClientOutput> {
    return await this.send(HttpRequest.get(this.url(path)));
  }

  /** Streams an exchange and checks how the connection was left. */
  async stream(
    request: HttpRequest,
    options: HttpExchangeOptions = {},
  ): Promise<Streamed> {
    const interim: number[] = [];
    const exchange = await this.#client.exchange(request, {
      signal: this.#run.signal,
      onInterim: ({ status }) => interim.push(status),
      ...options,
    });
    const { response } = exchange;
    const body = await exchange.bytes();
    await this.#checkLeft(await exchange.closed);
    return { response, body, interim };
  }

  /** Checks that the next response is read from where it starts. */
  async checkInStep(): Promise<void> {
    const { response } = await this.get("/hello");
    assertEquals(response.status, 200);
    assertBytes(response.body, this.#run.site.hello);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }

  async #checkLeft(
    left: { readonly closeReason: string | null; readonly keepAlive: boolean },
  ): Promise<void> {
    const { persists = true } = this.#run.server;
    assertEquals(left.closeReason, persists ? null : "Http10");
    assertEquals(left.keepAlive, persists);
    assertEquals(this.#client.reusable, persists);
    if (!persists) this.#client = await connect(this.#run, this.#origin);
  }
}

async function connect({ site, signal }: Run, origin: string) {
  const caCerts = [await Deno.readTextFile(site.tls.ca)];
  // `localhost` may be ::1 as well, where no server of these tests listens.
  return await HttpClient.connect(origin, {
    hostname: "127.0.0.1",
    ...(origin.startsWith("https:") && { tls: { caCerts } }),
    signal,
  });
}

/** Compares bytes without printing them. */
export function assertBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert(
    equals(actual, expected),
    `The body of ${actual.length} bytes is not the expected one of ` +
      `${expected.length} bytes`,
  );
}

/** Streams the body of 100 MB through a hash. */
export async function checkLarge(run: Run, session: Session): Promise<void> {
  const exchange = await session.client.exchange(
    HttpRequest.get(session.url("/large")),
    { signal: run.signal },
  );
  assertEquals(exchange.response.status, 200);
  const hash = createHash("sha256");
  let length = 0;
  for await (const piece of exchange.body) {
    hash.update(piece);
    length += piece.length;
  }
  assertEquals(length, run.site.large.length);
  assertEquals(hash.digest("hex"), run.site.large.digest);
  const { keepAlive } = await exchange.closed;
  assertEquals(keepAlive, run.server.persists ?? true);
  if (keepAlive) await session.checkInStep();
}
