// Programs on this machine, and ports.

// Debian keeps servers where only root's PATH leads.
const SYSTEM_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/sbin"];

/** Finds a program, `null` where there is none. */
export async function findProgram(name: string): Promise<string | null> {
  const path = Deno.env.get("PATH") ?? "";
  for (const folder of [...path.split(":"), ...SYSTEM_FOLDERS]) {
    const file = `${folder}/${name}`;
    if (await exists(file)) return file;
  }
  return null;
}

/** Tells whether there is something at a path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Runs a program to its end and gives what it printed on both outputs. */
export async function readOutput(
  program: string,
  args: readonly string[],
): Promise<string> {
  const command = new Deno.Command(program, { args: [...args], stdin: "null" });
  const { stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}

/** Finds ports that nothing listens on. */
export function freePorts(count: number): number[] {
  // Held together, for otherwise one could be given twice.
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}
