/**
 * Credentials, and which challenge they answer (RFC 9110 §11).
 *
 * @module
 */

import { HttpAuthBasic } from "../auth/basic.ts";
import { HttpAuthBearer } from "../auth/bearer.ts";
import { HttpAuthDigest } from "../auth/digest/digest.ts";
import { listIncludes } from "../rfc9110/_syntax.ts";
import type { HttpChallenge } from "../rfc9110/challenge.ts";
import type { Secret } from "../rfc9110/secret.ts";

/** A request for credentials: an origin or a proxy sent challenges. */
export interface HttpCredentialsAsk {
  /** The requested URL, or the proxy's, without userinfo. */
  readonly url: URL;
  /** Whether the proxy asks (407) rather than the origin (401). */
  readonly proxy: boolean;
  /** The challenges, one for each scheme that it accepts. */
  readonly challenges: readonly HttpChallenge[];
  /**
   * The number of this attempt to authenticate the request, starting at 1. If it
   * is higher, earlier credentials were refused, such as a token that has expired.
   */
  readonly attempt: number;
}

/**
 * A username and a password. They answer the strongest challenge: Digest, or else
 * Basic, but that only over https or to a proxy. For Basic over http, return an
 * {@linkcode HttpAuthBasic}.
 */
export interface HttpPassword {
  /** The username. */
  readonly username: string;
  /** The password. */
  readonly password: string | Secret;
}

/** Credentials that answer a challenge. */
export type HttpCredential =
  | HttpAuthBasic
  | HttpAuthBearer
  | HttpAuthDigest
  | HttpPassword;

/** Finds the credentials of an origin or a proxy; `null` if there are none. */
export type HttpCredentials = (
  ask: HttpCredentialsAsk,
) => HttpCredential | null | PromiseLike<HttpCredential | null>;

/** The parts of a request that a digest covers. */
export interface AuthorizedRequest {
  readonly method: string;
  /** The request target, as it is sent. */
  readonly target: string;
  /** The body, or `undefined` if it is not in memory. */
  readonly body: Uint8Array | undefined;
}

/** Which answers are allowed. */
export interface AnswerRules {
  /** Whether a password may be sent in plain text. */
  readonly basicForPassword: boolean;
  /** Whether a digest can cover the body, because it is in memory. */
  readonly coversBody: boolean;
}

/** Credentials, and the challenge that they answer. */
export class Authorization {
  /** The credential as it was given. */
  readonly credential: HttpCredential;
  readonly #challenge: HttpChallenge;
  /** One for all challenges, because it counts the uses of each nonce. */
  readonly #digest: HttpAuthDigest | null;

  private constructor(
    credential: HttpCredential,
    challenge: HttpChallenge,
    digest: HttpAuthDigest | null,
  ) {
    this.credential = credential;
    this.#challenge = challenge;
    this.#digest = digest;
  }

  /** Finds the challenge that a credential answers; `null` if there is none. */
  static find(
    credential: HttpCredential,
    challenges: readonly HttpChallenge[],
    rules: AnswerRules,
  ): Authorization | null {
    const digest = credential instanceof HttpAuthDigest
      ? credential
      : isPassword(credential)
      ? new HttpAuthDigest(credential.username, credential.password)
      : null;
    const challenge = digest === null
      ? undefined
      : strongest(challenges, rules.coversBody);
    if (challenge !== undefined) {
      return new Authorization(credential, challenge, digest);
    }
    const scheme = schemeOf(credential, rules.basicForPassword);
    const other = challenges.find((candidate) => candidate.scheme === scheme);
    return other === undefined
      ? null
      : new Authorization(credential, other, digest);
  }

  get scheme(): string {
    return this.#challenge.scheme;
  }

  /** The digest that learns from the response, or `null`. */
  get digest(): HttpAuthDigest | null {
    return this.scheme === "digest" ? this.#digest : null;
  }

  /** Answers other challenges with the same credentials; `null` if it cannot. */
  renew(
    challenges: readonly HttpChallenge[],
    rules: AnswerRules,
  ): Authorization | null {
    const found = Authorization.find(this.credential, challenges, rules);
    return found && new Authorization(
      this.credential,
      found.#challenge,
      this.#digest,
    );
  }

  /**
   * Encodes the value of `Authorization` or `Proxy-Authorization`; `null` if it has to
   * cover a body that is not in memory.
   */
  write(request: AuthorizedRequest, random: () => number): string | null {
    const { credential } = this;
    if (
      credential instanceof HttpAuthBasic ||
      credential instanceof HttpAuthBearer
    ) return credential.toAuthorization();
    if (this.digest !== null) {
      if (request.body === undefined && needsBody(this.#challenge)) return null;
      const cnonce = randomHex(random);
      return this.digest.answer(this.#challenge, request, { cnonce });
    }
    const { username, password } = credential as HttpPassword;
    return new HttpAuthBasic(username, password).toAuthorization();
  }
}

function isPassword(credential: HttpCredential): credential is HttpPassword {
  return !(credential instanceof HttpAuthBasic ||
    credential instanceof HttpAuthBearer ||
    credential instanceof HttpAuthDigest);
}

/** The scheme other than Digest that a credential answers. */
function schemeOf(
  credential: HttpCredential,
  basicForPassword: boolean,
): string | null {
  if (credential instanceof HttpAuthBearer) return "bearer";
  if (credential instanceof HttpAuthBasic) return "basic";
  return isPassword(credential) && basicForPassword ? "basic" : null;
}

const DIGESTS = ["sha-256", "sha-512-256", "md5"];

/** The Digest challenge with the best algorithm, the first of equals. */
function strongest(
  challenges: readonly HttpChallenge[],
  coversBody: boolean,
): HttpChallenge | undefined {
  const rank = (challenge: HttpChallenge) => {
    const algorithm = challenge.param("algorithm") ?? "MD5";
    return DIGESTS.indexOf(algorithm.toLowerCase().replace(/-sess$/, ""));
  };
  let best: HttpChallenge | undefined;
  for (const challenge of challenges) {
    if (!HttpAuthDigest.supports(challenge)) continue;
    if (!coversBody && needsBody(challenge)) continue;
    if (best === undefined || rank(challenge) < rank(best)) best = challenge;
  }
  return best;
}

/** Whether an answer has to cover the body: only `auth-int` is offered. */
function needsBody(challenge: HttpChallenge): boolean {
  const qop = challenge.param("qop");
  return qop !== undefined && !listIncludes(qop, "auth");
}

/** Returns 128 random bits. */
function randomHex(random: () => number): string {
  let text = "";
  while (text.length < 32) {
    text += Math.floor(random() * 16 ** 4).toString(16).padStart(4, "0");
  }
  return text;
}
