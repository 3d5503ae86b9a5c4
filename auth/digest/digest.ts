/**
 * The Digest authentication scheme (RFC 7616).
 *
 * @module
 */

import { keepNewest } from "../../core/newest.ts";
import { invalid, quote } from "../../core/quote.ts";
import { HttpError } from "../../error.ts";
import { isFieldText, quoteString } from "../../rfc9110/_syntax.ts";
import { toByteString } from "../../rfc9110/byte_string.ts";
import { HttpChallenge } from "../../rfc9110/challenge.ts";
import { Secret } from "../../rfc9110/secret.ts";
import { exposeUserText } from "../_credentials.ts";
import { type DigestChallenge, parseDigestChallenge } from "./_challenge.ts";
import {
  type Answer,
  hashAnswer,
  hashSecret,
  hashText,
  type Nonce,
  type Session,
} from "./_session.ts";
import { md5 } from "./hashes.ts";

// A server may offer a new nonce in each response, forever. At most as many are in use
// at the same time as there are connections, 64 by default.
const MAX_NONCES = 256;
// An answer is forgotten only if this many newer ones wait for their response.
const MAX_ANSWERS = 1024;

const NO_BYTES = new Uint8Array(0);

/** The parts of a request that an answer to a challenge depends on. */
export interface HttpDigestRequest {
  /** The method. */
  readonly method: string;
  /** The request target, exactly as it is sent. */
  readonly target: string;
  /**
   * The body, which is needed only if the server offers only `auth-int`.
   *
   * @default {empty}
   */
  readonly body?: Uint8Array | undefined;
}

/** Options of {@linkcode HttpAuthDigest.answer}. */
export interface HttpDigestAnswerOptions {
  /** A random text that no one can guess, such as 32 hexadecimal digits. */
  readonly cnonce: string;
}

/** Options of {@linkcode HttpAuthDigest.learn}. */
export interface HttpDigestLearnOptions {
  /**
   * The body of the response. Without it, `rspauth` of an `auth-int` answer is
   * not checked.
   *
   * @default {unknown}
   */
  readonly body?: Uint8Array | undefined;
}

/**
 * A username and a password that answer Digest challenges. An answer proves that
 * the client knows the password, without revealing it.
 *
 * One object serves all requests to an origin, or to a proxy. It counts the uses of
 * each nonce, so concurrent requests never repeat a count. It remembers a bounded
 * number of nonces and answers.
 *
 * Algorithms are MD5, SHA-256, SHA-512-256, and their `-sess` forms. Texts are
 * UTF-8, in Normalization Form C if the challenge says `charset=UTF-8`. A username
 * beyond ASCII is sent as `username*` if the charset or the algorithm shows that
 * the server knows RFC 7616, and otherwise as plain UTF-8.
 *
 * @example Answer a challenge (RFC 7616 §3.9.1)
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpAuthDigest } from "@pimalaya/io-http/auth/digest";
 * import { HttpChallenge } from "@pimalaya/io-http/rfc9110";
 *
 * const [challenge] = HttpChallenge.parseAll(
 *   'Digest realm="http-auth@example.org", qop="auth, auth-int", ' +
 *     "algorithm=SHA-256, " +
 *     'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ' +
 *     'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
 * );
 *
 * const auth = new HttpAuthDigest("Mufasa", "Circle of Life");
 * const value = auth.answer(
 *   challenge!,
 *   { method: "GET", target: "/dir/index.html" },
 *   { cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ" },
 * );
 *
 * assertEquals(
 *   value,
 *   'Digest username="Mufasa", realm="http-auth@example.org", ' +
 *     'uri="/dir/index.html", algorithm=SHA-256, ' +
 *     'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, ' +
 *     'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, ' +
 *     'response="753927fa0e85d155564e2e272a28d180' +
 *     '2ca10daf4496794697cf8db5856cb6c1", ' +
 *     'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
 * );
 * ```
 */
export class HttpAuthDigest {
  /** The username, which is not treated as a secret. */
  readonly username: string;
  /** The password. */
  readonly password: Secret;

  readonly #sessions = new Map<string, Session>();
  readonly #nonces = new Map<string, Nonce>();
  /** The last answers, oldest first. */
  readonly #answers: Answer[] = [];

