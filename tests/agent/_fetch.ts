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
export function testCases(group: string, cases: readonly Case[]): void {
  for (const [name, run, expected, denoDiffers] of cases) {
    Deno.test(`fetch, ${group}: ${name}`, async () => {
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

/**
 * Registers cases of one line each: members of the init, the URL or path, ">",
 * what a test can see of the response, and after "|" why Deno's own fetch differs.
 */
export function testLines(group: string, text: string): void {
  const lines = text.split("\n").filter((line) => line !== "");
  testCases(
    group,
    lines.map((line): Case => {
      const [call, rest] = line.split(" > ") as [string, string];
      const [expected, denoDiffers] = rest.split(" | ") as [string, string?];
      const [, members, url] = /^((?:\w+=\S+ )*)(.*)$/.exec(call)!;
      const init = Object.fromEntries(
        members!.split(" ").filter(Boolean).map((pair) => pair.split("=")),
      );
      const run = (fetch: Fetch) => outcome(fetch(url!, init));
      return [line, run, expected, denoDiffers];
    }),
  );
}

/** Shows a response, as `STATUS redirected PATH: BODY`, or a failure. */
export async function outcome(fetched: Promise<Response>): Promise<string> {
  try {
    const response = await fetched;
    const { status, ok, redirected, type } = response;
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
