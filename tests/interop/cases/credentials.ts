// An agent that answers the challenges of a server.

import { assertEquals } from "@std/assert";
import { HttpAuthBasic } from "@pimalaya/io-http";
import { HttpAgent, type HttpCredentials } from "@pimalaya/io-http/agent";
import { HttpAuthDigest } from "@pimalaya/io-http/auth/digest";
import type { Running } from "../_server.ts";
import { assertBytes } from "../_session.ts";
import { PASSWORD, type Site, USER } from "../_site.ts";

/** The environment of one case. */
export interface CredentialRun {
  readonly site: Site;
  readonly running: Running;
  /** Ends a case that takes too long. */
  readonly signal: AbortSignal;
}

const LOGIN = { username: USER, password: PASSWORD };

/** Basic, which the first 401 asks for. */
export async function basic(run: CredentialRun): Promise<void> {
  const login = () => new HttpAuthBasic(USER, PASSWORD);
  assertEquals(await attempts(run, "/private", login), [2, 1, 1]);
}

/** Digest with MD5, whose server proves itself if it can. */
export async function md5(run: CredentialRun): Promise<void> {
  assertEquals(await attempts(run, "/digest", () => LOGIN), [2, 1, 1]);
}

/** Digest with SHA-256, and a hash in place of the username. */
export async function sha256(run: CredentialRun): Promise<void> {
  assertEquals(await attempts(run, "/digest-sha-256", () => LOGIN), [2, 1, 1]);
}

/** Digest with SHA-512-256. */
export async function sha512(run: CredentialRun): Promise<void> {
  const path = "/digest-sha-512-256";
  assertEquals(await attempts(run, path, () => LOGIN), [2, 1, 1]);
}

/** Digest with nonces that are good for one request. */
export async function once(run: CredentialRun): Promise<void> {
  assertEquals(await attempts(run, "/digest-once", () => LOGIN), [2, 1, 1]);
}

/** The userinfo of a URL. */
export async function userinfo(run: CredentialRun): Promise<void> {
  const url = urlOf(run, "/digest");
  url.username = USER;
  url.password = PASSWORD;
  await using agent = new HttpAgent();
  const { response } = await agent.send(url, { signal: run.signal });
  assertBytes(response.body, run.site.hello);
}

/** 20 requests at the same time, each with a count of its own. */
export async function concurrent(run: CredentialRun): Promise<void> {
  await using agent = new HttpAgent({ credentials: () => LOGIN });
  const url = urlOf(run, "/digest");
  await agent.send(url, { signal: run.signal });
  const calls = Array.from({ length: 20 }, async () => {
    const { response, attempts } = await agent.send(url, {
      signal: run.signal,
    });
    assertEquals([response.status, attempts], [200, 1]);
  });
  await Promise.all(calls);
}

/** A wrong password, whose 401 is the caller's. */
export async function wrong(run: CredentialRun): Promise<void> {
  for (const path of ["/private", "/digest"]) {
    const login = path === "/digest"
      ? new HttpAuthDigest(USER, "wrong")
      : new HttpAuthBasic(USER, "wrong");
    await using agent = new HttpAgent({
      credentials: ({ attempt }) => attempt === 1 ? login : null,
    });
    const { signal } = run;
    const { response } = await agent.send(urlOf(run, path), { signal });
    assertEquals(response.status, 401);
  }
}

function urlOf({ running }: CredentialRun, path: string): URL {
  return new URL(`http://127.0.0.1:${running.port}${path}/hello`);
}

/** How many requests each of three calls takes. */
async function attempts(
  run: CredentialRun,
  path: string,
  credentials: HttpCredentials,
): Promise<number[]> {
  await using agent = new HttpAgent({ credentials });
  const counts: number[] = [];
  for (let i = 0; i < 3; i++) {
    const { signal } = run;
    const output = await agent.send(urlOf(run, path), { signal });
    assertEquals(output.response.status, 200);
    assertBytes(output.response.body, run.site.hello);
    counts.push(output.attempts);
  }
  return counts;
}
