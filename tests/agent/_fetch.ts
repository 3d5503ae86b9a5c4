// Cases of fetch: each runs with ours, and with the runtime's own, so that the
// tests say what that says, unless a case tells why not.

import { assertEquals } from "@std/assert";
import { createFetch } from "@pimalaya/io-http/agent";
import { startOrigin } from "./_origin.ts";

/** A fetch to which a path is one of the origin. */
export type Fetch = (
  input: string | URL | Request,
  init?: RequestInit & { duplex?: string; window?: unknown },
) => Promise<Response>;

export type Case = [
  name: string,
  run: (fetch: Fetch, origin: string) => unknown,
  expected: unknown,
  denoDiffers?: string | undefined,
];

/** Registers cases. */
export function testCases(cases: readonly Case[]): void {
  for (const [name, run, expected, denoDiffers] of cases) {
    Deno.test(name, async () => {
      await using origin = await startOrigin();
      await using ours = createFetch();
      const at = (fetch: Fetch): Fetch => (input, init) =>
        fetch(/^\//.test(`${input}`) ? origin.url + input : input, init);
      assertEquals(await run(at(ours), origin.url), expected);
      if (denoDiffers === undefined) {
        assertEquals(await run(at(fetch), origin.url), expected);
      }
    });
  }
}

/** One call of fetch as data. */
export interface FetchVector {
  /** What fetch does. */
  readonly name: string;
  /** The section of docs/fetch.md. */
  readonly rule: string;
  readonly url: string;
  readonly init?: object;
  /** The outcome, as {@linkcode outcome} shows it. */
  readonly expect?: string;
  /** The media type of the response. */
  readonly type?: string;
  /** What `/echo` saw: fields, and `method` and `body`; `null` for its absence. */
  readonly sent?: Readonly<Record<string, string | null>>;
  /** Why Deno's own fetch differs. */
  readonly denoDiffers?: string;
}

/** Registers vectors. */
export function testVectors(vectors: readonly FetchVector[]): void {
  testCases(vectors.map((vector): Case => {
    const { name, rule, url, init, expect, type, sent, denoDiffers } = vector;
    const title = `${rule}: fetch ${name}`;
    if (sent === undefined) {
      const run = (fetch: Fetch) => outcome(fetch(url, init), type);
      return [title, run, expect, denoDiffers];
    }
    const run = async (fetch: Fetch) => {
      const { headers, method, body } = await seen(fetch(url, init));
      const all: Record<string, string> = { ...headers, method, body };
      const names = Object.keys(sent);
      return Object.fromEntries(names.map((name) => [name, all[name] ?? null]));
    };
    return [title, run, sent, denoDiffers];
  }));
}

/** Shows a response, as `STATUS redirected PATH: BODY`, or a failure. */
export async function outcome(
  fetched: Promise<Response>,
  mediaType?: string,
): Promise<string> {
  try {
    const response = await fetched;
    const { status, ok, redirected, type, headers } = response;
    if (mediaType) assertEquals(headers.get("content-type"), mediaType);
    assertEquals([type, ok], ["basic", status >= 200 && status < 300]);
    const path = response.url.replace(/^http:\/\/[^/]*/, "");
    const text = await response.text().catch((error) => error.name);
    return `${status}${redirected ? " redirected" : ""} ${path}: ${text}`;
  } catch (error) {
    return nameOf(error);
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

/** The name of what a promise rejects with. */
export function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => "no failure", nameOf);
}

/** What the origin saw. */
export interface Seen {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Reads the response of `/echo`. */
export async function seen(response: Promise<Response>): Promise<Seen> {
  return await (await response).json();
}
