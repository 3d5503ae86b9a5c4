// A case of the client or the agent: a portable function that every runtime runs
// against the origin in `../origin.mjs`.
//
// To add cases, write a file that exports a `Group` and list it in `../suite.ts`.
// Nothing here may name a runtime: use `env`.

import type { HttpAgent, HttpAgentOptions } from "../../../agent/mod.ts";
import type { ByteStream, HttpClient } from "../../../client/mod.ts";
import type { HttpConnector } from "../../../client/transport/http_connection.ts";
import { HttpRequest } from "../../../mod.ts";
import type { Use } from "../../matrix/cells.ts";
import { equal } from "../../_sweep.ts";

/** One row of the table. */
export interface Group {
  readonly title: string;
  readonly cases: readonly Case[];
}

/** A case. */
export interface Case {
  /** A sentence that states an outcome. */
  readonly name: string;
  /** The features it needs that some runtimes, or streams in memory, lack. */
  readonly needs: Need | undefined;
  /** Rejects if something is wrong. */
  run(env: Env): Promise<void>;
}

/** Makes cases of functions, each named by its sentence, with the same need. */
export function casesOf(
  needs: Need | undefined,
  runs: Readonly<Record<string, Case["run"]>>,
): Case[] {
  return Object.entries(runs).map(([name, run]) => ({ name, needs, run }));
}

/**
 * `sockets`: a connector of the runtime's own, in `env.connector`; all but the first
 * imply it. Without `sockets`, a case also runs over bare streams.
 */
export type Need =
  | "backpressure" // writes that wait for a peer that does not read
  | "sockets"
  | "transport" // sockets that this package drives itself
  | "tls"
  | "clientCertificate"
  | "closeNotify"
  | "unix";

/** The parts of a {@linkcode Env} that are data. */
export interface Site {
  /** Which rows to run: those whose title contains this. */
  readonly only: string;
  /** HTTP, HTTPS, and HTTPS that requires the client's certificate. */
  readonly port: number;
  readonly tlsPort: number;
  readonly mutualPort: number;
  readonly unixPath: string;
  /** Another server, for HTTP and HTTPS, which serves `../../exchanges/`. */
  readonly exchanges: { readonly port: number; readonly otherPort: number };
  /** The SHA-256 of 100 MB. */
  readonly largeDigest: string;
  /** Certificates in PEM: the authority of the servers, and another one. */
  readonly caCert: string;
  readonly otherCaCert: string;
  readonly client: { readonly cert: string; readonly key: string };
}

/** The tools of a case. */
export interface Env extends Site {
  /** The connector under test; reading it without `needs` is an error. */
  readonly connector: HttpConnector;
  /** Returns the URL of a path at the origin's HTTP port. */
  url(path: string): string;
  /** Opens a bare connection to a port; the origin's HTTP port by default. */
  open(port?: number): Promise<ByteStream>;
  /** Opens a client to a port; it is closed when the case is over. */
  connect(port?: number): Promise<HttpClient>;
  /** Makes an agent over the connector; it is closed when the case is over. */
  agent(options?: HttpAgentOptions): HttpAgent;
  readonly use: Use;
  /**
   * Starts a peer that plays a script for each connection: the first script for
   * the first, and so on; the last one also for all further ones.
   */
  peer(scripts: Action[][], options?: { tls?: boolean }): Promise<Peer>;
}

/**
 * One action of a peer. After the last one, it reads to the end of file, and
 * ends the connection too.
 */
export type Action =
  | "head" // reads through an empty line
  | { readonly read: number } // reads a number of bytes
  | "eof" // reads to the end of file
  | "signal" // waits for `signal`
  | "pause" // stops reading
  | "resume" // reads on
  | "secure" // starts TLS, with the first byte that can be its handshake's
  | { readonly write: string; readonly times?: number } // one char for each byte
  | "fin" // ends its side in order; over TLS with a close_notify
  | "reset" // sends a RST
  | "destroy"; // closes at once; over TLS without a close_notify

/** A peer that plays a script. */
export interface Peer {
  readonly port: number;
  /** Lets the connections that wait for a signal continue. */
  signal(): Promise<void>;
  facts(): Promise<PeerFacts>;
  /** Waits until no connection is open, after there was one. */
  closed(): Promise<PeerFacts>;
}

/** The input of a peer. */
export interface PeerFacts {
  /** How many connections it accepted, and how many are still open. */
  connections: number;
  open: number;
  /** All bytes that it read, one char for each. */
  received: string;
}

/** Sends a GET, and returns the text of the response. */
export async function getText(
  client: HttpClient,
  url: string,
): Promise<string> {
  const { response } = await client.send(HttpRequest.get(url));
  equal("status", response.status, 200);
  return response.text();
}

/** Returns the error that a promise rejects with. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("It does not reject");
}
