// The proxies, and the cases that each rules out by design.

import { PASSWORD, USER } from "../exchanges/_site.ts";
import { Child, findPath, findProgram, freePorts } from "../matrix/programs.ts";
import { type Program, startWith } from "./_program.ts";

/** A port that proxies are told not to connect to. */
export const FORBIDDEN_PORT = 9;

/** One kind of proxy. */
export interface Proxy extends Program {
  /** Its URL without the port. */
  readonly url: string;
  /** The password of its login, if it is not that of the site. */
  readonly password?: string;
}

// Its configuration has no way to quote a space.
const TINYPROXY_PASSWORD = "open-sesame";
const NOT_407 = "it sends 401 as an origin does, and not 407";
const NO_HTTP = {
  "Basic: 407, then ahead of it": "SOCKS has no Basic and no Digest",
  "Digest: 407, then ahead of it": "SOCKS has no Basic and no Digest",
};
const SYSTEM_LOGINS = "its logins are those of the system";

const tinyproxy: Proxy = {
  name: "Tinyproxy",
  programs: ["tinyproxy"],
  versionArgs: ["-v"],
  url: "http://127.0.0.1",
  password: TINYPROXY_PASSWORD,
  // It has no ports of different rights: once for everybody, once with a login.
  async start(program, setup) {
    const start = startWith("tinyproxy.conf", (config) => ["-d", "-c", config]);
    const run = (login: string) =>
      start(program, { ...setup, values: { ...setup.values, login } });
    const { port } = await run("");
    const locked = await run(`BasicAuth ${USER} ${TINYPROXY_PASSWORD}`);
    return { port, otherPort: locked.port };
  },
  cannot: {
    "20 requests on a connection": "it closes after each response",
    "Digest: 407, then ahead of it": "it knows only Basic",
    "Wrong login in the URL": NOT_407,
  },
};

/** The proxies, in the order of the table. */
export const PROXIES: readonly Proxy[] = [
  tinyproxy,
  {
    name: "Squid",
    programs: ["squid"],
    versionArgs: ["-v"],
    url: "http://127.0.0.1",
    start: startWith(
      "squid.conf",
      (config) => ["-N", "-f", config],
      async () => {
        const folders = ["/usr/lib/squid", "/usr/lib64/squid"];
        const helpers = await findPath(folders);
        if (helpers === null) throw new Error("Squid has no helpers");
        return { helpers };
      },
    ),
  },
  {
    name: "HAProxy, TLS",
    programs: ["haproxy"],
    versionArgs: ["-v"],
    url: "https://localhost",
    password: TINYPROXY_PASSWORD,
    async start(program, setup) {
      const behind = await findProgram(...tinyproxy.programs);
      if (behind === null) throw new Error("Tinyproxy is not installed");
      const inner = await tinyproxy.start(behind, setup);
      const values = { openPort: inner.port, lockedPort: inner.otherPort };
      const args = (config: string) => ["-db", "-f", config];
      const start = startWith("haproxy_tls.cfg", args);
      return await start(program, { ...setup, values });
    },
    cannot: {
      "Digest: 407, then ahead of it":
        "it passes on the challenges of Tinyproxy",
      "Wrong login in the URL": `Tinyproxy is behind it: ${NOT_407}`,
    },
  },
  {
    name: "microsocks",
    programs: ["microsocks"],
    versionArgs: null,
    url: "socks5://127.0.0.1",
    // Once for everybody, and once with a login.
    async start(program, { use }) {
      const [port, otherPort] = freePorts(2) as [number, number];
      const run = async (port: number, ...login: string[]) => {
        const args = ["-i", "127.0.0.1", "-p", `${port}`, ...login];
        use(await Child.listening(program, args, [port]));
      };
      await run(port);
      await run(otherPort, "-u", USER, "-P", PASSWORD);
      return { port, otherPort };
    },
    cannot: { ...NO_HTTP, "A port that it forbids": "it forbids nothing" },
  },
  {
    name: "Dante",
    programs: ["danted", "sockd"],
    versionArgs: ["-v"],
    url: "socks5h://127.0.0.1",
    start: startWith("danted.conf", (config) => ["-f", config]),
    cannot: {
      ...NO_HTTP,
      "Login in the URL": SYSTEM_LOGINS,
      "Wrong login in the URL": SYSTEM_LOGINS,
    },
  },
];
