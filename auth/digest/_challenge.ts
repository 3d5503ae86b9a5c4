// A checked Digest challenge, in the terms of RFC 7616 §3.3.

import { quote } from "../../core/quote.ts";
import { isFieldText, parseTokenList } from "../../rfc9110/_syntax.ts";
import type { HttpChallenge } from "../../rfc9110/challenge.ts";
import { md5, sha256, sha512_256 } from "./hashes.ts";

/** A hash function. */
export type Hash = (message: Uint8Array) => Uint8Array<ArrayBuffer>;

/** The quality of protection; `null` means RFC 2069, which had none. */
export type Qop = "auth" | "auth-int" | null;

/** A challenge that can be answered. */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  /** The algorithm as the server spells it; `undefined` means MD5. */
  readonly algorithm: string | undefined;
  readonly hash: Hash;
  /** Whether the algorithm is a `-sess` form. */
  readonly isSession: boolean;
  readonly qop: Qop;
  /** Whether the server accepts a hash instead of the username. */
  readonly userhash: boolean;
  /** Whether the server expects UTF-8 in Unicode Normalization Form C. */
  readonly isUtf8: boolean;
}

const HASHES: ReadonlyMap<string, Hash> = new Map([
  ["md5", md5],
  ["sha-256", sha256],
  ["sha-512-256", sha512_256],
]);
const SESSION_SUFFIX = "-sess";

/** Returns the challenge, or the reason why it cannot be answered. */
export function parseDigestChallenge(
  challenge: HttpChallenge,
): DigestChallenge | string {
  if (challenge.scheme !== "digest") {
    return `its scheme is ${quote(challenge.scheme)}`;
  }
  for (const [name, value] of challenge.params) {
    if (!isFieldText(value)) return `its ${name} has a control character`;
  }
  const nonce = challenge.param("nonce");
  if (nonce === undefined) return "it has no nonce";
  const algorithm = challenge.param("algorithm");
  const name = (algorithm ?? "MD5").toLowerCase();
  const isSession = name.endsWith(SESSION_SUFFIX);
  const hash = HASHES.get(
    isSession ? name.slice(0, -SESSION_SUFFIX.length) : name,
  );
  if (hash === undefined) return `its algorithm ${quote(name)} is unknown`;
  const qop = chooseQop(challenge.param("qop"));
  if (qop === undefined) return "it offers no known quality of protection";
  return {
    // Some devices send no realm. They can only mean an empty one.
    realm: challenge.param("realm") ?? "",
    nonce,
    opaque: challenge.param("opaque"),
    algorithm,
    hash,
    isSession,
    qop,
    userhash: isNamed(challenge.param("userhash"), "true"),
    isUtf8: isNamed(challenge.param("charset"), "utf-8"),
  };
}

/** Prefers `auth`, which needs no body. Returns undefined if none is known. */
function chooseQop(offered: string | undefined): Qop | undefined {
  const options = parseTokenList(offered ?? "");
  if (options.length === 0) return null;
  if (options.includes("auth")) return "auth";
  return options.includes("auth-int") ? "auth-int" : undefined;
}

function isNamed(value: string | undefined, name: string): boolean {
  return value?.toLowerCase() === name;
}
