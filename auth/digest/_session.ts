// An authentication session (RFC 7616 §3.6): a client's memory of one challenge, with
// which it authenticates later requests without waiting for another.

import { encodeHex } from "@std/encoding/hex";
import { encodeByteString } from "../../rfc9110/byte_string.ts";
import type { DigestChallenge, Hash, Qop } from "./_challenge.ts";

/** A nonce, and the number of answers that have used it. */
export interface Nonce {
  readonly value: string;
  uses: number;
}

/** The values that all answers to one challenge share. */
export interface Session {
  readonly hash: Hash;
  /** H(A1), which is as good as the password. */
  readonly secret: string;
  /** The cnonce of a `-sess` algorithm, which is part of H(A1). */
  readonly cnonce: string | null;
  /** The challenge's nonce, until the server sends a next one. */
  nonce: Nonce;
}

/** The parts of an answer that the server's `rspauth` depends on. */
export interface Answer {
  readonly session: Session;
  readonly nonce: string;
  readonly uri: string;
  /** `null` for RFC 2069. */
  readonly protection: Protection | null;
}

/** The values that RFC 2069 did not have. */
export interface Protection {
  readonly qop: Exclude<Qop, null>;
  readonly nc: string;
  readonly cnonce: string;
}

/** Hashes a byte string, into lowercase hexadecimal digits. */
export function hashText(hash: Hash, text: string): string {
  return hashBytes(hash, encodeByteString(text));
}

/** Hashes bytes, into lowercase hexadecimal digits. */
function hashBytes(hash: Hash, bytes: Uint8Array): string {
  return encodeHex(hash(bytes));
}

/** Calculates H(A1) (§3.4.2) of a username and password as byte strings. */
export function hashSecret(
  { hash, realm, nonce, isSession }: DigestChallenge,
  user: { readonly username: string; readonly password: string },
  cnonce: string,
): string {
  const { username, password } = user;
  const secret = hashText(hash, `${username}:${realm}:${password}`);
  return isSession ? hashText(hash, `${secret}:${nonce}:${cnonce}`) : secret;
}

/**
 * Calculates `response` (§3.4.1), or `rspauth` if there is no method (§3.5).
 *
 * @param body The body, which counts only for `auth-int`.
 */
export function hashAnswer(
  { session, nonce, uri, protection }: Answer,
  method: string,
  body: Uint8Array,
): string {
  const { hash, secret } = session;
  const isWhole = protection?.qop === "auth-int";
  const a2 = isWhole
    ? `${method}:${uri}:${hashBytes(hash, body)}`
    : `${method}:${uri}`;
  const middle = protection === null
    ? nonce
    : `${nonce}:${protection.nc}:${protection.cnonce}:${protection.qop}`;
  return hashText(hash, `${secret}:${middle}:${hashText(hash, a2)}`);
}
