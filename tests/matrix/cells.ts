// The outcome of one case in a table. Nothing here may name a runtime: the suite
// of `../runtimes/` runs in all of them.

/** The outcome of one row with one column. */
export type Cell =
  | { readonly kind: "ok" }
  | { readonly kind: "n/a" | "skipped" | "FAIL"; readonly reason: string };

export const OK: Cell = { kind: "ok" };

/** Disposes of something when the case is over, and returns it. */
export type Use = <T extends AsyncDisposable>(resource: T) => T;

/** Runs one case within a time limit, disposes of its resources, returns its cell. */
export async function runCell(
  milliseconds: number,
  run: (use: Use) => Promise<void>,
): Promise<Cell> {
  // An AsyncDisposableStack, which Node 22 lacks.
  const resources: AsyncDisposable[] = [];
  const disposeAll = async () => {
    for (const resource of resources.splice(0).reverse()) {
      await resource[Symbol.asyncDispose]();
    }
  };
  const use: Use = (resource) => (resources.push(resource), resource);
  try {
    await within(milliseconds, run(use).then(disposeAll));
    return OK;
  } catch (error) {
    disposeAll().catch(() => {});
    return { kind: "FAIL", reason: describe(error) };
  }
}

/** Awaits a promise, rejecting if that takes too long. */
export async function within<T>(
  milliseconds: number,
  promise: Promise<T>,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`No end after ${milliseconds} ms`);
    timer = setTimeout(() => reject(error), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Describes an error in plain text, with its causes and its place in a case. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : ` (${describe(error.cause)})`;
  const frames = error.stack?.match(/^ +at .*\/tests\/(?!matrix\/).*\.ts:.*/gm);
  // deno-lint-ignore no-control-regex
  const text = `${error}${cause}`.replaceAll(/\x1b\[[0-9;]*m/g, "");
  return [text, ...frames ?? []].join("\n");
}
