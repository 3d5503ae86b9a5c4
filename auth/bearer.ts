/**
 * The Bearer authentication scheme (RFC 6750).
 *
 * @module
 */

import { isToken68 } from "../rfc9110/_token68.ts";
import { invalidCredentials, stripScheme } from "./_credentials.ts";
import { Secret } from "../rfc9110/secret.ts";

const SCHEME = "Bearer";

/**
 * An access token, as OAuth 2.0 hands it out. Whoever has it may use it: send
 * it over TLS alone.
 *
 * @example Authorize a request
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpAuthBearer } from "@pimalaya/io-http/auth";
 *
 * const auth = new HttpAuthBearer("mF_9.B5f-4.1JqM");
 *
 * assertEquals(auth.toAuthorization(), "Bearer mF_9.B5f-4.1JqM");
 * ```
 */
export class HttpAuthBearer {
  /** The token. */
  readonly token: Secret;

  /**
   * Takes a token.
   *
   * @param token One or more of `A-Z a-z 0-9 - . _ ~ + /`, and then any number
   * of `=`: `b64token` of RFC 6750 §2.1.
   * @throws {TypeError} If the token is anything else. The message does not
   * repeat it.
   */
  constructor(token: string) {
    if (!isToken68(token)) {
      throw invalidCredentials(SCHEME, "the token is not a b64token");
    }
    this.token = new Secret(token);
  }

  /**
   * Parses the value of an `Authorization` field: the scheme in any case, one
   * or more spaces, and the token.
   *
   * @param value The field value.
   * @returns The token.
   * @throws {TypeError} If the value is anything else. The message does not
   * repeat it.
   */
  static fromAuthorization(value: string): HttpAuthBearer {
    return new HttpAuthBearer(stripScheme(value, SCHEME));
  }

  /**
   * Makes the value of an `Authorization` field.
   *
   * @returns `Bearer`, a space, and the token. It is not redacted.
   */
  toAuthorization(): string {
    return `${SCHEME} ${this.token.expose()}`;
  }
}
