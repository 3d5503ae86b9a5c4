// Starting the programs of these tests, with the configurations in `conf/`.

import { fileURLToPath } from "node:url";
import type { Use } from "../matrix/cells.ts";
import type { Column } from "../matrix/matrix.ts";
import { Child, freePorts } from "../matrix/programs.ts";
import type { Site, Values } from "./_site.ts";

const CONF = fileURLToPath(new URL("./conf", import.meta.url));

/** A program, and how it is started. */
export interface Program extends Omit<Column, "run"> {
  /** The rows that it cannot pass by design. */
  readonly cannot?: Reasons;
  start(program: string, setup: Setup): Promise<Ports>;
}

/** The reasons why rows do not apply. */
export type Reasons = Readonly<Record<string, string>>;

/** The arguments of a program. */
export interface Setup {
  readonly site: Site;
  /** Disposes of something when the column is over, and returns it. */
  readonly use: Use;
  /** Values for its configuration, besides those of the site. */
  readonly values?: Values;
}

/** The ports of a program. */
export interface Ports {
  readonly port: number;
  /** The port for HTTPS; for a proxy, the port that requires a login. */
  readonly otherPort: number;
}

/**
 * Returns a way to start a program with the configuration `conf/NAME`, in which
 * `${key}` is replaced by a value.
 */
export function startWith(
  name: string,
  argsOf: (config: string, folder: string) => string[],
  more: () => Promise<Values> = () => Promise.resolve({}),
): Program["start"] {
  return async (program, { site, use, values }) => {
    const [port, otherPort] = freePorts(2) as [number, number];
    const folder = await Deno.makeTempDir({ dir: site.folder });
    // Some drop root's rights before they write.
    await Deno.chmod(folder, 0o777);
    // Comments out the line that names another user to run as.
    const ifRoot = Deno.uid() === 0 ? "" : "# ";
    const own = { conf: CONF, folder, port, otherPort, ifRoot };
    const all: Values = { ...site.values, ...own, ...await more(), ...values };
    const text = await Deno.readTextFile(`${CONF}/${name}`);
    const config = `${folder}/${name}`;
    const fill = (_: string, key: string) => {
      if (key in all) return String(all[key]);
      throw new Error(`${name} names ${key}, which has no value`);
    };
    await Deno.writeTextFile(config, text.replaceAll(/\$\{(\w+)\}/g, fill));
    // Not every program listens on both.
    const ports = text.includes("${otherPort}") ? [port, otherPort] : [port];
    use(await Child.listening(program, argsOf(config, folder), ports));
    return { port, otherPort };
  };
}
