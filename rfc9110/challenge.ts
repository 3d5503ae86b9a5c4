/**
 * Challenges: how a server asks for authentication (RFC 9110 §11.3).
 *
 * @module
 */

import { ChallengeReader } from "./_challenge_reader.ts";

/**
 * A challenge of `WWW-Authenticate` or `Proxy-Authenticate`: a scheme, followed
 * by either a token68 or parameters.
 *
 * Values are byte strings: each character is one byte. They are not secret, so
 * inspecting and serializing a challenge shows them.
 *
 * @example Find the challenge that you can answer
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpChallenge } from "@pimalaya/io-http/rfc9110";
 *
 * const challenges = HttpChallenge.parseAll(
 *   'Negotiate, Basic realm="mail, and more", charset="UTF-8"',
 * );
 * const basic = challenges.find(({ scheme }) => scheme === "basic");
 *
 * assertEquals(challenges.length, 2);
 * assertEquals(basic?.param("realm"), "mail, and more");
 * ```
 */
export class HttpChallenge {
  /** The authentication scheme, in lowercase. */
  readonly scheme: string;
  /** The token68, such as the base64 after `Negotiate`, or `null`. */
  readonly token68: string | null;
  /** The parameters in order, by their names in lowercase. */
  readonly params: ReadonlyMap<string, string>;

  private constructor(
    scheme: string,
    token68: string | null,
    params: ReadonlyMap<string, string>,
  ) {
    this.scheme = scheme;
    this.token68 = token68;
    this.params = params;
  }

  /**
   * Parses the value of one field line.
   *
   * Anything that breaks the grammar is skipped up to the next comma outside a
   * quoted string, as is a parameter before any scheme or after a token68. If a
   * challenge has a parameter twice, the first one counts.
   *
   * @param value The field value.
   * @returns The challenges, in order.
   */
  static parseAll(value: string): HttpChallenge[] {
    return new ChallengeReader(value).readAll().map(
      ({ scheme, token68, params }) =>
        new HttpChallenge(scheme, token68, params),
    );
  }

  /**
   * Returns the value of a parameter.
   *
   * @param name The name of the parameter, in any case.
   * @returns The value without quotes and escapes, or `undefined` if there is
   * no such parameter.
   */
  param(name: string): string | undefined {
    return this.params.get(name.toLowerCase());
  }

  /**
   * Returns the challenge with its parameters as a plain object.
   *
   * @returns A plain object.
   */
  toJSON(): Record<string, unknown> {
    const { scheme, token68, params } = this;
    return { scheme, token68, params: Object.fromEntries(params) };
  }
}
