// A client of one server, which checks after each exchange that the connection
// was left as it should be: open, for a server that keeps connections.

import { assert, assertEquals } from "@std/assert";
import { equals } from "@std/bytes";
import { HttpRequest, type HttpResponse } from "@pimalaya/io-http";
import {
  HttpClient,
  type HttpClientOutput,
  type HttpExchangeOptions,
} from "@pimalaya/io-http/client";
import type { Use } from "../matrix/cells.ts";
import type { Ports } from "./_program.ts";
import type { Server } from "./servers.ts";
import { digest, type Site } from "./_site.ts";

/** What one case works with. */
export interface Run extends Ports {
  readonly site: Site;
  readonly server: Server;
  /** Disposes of something when the case is over, and returns it. */
  readonly use: Use;
}

/** A streamed exchange, read to its end. */
interface Streamed {
  readonly response: HttpResponse;
  readonly body: Uint8Array;
  /** The statuses of the interim responses. */
  readonly interim: readonly number[];
}

/** Exchanges with one server, over one connection if it keeps it. */
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
    const origin = tls
      ? `https://localhost:${run.otherPort}`
      : `http://127.0.0.1:${run.port}`;
    return run.use(new Session(run, origin, await connect(run, origin)));
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
    const output = await this.#client.send(request);
    await this.#checkLeft(output);
    return output;
  }

  /** Sends a GET of a path. */
  async get(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<HttpResponse> {
    const request = HttpRequest.get(this.url(path), { headers });
    return (await this.send(request)).response;
  }

  /** Streams an exchange and checks how the connection was left. */
  async stream(
    request: HttpRequest,
    options: HttpExchangeOptions = {},
  ): Promise<Streamed> {
    const interim: number[] = [];
    const onInterim = ({ status }: HttpResponse) => void interim.push(status);
    const exchange = await this.#client.exchange(request, {
      onInterim,
      ...options,
    });
    const body = await exchange.bytes();
    await this.#checkLeft(await exchange.closed);
    return { response: exchange.response, body, interim };
  }

  /** Checks that the next response is read from where it starts. */
  async checkInStep(): Promise<void> {
    assertOk({ response: await this.get("/hello") }, this.#run.site.hello);
  }

  /** Streams the body of 100 MB through a hash. */
  async checkLarge(): Promise<void> {
    const request = HttpRequest.get(this.url("/large"));
    const exchange = await this.#client.exchange(request);
    assertEquals(exchange.response.status, 200);
    assertEquals(await digest(exchange.body), this.#run.site.largeDigest);
    await this.#checkLeft(await exchange.closed);
    await this.checkInStep();
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

function connect({ site }: Run, origin: string): Promise<HttpClient> {
  return HttpClient.connect(origin, {
    // `localhost` may be ::1 as well, where no server of these tests listens.
    hostname: "127.0.0.1",
    ...(origin.startsWith("https:") && { tls: { caCerts: [site.caCert] } }),
  });
}

/** Checks for a 200 with a body, which is not printed. */
export function assertOk(
  { response, body = response.body }: Pick<Streamed, "response"> & {
    body?: Uint8Array;
  },
  expected: Uint8Array,
): void {
  assertEquals(response.status, 200);
  assert(
    equals(body, expected),
    `The body of ${body.length} bytes is not the expected one of ` +
      `${expected.length} bytes`,
  );
}
