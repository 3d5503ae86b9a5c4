/**
 * The Bearer authentication scheme (RFC 6750).
 *
 * @module
 */

import { isToken68 } from "../rfc9110/_syntax.ts";
import { Secret } from "../rfc9110/secret.ts";
import { exposeText, stripScheme } from "./_credentials.ts";

const SCHEME = "Bearer";

/**
 * An access token, such as one of OAuth 2.0. Anyone who has it may use it: send
 * it only over TLS.
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
   * Checks and keeps a token.
   *
   * @param token One or more of `A-Z a-z 0-9 - . _ ~ + /`, then any number of
   * `=` (`b64token` of RFC 6750 §2.1).
   * @throws {TypeError} If the token is anything else. The message does not
   * repeat it.
   */
  constructor(token: string | Secret) {
    this.token = new Secret(exposeText(SCHEME, "token", token, findFault));
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
   * Returns the value of an `Authorization` field, not redacted.
   *
   * @returns `Bearer`, a space, and the token.
   */
  toAuthorization(): string {
    return `${SCHEME} ${this.token.expose()}`;
  }
}

function findFault(token: string): string | null {
  return isToken68(token) ? null : "is not a b64token";
}