  /**
   * Creates credentials.
   *
   * @param username The username, which may be empty.
   * @param password The password, which may be empty.
   * @throws {TypeError} If either is not a string, contains a control character
   * or half of a surrogate pair, or contains `[redacted]`. The message repeats
   * neither.
   */
  constructor(username: string, password: string | Secret) {
    this.username = exposeUserText("Digest", "username", username);
    this.password = new Secret(exposeUserText("Digest", "password", password));
  }

  /**
   * Returns whether a challenge can be answered: its scheme is Digest, it has a
   * nonce, and its algorithm and a quality of protection are known.
   *
   * @param challenge The challenge.
   * @returns Whether {@linkcode HttpAuthDigest.answer} accepts it.
   */
  static supports(challenge: HttpChallenge): boolean {
    return typeof parseDigestChallenge(challenge) !== "string";
  }

  /**
   * Answers a challenge. The same challenge serves many requests, each with the
   * next count of its nonce.
   *
   * The quality of protection is `auth`; `auth-int` if the server offers only that;
   * or that of RFC 2069 if it names none. With a `-sess` algorithm, all answers use
   * the cnonce of the session's first answer.
   *
   * @param challenge The latest challenge of the origin or proxy.
   * @param request The request to authorize.
   * @param options The cnonce.
   * @returns The value of an `Authorization` or `Proxy-Authorization` field.
   * @throws {TypeError} If the challenge is not supported, or if the target or the
   * cnonce is not valid in a field value.
   */
  answer(
    challenge: HttpChallenge,
    request: HttpDigestRequest,
    options: HttpDigestAnswerOptions,
  ): string {
    const parsed = parseDigestChallenge(challenge);
    if (typeof parsed === "string") {
      throw new TypeError(`Cannot answer the challenge: ${parsed}`);
    }
    checkFieldText("request target", request.target);
    checkFieldText("cnonce", options.cnonce);

    const session = this.#findSession(parsed, options.cnonce);
    const nc = ++session.nonce.uses;
    const answer: Answer = {
      session,
      nonce: session.nonce.value,
      uri: request.target,
      protection: parsed.qop === null ? null : {
        qop: parsed.qop,
        nc: nc.toString(16).padStart(8, "0"),
        cnonce: session.cnonce ?? options.cnonce,
      },
    };
    this.#answers.push(answer);
    if (this.#answers.length > MAX_ANSWERS) this.#answers.shift();
    const response = hashAnswer(
      answer,
      request.method,
      request.body ?? NO_BYTES,
    );
    return this.#format(parsed, answer, response);
  }

  /**
   * Learns from an `Authentication-Info` or `Proxy-Authentication-Info` field:
   * uses its `nextnonce` from now on, and checks that its `rspauth` comes from a
   * server that knows the password.
   *
   * @param info The field value.
   * @param options The body of the response.
   * @throws {HttpError} `InvalidAuthenticationInfo` if `rspauth` is wrong, or
   * belongs to no answer.
   */
  learn(info: string, options?: HttpDigestLearnOptions): void {
    const [parsed] = HttpChallenge.parseAll(`Digest ${info}`);
    const params = parsed?.params;
    if (params === undefined) return;
    const answers = this.#findAnswers(params.get("nc"), params.get("cnonce"));
    const rspauth = params.get("rspauth")?.toLowerCase();
    const answer = rspauth === undefined
      ? answers.at(-1)
      : verify(answers, rspauth, params.get("qop"), options?.body);

    const next = params.get("nextnonce");
    if (next && answer !== undefined) {
      answer.session.nonce = this.#findNonce(next);
    }
  }

  /** The answers that a count and a cnonce may belong to, oldest first. */
  #findAnswers(nc: string | undefined, cnonce: string | undefined): Answer[] {
    return this.#answers.filter(({ protection }) =>
      (nc === undefined || nc.toLowerCase() === protection?.nc) &&
      (cnonce === undefined || cnonce === protection?.cnonce)
    );
  }

  #findSession(challenge: DigestChallenge, cnonce: string): Session {
    const { algorithm, realm, nonce, hash, isSession } = challenge;
    const key = JSON.stringify([algorithm?.toLowerCase(), realm, nonce]);
    const session = this.#sessions.get(key) ?? {
      hash,
      secret: hashSecret(challenge, this.#bytesOf(challenge), cnonce),
      cnonce: isSession ? cnonce : null,
      nonce: this.#findNonce(nonce),
    };
    keepNewest(this.#sessions, key, session, MAX_NONCES);
    return session;
  }

  #findNonce(value: string): Nonce {
    const nonce = this.#nonces.get(value) ?? { value, uses: 0 };
    keepNewest(this.#nonces, value, nonce, MAX_NONCES);
    return nonce;
  }

  /** The username and the password as the byte strings that are hashed. */
  #bytesOf(challenge: DigestChallenge) {
    return {
      username: toByteString(normalize(challenge, this.username)),
      password: toByteString(normalize(challenge, this.password.expose())),
    };
  }

  /** Encodes the parameters in the order of RFC 7616 §3.9. */
  #format(
    challenge: DigestChallenge,
    { nonce, uri, protection, session }: Answer,
    response: string,
  ): string {
    const { realm, algorithm, opaque, userhash } = challenge;
    // RFC 2069 has no cnonce, but H(A1) of a `-sess` algorithm depends on it.
    const cnonce = protection?.cnonce ?? session.cnonce;
    const params = [
      this.#formatUsername(challenge),
      `realm=${quoteString(realm)}`,
      `uri=${quoteString(uri)}`,
      algorithm === undefined ? null : `algorithm=${algorithm}`,
      `nonce=${quoteString(nonce)}`,
      protection === null ? null : `nc=${protection.nc}`,
      cnonce === null ? null : `cnonce=${quoteString(cnonce)}`,
      protection === null ? null : `qop=${protection.qop}`,
      `response="${response}"`,
      opaque === undefined ? null : `opaque=${quoteString(opaque)}`,
      userhash ? "userhash=true" : null,
    ];
    return `Digest ${params.filter((param) => param !== null).join(", ")}`;
  }

  #formatUsername(challenge: DigestChallenge): string {
    const { hash, realm, userhash, isUtf8 } = challenge;
    const text = normalize(challenge, this.username);
    const bytes = toByteString(text);
    if (userhash) return `username="${hashText(hash, `${bytes}:${realm}`)}"`;
    // RFC 2617 had no `username*`, and no algorithm but MD5.
    const isModern = isUtf8 || hash !== md5;
    return bytes === text || !isModern
      ? `username=${quoteString(bytes)}`
      : `username*=${encodeExtValue(text)}`;
  }
}

