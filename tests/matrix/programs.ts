// Programs on this machine: finding them, and running servers as child processes.

import { fileURLToPath } from "node:url";

const PACKAGES = fileURLToPath(new URL("./node_modules", import.meta.url));
// Debian installs servers to folders that are only in root's PATH.
const SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin:/sbin";
const START_MILLISECONDS = 15_000;
const STOP_MILLISECONDS = 3000;
const RETRY_MILLISECONDS = 20;
const MAX_OUTPUT_CHARS = 4000;

/**
 * Finds the first of some programs, or returns `null`: an absolute path, one with
 * a slash in the packages that `install.sh` took from npm, any other in PATH.
 */
export async function findProgram(...names: string[]): Promise<string | null> {
  const folders = `${Deno.env.get("PATH")}:${SYSTEM_FOLDERS}`.split(":");
  return await findPath(names.flatMap((name) => {
    if (name.startsWith("/")) return [name];
    if (name.includes("/")) return [`${PACKAGES}/${name}`];
    return folders.map((folder) => `${folder}/${name}`);
  }));
}

/** Returns the first of some paths that exists, or `null`. */
export async function findPath(
  paths: readonly string[],
): Promise<string | null> {
  for (const path of paths) {
    const isThere = await Deno.stat(path).then(() => true, (error) => {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    });
    if (isThere) return path;
  }
  return null;
}

/** Runs a program to its end and returns both of its outputs. */
export async function readOutput(
  program: string,
  args: readonly string[],
): Promise<string> {
  const command = new Deno.Command(program, { args: [...args], stdin: "null" });
  const { stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}

/** Returns the version that a program prints, with its name if it does. */
export async function readVersion(
  program: string,
  args: readonly string[],
): Promise<string> {
  const text = await readOutput(program, args);
  return text.match(/(?:[A-Z]\w+(?: version)?[ /])?v?\d+(?:\.\d+)+/i)?.[0] ??
    text.trim();
}

/** Bundles a script for another runtime, as a user would. */
export async function bundle(script: URL, file: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--minify", `--output=${file}`, script.href],
    // The folder in which package names are resolved.
    cwd: new URL("../../", import.meta.url),
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** Returns ports that nothing listens on. */
export function freePorts(count: number): number[] {
  // Held together, so that none is returned twice.
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

/** A child process; disposing of it ends it. */
export class Child implements AsyncDisposable {
  /** The start of its output. */
  output = "";
  readonly #process: Deno.ChildProcess;
  readonly #read: Promise<unknown>;
  #hasEnded = false;

  constructor(program: string, args: readonly string[]) {
    this.#process = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { stdout, stderr, status } = this.#process;
    this.#read = Promise.all([stdout, stderr].map((it) => this.#collect(it)));
    status.then(() => this.#hasEnded = true);
  }

  /** Starts a program, and waits until it listens on the given ports. */
  static async listening(
    program: string,
    args: readonly string[],
    ports: readonly number[],
  ): Promise<Child> {
    const child = new Child(program, args);
    await child.waitFor(async () => {
      for (const port of ports) if (!await accepts(port)) return false;
      return true;
    });
    return child;
  }

  /** Starts a program, and waits until it prints a line of JSON. */
  static async printing<T>(
    program: string,
    args: readonly string[],
  ): Promise<{ child: Child; printed: T }> {
    const child = new Child(program, args);
    const printed = await child.waitFor(() => {
      const line = child.output.match(/^\{".*\}$/m)?.[0];
      return Promise.resolve(line !== undefined && JSON.parse(line) as T);
    });
    return { child, printed };
  }

  /** Asks repeatedly until there is an answer; ends the process on failure. */
  async waitFor<T>(find: () => Promise<T | false>): Promise<T> {
    const deadline = Date.now() + START_MILLISECONDS;
    try {
      while (true) {
        // Asked first: another process may listen on the port.
        if (this.#hasEnded) throw new Error(`It has ended: ${this.output}`);
        const found = await find();
        if (found !== false) return found;
        if (Date.now() > deadline) {
          throw new Error(`It does not start: ${this.output}`);
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
      }
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.#process.kill("SIGTERM");
    const kill = () => this.#process.kill("SIGKILL");
    const force = setTimeout(kill, STOP_MILLISECONDS);
    await this.#process.status;
    clearTimeout(force);
    await this.#read;
  }

  async #collect(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      if (this.output.length < MAX_OUTPUT_CHARS) this.output += text;
    }
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
