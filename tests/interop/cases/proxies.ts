// An agent behind a proxy, and an origin behind that.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { HttpAuthBasic, HttpError } from "@pimalaya/io-http";
import { HttpAgent, type HttpAgentOptions } from "@pimalaya/io-http/agent";
import { HttpAuthDigest } from "@pimalaya/io-http/auth/digest";
import type { Use } from "../../matrix/cells.ts";
import { assertOk } from "../../exchanges/_session.ts";
import { checkLarge, HELLO, USER } from "../../exchanges/_site.ts";
import { FORBIDDEN_PORT } from "../proxies.ts";

/** The tools of one case. */
export interface ProxyRun {
  readonly caCert: string;
  /** The origin's URLs, http and https. */
  readonly origins: readonly [string, string];
  /** A closed port. */
  readonly deadPort: number;
  /** The proxy's URLs: without and with a login. */
  readonly open: string;
  readonly locked: string;
  readonly password: string;
  readonly use: Use;
}

/** The cases, by their title. */
export const PROXYING = {
  "http URL": (run: ProxyRun) => get(openAgent(run), run.origins[0]),

  "https URL": (run: ProxyRun) => get(openAgent(run), run.origins[1]),

  async "A name that the proxy resolves"(run: ProxyRun) {
    const origin = run.origins[1].replace("127.0.0.1", "localhost");
    await get(openAgent(run), origin);
  },

  async "20 requests on a connection"(run: ProxyRun) {
    for (const origin of run.origins) {
      const agent = openAgent(run);
      for (let i = 0; i < 20; i++) await get(agent, origin);
      assertEquals(agent.stats().open, 1);
    }
  },

  async "100 MB by digest"(run: ProxyRun) {
    const url = `${run.origins[1]}/large`;
    const exchange = await openAgent(run).exchange(url);
    await checkLarge(exchange.body);
  },

  async "A port that it forbids"(run: ProxyRun) {
    const { response } = await refusal(run, FORBIDDEN_PORT);
    if (response !== null) assertEquals(response.status, 403);
  },

  async "A port that nobody listens on"(run: ProxyRun) {
    const { response } = await refusal(run, run.deadPort);
    if (response !== null) assert(response.status >= 500);
  },

  /** The 407 is answered once for both ways to use the proxy. */
  async "Basic: 407, then ahead of it"(run: ProxyRun) {
    let asked = 0;
    const agent = openAgent(run, {
      proxy: run.locked,
      credentials({ proxy }) {
        assert(proxy, "The origin asks for nothing");
        asked++;
        return new HttpAuthBasic(USER, run.password);
      },
    });
    for (const origin of run.origins) {
      for (let i = 0; i < 3; i++) await get(agent, origin);
    }
    assertEquals(asked, 1);
  },

  /** Also for nonces that the proxy limits. */
  async "Digest: 407, then ahead of it"(run: ProxyRun) {
    const agent = openAgent(run, {
      proxy: run.locked,
      credentials: () => new HttpAuthDigest(USER, run.password),
    });
    for (const origin of run.origins) {
      for (let i = 0; i < 15; i++) await get(agent, origin);
      await Promise.all(
        Array.from({ length: 10 }, () => get(agent, origin)),
      );
    }
  },

  async "Login in the URL"(run: ProxyRun) {
    const proxy = withLogin(run.locked, run.password);
    const agent = openAgent(run, { proxy });
    for (const origin of run.origins) await get(agent, origin);
  },

  async "Wrong login in the URL"(run: ProxyRun) {
    const proxy = withLogin(run.locked, "wrong");
    for (const origin of run.origins) {
      const { response } = await refusal(run, origin, { proxy });
      if (response !== null) assertEquals(response.status, 407);
    }
  },
};

function withLogin(proxy: string, password: string): URL {
  const url = new URL(proxy);
  url.username = USER;
  url.password = password;
  return url;
}

function openAgent(run: ProxyRun, options?: HttpAgentOptions): HttpAgent {
  const tls = { caCerts: [run.caCert] };
  return run.use(new HttpAgent({ proxy: run.open, tls, ...options }));
}

async function get(agent: HttpAgent, origin: string): Promise<void> {
  assertOk(await agent.send(`${origin}/hello`), HELLO);
}

/** Returns the refusal of a proxy; one that speaks SOCKS has no response. */
async function refusal(
  run: ProxyRun,
  origin: string | number,
  options?: HttpAgentOptions,
): Promise<HttpError> {
  const url = typeof origin === "number"
    ? `https://127.0.0.1:${origin}/`
    : origin;
  const agent = openAgent(run, options);
  const error = await assertRejects(() => agent.send(url), HttpError);
  assertEquals(error.code, "ProxyRefused");
  assertEquals(error.response === null, run.open.startsWith("socks"));
  return error;
}
