// Tests the client and the agent against servers and proxies that we did not
// write, and prints a table of features for each kind; `../matrix/matrix.ts`
// describes the arguments.
//
//   deno task interop
//   deno task interop nginx haproxy

import { assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { HttpClient } from "../../client/mod.ts";
import { EXCHANGES } from "../exchanges/all.ts";
import { PASSWORD, USER } from "../exchanges/_site.ts";
import { runCell, type Use } from "../matrix/cells.ts";
import { type Matrix, type Report, runMatrices } from "../matrix/matrix.ts";
import { freePorts, readOutput } from "../matrix/programs.ts";
import { CREDENTIALS } from "./cases/credentials.ts";
import { PROXYING } from "./cases/proxies.ts";
import type { Program, Setup } from "./_program.ts";
import { FORBIDDEN_PORT, PROXIES, type Proxy } from "./proxies.ts";
import { RADICALE, type Server, SERVERS, startDeno } from "./servers.ts";
import { makeSite } from "./_site.ts";

const CASE_MILLISECONDS = 20_000;

const authenticating = SERVERS.flatMap((server) => {
  const { cannotAuthenticate: cannot } = server;
  return cannot === undefined ? [] : [{ ...server, cannot }];
});
const site = await makeSite();
let isOk = false;
try {
  isOk = await runMatrices(Deno.args, [
    makeMatrix("Servers", SERVERS, EXCHANGES, startServer),
    makeMatrix("Credentials", authenticating, CREDENTIALS, startServer),
    makeMatrix("Proxies", PROXIES, PROXYING, startProxy),
    makeMatrix(
      "A library without I/O",
      [RADICALE],
      { "CardDAV discovery, in examples/": discover },
      ({ start }, file, setup) => start(file, setup),
    ),
  ]);
} finally {
  await Deno.remove(site.folder, { recursive: true });
}
Deno.exit(isOk ? 0 : 1);

/** Makes a table: the cases by their title, and how the programs are started. */
function makeMatrix<Each extends Program, Facts>(
  title: string,
  programs: readonly Each[],
  cases: Readonly<Record<string, (run: Facts & { use: Use }) => Promise<void>>>,
  start: (program: Each, file: string, setup: Setup) => Promise<Facts>,
): Matrix {
  const rows = Object.keys(cases);
  const columns = programs.map((program) => ({
    ...program,
    async run(file: string, report: Report) {
      await using stack = new AsyncDisposableStack();
      const use: Use = (resource) => stack.use(resource);
      const facts = await start(program, file, { site, use });
      const { cannot = {} } = program;
      const unknown = Object.keys(cannot).filter((row) => !rows.includes(row));
      if (unknown.length > 0) throw new Error(`There is no row ${unknown[0]}`);
      for (const [row, run] of Object.entries(cases)) {
        const reason = cannot[row];
        const cell = reason === undefined
          ? await runCell(CASE_MILLISECONDS, (use) => run({ ...facts, use }))
          : { kind: "n/a" as const, reason };
        report(row, cell);
      }
    },
  }));
  return { title, rows, columns };
}

async function startServer(server: Server, file: string, setup: Setup) {
  const { habits = {} } = server;
  const { port, otherPort } = await server.start(file, setup);
  const plain = `http://127.0.0.1:${port}`;
  return {
    habits,
    origins: [plain, `https://localhost:${otherPort}`] as const,
    connect: (origin: string) =>
      HttpClient.connect(origin, {
        // `localhost` may also be ::1, on which no server of these tests listens.
        hostname: "127.0.0.1",
        ...(origin !== plain && { tls: { caCerts: [site.caCert] } }),
      }),
  };
}

/** Starts a proxy, and an origin behind it. */
async function startProxy(
  { start, url, password = PASSWORD }: Proxy,
  file: string,
  setup: Setup,
) {
  const origin = await startDeno(setup);
  const [deadPort] = freePorts(1) as [number];
  const values = {
    ...{ originPort: origin.port, originTlsPort: origin.otherPort },
    ...{ deadPort, forbiddenPort: FORBIDDEN_PORT },
  };
  const { port, otherPort } = await start(file, { ...setup, values });
  const plain = `http://127.0.0.1:${origin.port}`;
  const secure = `https://127.0.0.1:${origin.otherPort}`;
  return {
    ...{ caCert: site.caCert, origins: [plain, secure] as const },
    ...{ open: `${url}:${port}`, locked: `${url}:${otherPort}` },
    ...{ password, deadPort },
  };
}

/** Runs the example as a user does. */
async function discover({ port }: { readonly port: number }): Promise<void> {
  const example = "../../examples/carddav_discovery.ts";
  const path = fileURLToPath(new URL(example, import.meta.url));
  const flags = ["run", "--no-check", "--allow-net=127.0.0.1"];
  const url = `http://127.0.0.1:${port}/`;
  const args = [...flags, path, url, USER, PASSWORD];
  const output = await readOutput(Deno.execPath(), args);
  assertStringIncludes(output, `Friends: ${url}${USER}/friends/`);
}