/** RFC 7616 §4: `charset=UTF-8` also asks for Normalization Form C. */
function normalize({ isUtf8 }: DigestChallenge, text: string): string {
  return isUtf8 ? text.normalize("NFC") : text;
}

/**
 * Finds the answer that `rspauth` proves.
 *
 * @param qop The protection that the server names, `undefined` for the answer's.
 * @throws {HttpError} If it proves none.
 */
function verify(
  answers: readonly Answer[],
  rspauth: string,
  qop: string | undefined,
  body: Uint8Array | undefined,
): Answer {
  for (const answer of answers.toReversed()) {
    const seen = withQop(answer, qop);
    // Its hash covers a body that was not passed.
    if (seen.protection?.qop === "auth-int" && body === undefined) {
      return answer;
    }
    if (hashAnswer(seen, "", body ?? NO_BYTES) === rspauth) return answer;
  }
  throw new HttpError(
    "InvalidAuthenticationInfo",
    answers.length === 0
      ? "Cannot verify the server: its rspauth belongs to no answer"
      : "Cannot verify the server: its rspauth does not match the password",
  );
}

/** The server may protect its response with another quality than the request's. */
function withQop(answer: Answer, qop: string | undefined): Answer {
  const { protection } = answer;
  if (protection === null || (qop !== "auth" && qop !== "auth-int")) {
    return answer;
  }
  return { ...answer, protection: { ...protection, qop } };
}

/** Encodes an ext-value in UTF-8 (RFC 8187 §3.2.1). */
function encodeExtValue(text: string): string {
  const encoded = encodeURIComponent(text).replace(
    /[*'()]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `UTF-8''${encoded}`;
}

/**
 * Checks a caller's value for a field.
 *
 * @throws {TypeError} If it has a control character or is not a byte string.
 */
function checkFieldText(name: string, value: string): void {
  if (isFieldText(value)) return;
  throw invalid(name, `${quote(value)} is not a field value`);
}
