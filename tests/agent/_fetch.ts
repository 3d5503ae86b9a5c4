// Cases of fetch: each runs with ours, and with the runtime's own, so that the
// tests say what that says, unless a case tells why not.

import { assertEquals } from "@std/assert";
import { createFetch } from "@pimalaya/io-http/agent";
import { startOrigin } from "./_origin.ts";

export type Fetch = (
  input: string | URL | Request,
  init?: RequestInit & { duplex?: string; window?: unknown },
) => Promise<Response>;

export interface Case {
  readonly name: string;
  run(fetch: Fetch, origin: string): Promise<unknown>;
  readonly expected: unknown;
  /** Why Deno's own fetch differs. */
  readonly denoDiffers?: string;
}

/** Registers a group of cases. */
export function testCases(group: string, cases: readonly Case[]): void {
  for (const { name, run, expected, denoDiffers } of cases) {
    Deno.test(`fetch, ${group}: ${name}`, async () => {
      await using origin = await startOrigin();
      await using ours = createFetch();
      assertEquals(await run(ours, origin.url), expected);
      if (denoDiffers === undefined) {
        assertEquals(await run(fetch, origin.url), expected);
      }
    });
  }
}

/** What a test can see of a response. */
export async function summary(response: Response): Promise<unknown> {
  const { status, redirected, type, url } = response;
  const path = url.replace(/^http:\/\/[^/]*/, "");
  return [status, type, redirected, path, await response.text()];
}

/** The name of what a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "no failure";
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
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
