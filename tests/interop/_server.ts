// A server of these tests: how it is found and started, and what it cannot do by
// design.

import { Child, findProgram, readOutput } from "../matrix/programs.ts";
import type { CredentialFeature, Feature } from "./features.ts";
import type { Site } from "./_site.ts";

/** A server that runs; disposing of it ends it. */
export interface Running extends AsyncDisposable {
  /** The port for HTTP. */
  readonly port: number;
  /** The port for HTTPS, or `null` without TLS. */
  readonly tlsPort: number | null;
}

/** One kind of server. */
export interface Server {
  readonly name: string;
  /** Finds its program, or returns `null` if it is not installed. */
  find(): Promise<string | null>;
  /** The arguments that print its version. */
  readonly versionArgs: readonly string[];
  /** Starts it. */
  start(program: string, site: Site): Promise<Running>;
  /** The features that it lacks by design, each with the reason. */
  readonly cannot?: Readonly<Partial<Record<Feature, string>>>;
  /** The same for credentials; a server without this takes no part there. */
  readonly cannotAuthenticate?: Readonly<
    Partial<Record<CredentialFeature, string>>
  >;
  /** Whether connections outlive a response; the default. */
  readonly persists?: boolean;
  /**
   * Whether it says that it will close a connection because it was asked to, or
   * because of HTTP/1.0 (a SHOULD of RFC 9112 §9.6); the default.
   */
  readonly saysClose?: boolean;
  /** The validators of `/hello` (RFC 9110 §8.8); both by default. */
  readonly validators?: readonly ("ETag" | "Last-Modified")[];
}

/** Finds the first of some programs. */
export function finder(...names: string[]): () => Promise<string | null> {
  return async () => {
    for (const name of names) {
      const program = await findProgram(name);
      if (program !== null) return program;
    }
    return null;
  };
}

/** Returns the version that a program prints, with its name if it does. */
export async function versionOf(
  program: string,
  args: readonly string[] | null,
): Promise<string> {
  if (args === null) return "it does not say";
  const text = await readOutput(program, args);
  return text.match(/(?:[A-Z]\w+(?: version)?[ /])?v?\d+(?:\.\d+)+/i)?.[0] ??
    text.trim();
}

/** Starts a server that listens on given ports. */
export async function startOn(
  program: string,
  args: readonly string[],
  port: number,
  tlsPort: number | null = null,
): Promise<Running> {
  const ports = tlsPort === null ? [port] : [port, tlsPort];
  const child = await Child.listening(program, args, ports);
  const stop = () => child[Symbol.asyncDispose]();
  return { port, tlsPort, [Symbol.asyncDispose]: stop };
}

/** The user to run as, or `null` unless root runs the tests. */
export function serverUser(): string | null {
  return Deno.uid() === 0 ? "www-data" : null;
}
