// The exchanges that also run against servers of others (`../../interop/`).

import { HttpClient } from "../../../client/mod.ts";
import { EXCHANGES } from "../../exchanges/all.ts";
import type { Run } from "../../exchanges/_session.ts";
import { type Case, casesOf, type Env, type Group } from "./_case.ts";

const { "100 MB by digest": download, ...others } = EXCHANGES;

/** The case of the large body, which is one of streams. */
export const DOWNLOAD = (env: Env): Promise<void> => download(runOf(env));

/** All other exchanges. */
export const RESPONSES: Group = {
  title: "Keep-alive, redirects, HTTP/1.0",
  cases: Object.entries(others).flatMap(([title, run]): Case[] =>
    casesOf(title.startsWith("TLS") ? "tls" : undefined, {
      [title]: (env) => run(runOf(env)),
    })
  ),
};

/** Returns the tools of such an exchange. */
function runOf(env: Env): Run {
  const { port, otherPort } = env.exchanges;
  const plain = `http://127.0.0.1:${port}`;
  return {
    use: env.use,
    habits: {},
    origins: [plain, `https://localhost:${otherPort}`],
    async connect(origin) {
      if (origin === plain) return new HttpClient(await env.open(port));
      const tls = { caCerts: [env.caCert] };
      const { connector } = env;
      return await HttpClient.connect(origin, {
        ...{ connector, hostname: "127.0.0.1", tls },
      });
    },
  };
}
