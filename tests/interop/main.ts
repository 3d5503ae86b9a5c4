// Tests the client and the agent against servers and proxies that we did not
// write, and prints a table of features for each kind; `../matrix/matrix.ts`
// describes the arguments.
//
//   deno task interop
//   deno task interop nginx haproxy

import {
  type Column,
  type Installed,
  type Matrix,
  runCell,
  runMatrices,
} from "../matrix/matrix.ts";
import { freePorts, readOutput } from "../matrix/programs.ts";
import {
  CREDENTIAL_FEATURES,
  type Feature,
  FEATURES,
  PROXY_FEATURES,
} from "./features.ts";
import { type Server, versionOf } from "./_server.ts";
import type { Run } from "./_session.ts";
import { makeSite, PASSWORD, type Site, USER } from "./_site.ts";
import * as connections from "./cases/connections.ts";
import * as credentials from "./cases/credentials.ts";
import * as proxies from "./cases/proxies.ts";
import * as requests from "./cases/requests.ts";
import * as responses from "./cases/responses.ts";
import type { Proxy } from "./proxies/_proxy.ts";
import { haproxy as haproxyProxy } from "./proxies/haproxy.ts";
import { dante, microsocks } from "./proxies/socks.ts";
import { squid } from "./proxies/squid.ts";
import { tinyproxy } from "./proxies/tinyproxy.ts";
import { apache } from "./servers/apache.ts";
import { haproxy } from "./servers/haproxy.ts";
import { lighttpd } from "./servers/lighttpd.ts";
import { nginx } from "./servers/nginx.ts";
import { bun, deno, node, startDeno } from "./servers/origins.ts";
import { python } from "./servers/python.ts";
import {
  ADDRESS_BOOK,
  findRadicale,
  startRadicale,
} from "./servers/radicale.ts";

const SERVERS = [nginx, apache, lighttpd, haproxy, python, node, deno, bun];
const PROXIES = [tinyproxy, squid, haproxyProxy, microsocks, dante];
const CASES: Readonly<Record<Feature, (run: Run) => Promise<void>>> = {
  ...connections,
  ...requests,
  ...responses,
};
const DISCOVERY = "CardDAV discovery, in examples/";
const CASE_MILLISECONDS = 20_000;

type Report = Parameters<Installed["run"]>[0];

function serverColumn(server: Server, site: Site): Column {
  const { name, cannot = {} } = server;
  return {
    name,
    find: () =>
      findServer(server, async (program, report) => {
        await using running = await server.start(program, site);
        await runCases(FEATURES, cannot, report, (feature, signal) =>
          CASES[feature]({ site, server, running, signal }));
      }),
  };
}

function credentialColumn(server: Server, site: Site): Column {
  const { name, cannotAuthenticate = {} } = server;
  return {
    name,
    find: () =>
      findServer(server, async (program, report) => {
        // The server has files of its own in the first table already.
        const folder = `${site.folder}/credentials`;
        await Deno.mkdir(folder, { recursive: true });
        await using running = await server.start(program, { ...site, folder });
        await runCases(
          CREDENTIAL_FEATURES,
          cannotAuthenticate,
          report,
          (feature, signal) => credentials[feature]({ site, running, signal }),
        );
      }),
  };
}

function proxyColumn(proxy: Proxy, site: Site): Column {
  const { name, cannot } = proxy;
  return {
    name,
    find: () =>
      findServer(proxy, async (program, report) => {
        await using origin = await startDeno(site);
        const [deadPort] = freePorts(1) as [number];
        const ports = [origin.port, origin.tlsPort!, deadPort];
        await using running = await proxy.start(program, site, ports);
        const isSocks = running.url.startsWith("socks");
        const facts = { site, origin, proxy: running, isSocks, deadPort };
        await runCases(PROXY_FEATURES, cannot, report, (feature, signal) =>
          proxies[feature]({ ...facts, signal }));
      }),
  };
}

/** Finds a program, to run cases with it. */
async function findServer(
  server: Pick<Proxy, "find" | "versionArgs">,
  run: (program: string, report: Report) => Promise<void>,
): Promise<Installed | null> {
  const program = await server.find();
  return program === null ? null : {
    version: await versionOf(program, server.versionArgs),
    run: (report) => run(program, report),
  };
}

/** Runs the case of each feature that is not missing by design. */
async function runCases<Name extends string>(
  titles: Readonly<Record<Name, string>>,
  cannot: Readonly<Partial<Record<Name, string>>>,
  report: Report,
  run: (feature: Name, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  for (const [key, title] of Object.entries<string>(titles)) {
    const feature = key as Name;
    const reason = cannot[feature];
    const cell = reason === undefined
      ? await runCell(CASE_MILLISECONDS, (signal) => run(feature, signal))
      : { kind: "n/a", reason } as const;
    report(title, cell);
  }
}

/** Radicale, which closes the connection after each response. */
function radicaleColumn(site: Site): Column {
  return {
    name: "Radicale",
    async find() {
      const program = await findRadicale();
      return program === null ? null : {
        version: await versionOf(program, ["--version"]),
        async run(report) {
          await using server = await startRadicale(program, site);
          const url = `http://127.0.0.1:${server.port}/`;
          const find = () => discover(url);
          report(DISCOVERY, await runCell(CASE_MILLISECONDS, find));
        },
      };
    },
  };
}

/** Runs the example as a user does. */
async function discover(url: string): Promise<void> {
  const example = new URL(
    "../../examples/carddav_discovery.ts",
    import.meta.url,
  );
  const args = ["run", "--no-check", "--allow-net=127.0.0.1", example.href];
  const output = await readOutput(Deno.execPath(), [
    ...args,
    ...[url, USER, PASSWORD],
  ]);
  const expected = `${ADDRESS_BOOK}: ${url}${USER}/friends/`;
  if (!output.includes(expected)) throw new Error(`It printed: ${output}`);
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
    const authenticating = SERVERS.filter(({ cannotAuthenticate }) =>
      cannotAuthenticate !== undefined
    );
    isOk = await runMatrices(Deno.args, [servers, {
      title: "Credentials",
      rows: Object.values(CREDENTIAL_FEATURES),
      columns: authenticating.map((server) => credentialColumn(server, site)),
    }, {
      title: "Proxies",
      rows: Object.values(PROXY_FEATURES),
      columns: PROXIES.map((proxy) => proxyColumn(proxy, site)),
    }, {
      title: "A library without I/O",
      rows: [DISCOVERY],
      columns: [radicaleColumn(site)],
    }]);
  } finally {
    await Deno.remove(site.folder, { recursive: true });
  }
  Deno.exit(isOk ? 0 : 1);
}
