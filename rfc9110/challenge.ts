/**
 * Challenges: how a server asks for authentication (RFC 9110 §11.3).
 *
 * @module
 */

// The grammar of WWW-Authenticate and Proxy-Authenticate (RFC 9110 §11.2,
// §11.3, §11.6.1):
//
//   list      = [ element ] *( OWS "," OWS [ element ] )
//   element   = scheme [ 1*SP ( token68 / parameter ) ] / parameter
//   parameter = token BWS "=" BWS ( token / quoted-string )
//
// Commas separate both challenges and parameters, so the form of an element
// decides which of the two it is: a name before an equals sign is a parameter of
// the previous challenge, and any other token starts a challenge. After a scheme,
// `a=` is a token68 and `a=b` a parameter, because a token68 fills its element.
//
// No pattern can match the same text in two ways, so the cost is linear.

import { isFieldText, isToken68, trimBlanks } from "./_syntax.ts";

/** The elements of a list. A quoted string may contain commas, or be unclosed. */
const ELEMENTS = /(?:[^",]+|"[^"\\]*(?:\\.[^"\\]*)*"?)+/gs;

/** A scheme, and the rest of its element. */
const SCHEME = /^([\w!#$%&'*+.^`|~-]+)(?:[ \t]+(.*))?$/s;

/** A name, and its value: quoted, a token, or neither, which is invalid. */
const PARAM =
  /^([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([\w!#$%&'*+.^`|~-]+)(?![^ \t]))?/s;

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
    const found: HttpChallenge[] = [];
    // The parameters to add to, if any may follow.
    let params: Map<string, string> | null = null;
    for (const element of value.match(ELEMENTS) ?? []) {
      const text = trimBlanks(element);
      if (readParam(text, params)) continue;
      const [, scheme, rest = ""] = SCHEME.exec(text) ?? [];
      if (scheme === undefined) continue;
      const added = new Map<string, string>();
      const token68 = isToken68(rest) ? rest : null;
      found.push(new HttpChallenge(scheme.toLowerCase(), token68, added));
      // A challenge has either a token68 or parameters.
      params = token68 === null ? added : null;
      readParam(rest, params);
    }
    return found;
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

/** Reads a parameter. Returns false if the text is not one. */
function readParam(text: string, params: Map<string, string> | null): boolean {
  const [, name, quoted, token] = PARAM.exec(text) ?? [];
  if (name === undefined) return false;
  const lower = name.toLowerCase();
  const value = quoted !== undefined && isFieldText(quoted)
    ? quoted.replace(/\\(.)/g, "$1")
    : token;
  // A name must not occur twice in a challenge (RFC 9110 §11.2).
  if (value !== undefined && params?.has(lower) === false) {
    params.set(lower, value);
  }
  return true;
}
