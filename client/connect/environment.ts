// The environment of the process.

interface Runtime {
  readonly process?: { readonly env?: Record<string, string | undefined> };
}

/** Returns the environment, which is empty if the runtime has none. */
export function environment(): Record<string, string | undefined> {
  return (globalThis as Runtime).process?.env ?? {};
}
