/**
 * Credentials that answer the challenges of origins and proxies (RFC 9110 §11).
 *
 * @module
 */

import type { HttpAuthBasic } from "../auth/basic.ts";
import type { HttpAuthBearer } from "../auth/bearer.ts";
import type { HttpChallenge } from "../rfc9110/challenge.ts";

/** Asks for credentials: an origin or a proxy sent challenges. */
export interface HttpCredentialsAsk {
  /** The URL that was requested, or that of the proxy. */
  readonly url: URL;
  /** Whether the proxy asks (407) and not the origin (401). */
  readonly proxy: boolean;
  /** What it accepts. */
  readonly challenges: readonly HttpChallenge[];
  /** How often this call has asked for this origin or proxy, from 1 on. */
  readonly attempt: number;
}

/** A username and a password for the strongest challenge that can be answered. */
export interface HttpPassword {
  /** The username. */
  readonly username: string;
  /** The password. */
  readonly password: string;
}

/** What answers a challenge. */
export type HttpCredential = HttpAuthBasic | HttpAuthBearer | HttpPassword;

/** Finds the credentials for an origin or a proxy; `null` if there are none. */
export type HttpCredentials = (
  ask: HttpCredentialsAsk,
) => HttpCredential | null | Promise<HttpCredential | null>;
