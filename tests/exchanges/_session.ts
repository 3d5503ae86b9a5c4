// A client of one server, in any runtime, which checks after each exchange that the connection
// was left as it should be: open, for a server that keeps connections.

import { assert, assertEquals } from "@std/assert";
import { equals } from "@std/bytes";
import type {
  HttpClient,
  HttpClientOutput,
  HttpExchangeOptions,
} from "../../client/mod.ts";
import { HttpRequest, type HttpResponse } from "../../mod.ts";
import type { Use } from "../matrix/cells.ts";
import { checkLarge, HELLO } from "./_site.ts";

/** The tools of one case. */
export interface Run {
  /** The URLs of the server's origins, for HTTP and for HTTPS. */
  readonly origins: readonly [string, string];
  readonly habits: Habits;
  /** Connects to an origin. */
  connect(origin: string): Promise<HttpClient>;
  readonly use: Use;
}

/** The ways in which a server differs from others, as it may. */
export interface Habits {
  /** Whether connections outlive a response; the default. */
  readonly persists?: boolean;
  /**
   * Whether it says that it will close a connection because it was asked to, or
   * because of HTTP/1.0 (a SHOULD of RFC 9112 §9.6); the default.
   */
  readonly saysClose?: boolean;
  /** The validators of `/hello` (RFC 9110 §8.8); both by default. */
  readonly validators?: readonly ("ETag" | "Last-Modified")[];
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
  /** The client over the current connection. */
  client: HttpClient;

  private constructor(run: Run, origin: string, client: HttpClient) {
    this.#run = run;
    this.#origin = origin;
    this.client = client;
  }

  /** Connects to the server. */
  static async open(run: Run, { tls = false } = {}): Promise<Session> {
    const origin = run.origins[tls ? 1 : 0];
    return run.use(new Session(run, origin, await run.connect(origin)));
  }

  /** Makes the URL of a path. */
  url(path: string): string {
    return this.#origin + path;
  }

  /** Sends a request and checks how the connection was left. */
  async send(request: HttpRequest): Promise<HttpClientOutput> {
    const output = await this.client.send(request);
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
    const exchange = await this.client.exchange(request, {
      onInterim,
      ...options,
    });
    const body = await exchange.bytes();
    await this.#checkLeft(await exchange.closed);
    return { response: exchange.response, body, interim };
  }

  /** Checks that the next response is read from its first byte. */
  async checkInStep(): Promise<void> {
    assertOk({ response: await this.get("/hello") }, HELLO);
  }

  /** Streams the body of 100 MB. */
  async checkLarge(): Promise<void> {
    const request = HttpRequest.get(this.url("/large"));
    const exchange = await this.client.exchange(request);
    assertEquals(exchange.response.status, 200);
    await checkLarge(exchange.body);
    await this.#checkLeft(await exchange.closed);
    await this.checkInStep();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }

  async #checkLeft(
    left: { readonly closeReason: string | null; readonly keepAlive: boolean },
  ): Promise<void> {
    const { persists = true } = this.#run.habits;
    assertEquals(left.closeReason, persists ? null : "Http10");
    assertEquals(left.keepAlive, persists);
    assertEquals(this.client.reusable, persists);
    if (!persists) this.client = await this.#run.connect(this.#origin);
  }
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
