// An agent behind a proxy, and an origin behind that.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { HttpAuthBasic, HttpError } from "@pimalaya/io-http";
import { HttpAgent, type HttpAgentOptions } from "@pimalaya/io-http/agent";
import { HttpAuthDigest } from "@pimalaya/io-http/auth/digest";
import { assertBytes } from "../_session.ts";
import type { Running } from "../_server.ts";
import type { Site } from "../_site.ts";
import { FORBIDDEN_PORT, type RunningProxy } from "../proxies/_proxy.ts";

/** The environment of one case. */
export interface ProxyRun {
  readonly site: Site;
  readonly origin: Running;
  readonly proxy: RunningProxy;
  readonly isSocks: boolean;
  /** A port that nobody listens on. */
  readonly deadPort: number;
  /** Ends a case that takes too long. */
  readonly signal: AbortSignal;
}

/** An http URL. */
export async function http(run: ProxyRun): Promise<void> {
  await using agent = openAgent(run);
  await get(agent, run, `http://127.0.0.1:${run.origin.port}`);
}

/** An https URL. */
export async function https(run: ProxyRun): Promise<void> {
  await using agent = openAgent(run);
  await get(agent, run, `https://127.0.0.1:${run.origin.tlsPort}`);
}

/** A name that the proxy resolves. */
export async function name(run: ProxyRun): Promise<void> {
  await using agent = openAgent(run);
  await get(agent, run, `https://localhost:${run.origin.tlsPort}`);
}

/** Many requests over one connection. */
export async function reuse(run: ProxyRun): Promise<void> {
  for (const url of urls(run)) {
    await using agent = openAgent(run);
    for (let i = 0; i < 20; i++) await get(agent, run, url);
    assertEquals(agent.stats().open, 1);
  }
}

/** A large body through a tunnel. */
export async function large(run: ProxyRun): Promise<void> {
  await using agent = openAgent(run);
  const url = `https://127.0.0.1:${run.origin.tlsPort}/large`;
  const exchange = await agent.exchange(url, { signal: run.signal });
  const hash = createHash("sha256");
  for await (const piece of exchange.body) hash.update(piece);
  assertEquals(hash.digest("hex"), run.site.large.digest);
}

/** A port that the proxy does not connect to. */
export async function forbidden(run: ProxyRun): Promise<void> {
  const error = await failure(run, `https://127.0.0.1:${FORBIDDEN_PORT}/`);
  assertEquals(error.code, "ProxyRefused");
  if (!run.isSocks) assertEquals(error.response?.status, 403);
}

/** A port that nobody listens on. */
export async function unreachable(run: ProxyRun): Promise<void> {
  const error = await failure(run, `https://127.0.0.1:${run.deadPort}/`);
  assertEquals(error.code, "ProxyRefused");
  if (!run.isSocks) assert(error.response!.status >= 500);
}

/** A 407 with Basic, which is answered once for each way to use the proxy. */
export async function basic(run: ProxyRun): Promise<void> {
  const { url, login } = run.proxy.locked!;
  let asked = 0;
  await using agent = openAgent(run, {
    proxy: url,
    credentials({ proxy }) {
      assert(proxy, "The origin asks for nothing");
      asked++;
      return new HttpAuthBasic(login.username, login.password);
    },
  });
  for (const url of urls(run)) {
    for (let i = 0; i < 3; i++) await get(agent, run, url);
  }
  assertEquals(asked, 1);
}

/** A 407 with Digest, also for nonces that the proxy limits. */
export async function digest(run: ProxyRun): Promise<void> {
  const { url, login } = run.proxy.locked!;
  await using agent = openAgent(run, {
    proxy: url,
    credentials: () => new HttpAuthDigest(login.username, login.password),
  });
  for (const url of urls(run)) {
    for (let i = 0; i < 15; i++) await get(agent, run, url);
    const calls = Array.from({ length: 10 }, () => get(agent, run, url));
    await Promise.all(calls);
  }
}

/** The userinfo of the proxy's URL. */
export async function login(run: ProxyRun): Promise<void> {
  const { url, login } = run.proxy.locked!;
  const proxy = new URL(url);
  proxy.username = login.username;
  proxy.password = login.password;
  await using agent = openAgent(run, { proxy });
  for (const url of urls(run)) await get(agent, run, url);
}

/** A wrong password. */
export async function wrongLogin(run: ProxyRun): Promise<void> {
  const { url, login } = run.proxy.locked!;
  const proxy = new URL(url);
  proxy.username = login.username;
  proxy.password = "wrong";
  for (const url of urls(run)) {
    const error = await failure(run, url, { proxy });
    assertEquals(error.code, "ProxyRefused");
    if (!run.isSocks) assertEquals(error.response?.status, 407);
  }
}

function urls({ origin }: ProxyRun): string[] {
  return [
    `http://127.0.0.1:${origin.port}`,
    `https://127.0.0.1:${origin.tlsPort}`,
  ];
}

function openAgent(run: ProxyRun, options: HttpAgentOptions = {}): HttpAgent {
  const caCerts = [Deno.readTextFileSync(run.site.tls.ca)];
  return new HttpAgent({ proxy: run.proxy.url, tls: { caCerts }, ...options });
}

async function get(
  agent: HttpAgent,
  { site, signal }: ProxyRun,
  origin: string,
): Promise<void> {
  const { response } = await agent.send(`${origin}/hello`, { signal });
  assertEquals(response.status, 200);
  assertBytes(response.body, site.hello);
}

async function failure(
  run: ProxyRun,
  url: string,
  options?: HttpAgentOptions,
): Promise<HttpError> {
  await using agent = openAgent(run, options);
  const { signal } = run;
  return await assertRejects(() => agent.send(url, { signal }), HttpError);
}
