/**
 * Challenges: how a server asks for authentication (RFC 9110 §11.3).
 *
 * @module
 */

import { ChallengeReader } from "./_challenge_reader.ts";
import { INSPECT, inspectAs, REDACTED } from "./_redact.ts";

/**
 * One challenge of `WWW-Authenticate` or `Proxy-Authenticate`: a scheme, and
 * then either a token68 or parameters.
 *
 * Values are byte strings: each char is one byte. Inspecting or serialising a
 * challenge shows `[redacted]` in place of its token68 and of its parameters'
 * values.
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
  /** The token68, such as the base64 behind `Negotiate`, or `null`. */
  readonly token68: string | null;
  /** The parameters by their names in lowercase, in order. */
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
   * Parses a field value, that of one field line or of all of them joined with
   * commas.
   *
   * What breaks the grammar is skipped up to the next comma outside a quoted
   * string, and so is a parameter before any scheme or behind a token68. Where
   * a challenge has a parameter twice, the first one counts.
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
   * Returns a parameter's value.
   *
   * @param name The parameter's name, in any case.
   * @returns The value without quotes and escapes, or `undefined` where there is
   * no such parameter.
   */
  param(name: string): string | undefined {
    return this.params.get(name.toLowerCase());
  }

  /**
   * Returns what is safe to log: the scheme and the parameters' names.
   *
   * @returns A plain object for `JSON.stringify`.
   */
  toJSON(): Record<string, unknown> {
    const names = [...this.params.keys()];
    return {
      scheme: this.scheme,
      token68: this.token68 === null ? null : REDACTED,
      params: Object.fromEntries(names.map((name) => [name, REDACTED])),
    };
  }

  /**
   * Shows the challenge in `console.log`, values redacted.
   *
   * @param _depth How deep the value stands in what is inspected.
   * @param options The inspection's options.
   * @param inspect The runtime's own inspection.
   * @returns The text to show.
   */
  [INSPECT](
    _depth: unknown,
    options: unknown,
    inspect?: (value: unknown, options: unknown) => string,
  ): unknown {
    return inspectAs("HttpChallenge", this.toJSON(), options, inspect);
  }
}
