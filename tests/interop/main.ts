// Tests the client against servers that we did not write, and prints a table of
// features by servers; `../matrix/matrix.ts` describes the arguments.
//
//   deno task interop
//   deno task interop nginx haproxy

import {
  type Column,
  type Matrix,
  runCell,
  runMatrices,
} from "../matrix/matrix.ts";
import { type Feature, FEATURES } from "./features.ts";
import { type Server, versionOf } from "./_server.ts";
import type { Run } from "./_session.ts";
import { makeSite, type Site } from "./_site.ts";
import * as connections from "./cases/connections.ts";
import * as requests from "./cases/requests.ts";
import * as responses from "./cases/responses.ts";
import { apache } from "./servers/apache.ts";
import { haproxy } from "./servers/haproxy.ts";
import { lighttpd } from "./servers/lighttpd.ts";
import { nginx } from "./servers/nginx.ts";
import { bun, deno, node } from "./servers/origins.ts";
import { python } from "./servers/python.ts";

const SERVERS = [nginx, apache, lighttpd, haproxy, python, node, deno, bun];
const CASES: Readonly<Record<Feature, (run: Run) => Promise<void>>> = {
  ...connections,
  ...requests,
  ...responses,
};
const CASE_MILLISECONDS = 20_000;

function serverColumn(server: Server, site: Site): Column {
  const { name, cannot = {} } = server;
  return {
    name,
    async find() {
      const program = await server.find();
      return program === null ? null : {
        version: await versionOf(program, server.versionArgs),
        async run(report) {
          await using running = await server.start(program, site);
          for (const [key, title] of Object.entries(FEATURES)) {
            const feature = key as Feature;
            const reason = cannot[feature];
            const cell = reason === undefined
              ? await runCell(
                CASE_MILLISECONDS,
                (signal) => CASES[feature]({ site, server, running, signal }),
              )
              : { kind: "n/a", reason } as const;
            report(title, cell);
          }
        },
      };
    },
  };
}

if (import.meta.main) {
  const site = await makeSite();
  let isOk = false;
  try {
    const servers: Matrix = {
      title: "Servers",
      rows: Object.values(FEATURES),
      columns: SERVERS.map((server) => serverColumn(server, site)),
    };
    isOk = await runMatrices(Deno.args, [servers]);
  } finally {
    await Deno.remove(site.folder, { recursive: true });
  }
  Deno.exit(isOk ? 0 : 1);
}
