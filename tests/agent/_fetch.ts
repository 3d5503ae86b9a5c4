// Tests of fetch: each runs with ours and with the runtime's own, so that the two
// agree, unless a test says why not.

import { assertEquals } from "@std/assert";
import { createFetch } from "@pimalaya/io-http/agent";
import { startOrigin } from "./_origin.ts";

/** A fetch to which a path is one of the origin. */
export type Fetch = (
  input: string | URL | Request,
  init?: RequestInit & { duplex?: string; window?: unknown },
) => Promise<Response>;

/** The arguments of a test: one of the two, and the URL of the origin. */
export interface Fetching {
  readonly fetch: Fetch;
  readonly origin: string;
}

type Run = (fetching: Fetching) => unknown;

/** Registers a test of our fetch and of the runtime's own, or only of ours. */
export const test = Object.assign(
  (name: string, run: Run) => testFetches(name, true, run),
  { ours: (name: string, run: Run) => testFetches(name, false, run) },
);

function testFetches(name: string, both: boolean, run: Run): void {
  Deno.test(name, async (t) => {
    await using origin = await startOrigin();
    await using ours = createFetch();
    const { url } = origin;
    const runWith = (fetch: Fetch) => async () => {
      const at: Fetch = (input, init) =>
        fetch(/^\//.test(`${input}`) ? `${url}${input}` : input, init);
      await run({ fetch: at, origin: url });
    };
    await t.step("ours", runWith(ours));
    if (both) await t.step("the runtime's own", runWith(fetch));
  });
}

/** One call of fetch as data. */
export interface FetchVector {
  /** The effect of fetch. */
  readonly name: string;
  /** The section of docs/fetch.md. */
  readonly rule: string;
  readonly url: string;
  readonly init?: object | string | number | null;
  /** The outcome, as {@linkcode outcome} shows it. */
  readonly expect?: string;
  /** The media type of the response. */
  readonly type?: string;
  /** The fields, `method`, and `body` that `/echo` received; `null` if absent. */
  readonly sent?: Readonly<Record<string, string | null>>;
  /** Why Deno's own fetch differs. */
  readonly denoDiffers?: string;
}

/** Registers vectors. */
export function testVectors(vectors: readonly FetchVector[]): void {
  for (const vector of vectors) {
    const { name, rule, url, init, sent, denoDiffers } = vector;
    const isSame = denoDiffers === undefined;
    const isRejected = vector.expect === "TypeError" && url.startsWith("/");
    testFetches(`${rule}: fetch ${name}`, isSame, async ({ fetch, origin }) => {
      if (sent === undefined) {
        const request = () => new Request(`${origin}${url}`);
        for (const input of isRejected ? [url, request()] : [url]) {
          const shown = await outcome(
            fetch(input, init as object),
            vector.type,
          );
          assertEquals(shown, vector.expect);
        }
        return;
      }
      const { headers, method, body } = await seen(fetch(url, init as object));
      const all: Record<string, string> = { ...headers, method, body };
      const names = Object.keys(sent).map((name) => [name, all[name] ?? null]);
      assertEquals(Object.fromEntries(names), sent);
    });
  }
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

/** The name of the error that a promise rejects with. */
export function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => "no failure", nameOf);
}

/** The requests that the origin received. */
export interface Seen {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Reads the response of `/echo`. */
export async function seen(response: Promise<Response>): Promise<Seen> {
  return await (await response).json();
}
