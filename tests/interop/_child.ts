// Servers as child processes, ended by their ID.

import type { Running } from "./_server.ts";

const START_MILLISECONDS = 15_000;
const STOP_MILLISECONDS = 3000;
const RETRY_MILLISECONDS = 20;
const MAX_OUTPUT_CHARS = 4000;

/** Where a server listens. */
export interface Ports {
  readonly port: number;
  readonly tlsPort: number | null;
}

/** Starts a server, and waits until it listens on the ports that it was given. */
export async function startChild(
  program: string,
  args: readonly string[],
  ports: Ports,
): Promise<Running> {
  return await start(program, args, async () => await listens(ports) && ports);
}

/** Starts a server, and waits until it prints its {@linkcode Ports} as JSON. */
export async function startOnItsPorts(
  program: string,
  args: readonly string[],
): Promise<Running> {
  return await start(program, args, (child) => {
    const line = child.output.match(/^\{"port".*\}$/m)?.[0];
    return Promise.resolve(line !== undefined && JSON.parse(line));
  });
}

async function start(
  program: string,
  args: readonly string[],
  findPorts: (child: Child) => Promise<Ports | false>,
): Promise<Running> {
  const child = new Child(program, args);
  try {
    const { port, tlsPort } = await child.waitFor(() => findPorts(child));
    const stop = () => child.stop();
    return { port, tlsPort, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

class Child {
  /** The start of what it printed. */
  output = "";
  readonly #process: Deno.ChildProcess;
  readonly #readers: Promise<void>[];
  #hasEnded = false;

  constructor(program: string, args: readonly string[]) {
    this.#process = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#readers = [
      this.#collect(this.#process.stdout),
      this.#collect(this.#process.stderr),
    ];
    this.#process.status.then(() => {
      this.#hasEnded = true;
    });
  }

  /** Asks again and again, until there is something. */
  async waitFor<T>(find: () => Promise<T | false>): Promise<T> {
    const deadline = Date.now() + START_MILLISECONDS;
    while (true) {
      // Asked first: what another process listens on is not this server's.
      if (this.#hasEnded) {
        throw new Error(`The server has ended: ${this.output}`);
      }
      const found = await find();
      if (found !== false) return found;
      if (Date.now() > deadline) {
        throw new Error(`The server does not start: ${this.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
    }
  }

  /** Ends the process, by force where it does not end when it is asked to. */
  async stop(): Promise<void> {
    if (!this.#hasEnded) this.#process.kill("SIGTERM");
    const force = setTimeout(
      () => this.#process.kill("SIGKILL"),
      STOP_MILLISECONDS,
    );
    await this.#process.status;
    clearTimeout(force);
    await Promise.all(this.#readers);
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      if (this.output.length < MAX_OUTPUT_CHARS) {
        this.output += decoder.decode(bytes, { stream: true });
      }
    }
  }
}

async function listens({ port, tlsPort }: Ports): Promise<boolean> {
  return await accepts(port) && (tlsPort === null || await accepts(tlsPort));
}

async function accepts(port: number): Promise<boolean> {
  try {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    conn.close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
