// A proxy of the tests: how it is found and started, and what it cannot do by
// design.

import type { Site } from "../_site.ts";
import type { ProxyFeature } from "../features.ts";

/** A port that proxies are told not to connect to. */
export const FORBIDDEN_PORT = 9;

/** Who may use a proxy. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** A proxy that runs; disposing of it ends it. */
export interface RunningProxy extends AsyncDisposable {
  /** The URL of its port for everybody. */
  readonly url: string;
  /** The URL of its port for those who have a login, or `null`. */
  readonly locked: { readonly url: string; readonly login: Login } | null;
}

/** One kind of proxy. */
export interface Proxy {
  readonly name: string;
  /** Finds its program, or returns `null` if it is not installed. */
  find(): Promise<string | null>;
  /** The arguments that print its version, or `null` if it does not say. */
  readonly versionArgs: readonly string[] | null;
  /** Starts it. It connects to the given ports, if it can be told to. */
  start(
    program: string,
    site: Site,
    ports: readonly number[],
  ): Promise<RunningProxy>;
  /** The features that it lacks by design, each with the reason. */
  readonly cannot: Readonly<Partial<Record<ProxyFeature, string>>>;
}

/** Starts child processes of one proxy, which end together. */
export async function startAll(
  starts: readonly (() => Promise<AsyncDisposable>)[],
  running: Omit<RunningProxy, typeof Symbol.asyncDispose>,
): Promise<RunningProxy> {
  await using children = new AsyncDisposableStack();
  for (const start of starts) children.use(await start());
  const started = children.move();
  return { ...running, [Symbol.asyncDispose]: () => started.disposeAsync() };
}
