/**
 * The Basic authentication scheme (RFC 7617).
 *
 * @module
 */

import { decodeByteString, encodeByteString } from "../rfc9110/_byte_string.ts";
import { invalidCredentials, stripScheme } from "./_credentials.ts";
import { Secret } from "../rfc9110/secret.ts";

const SCHEME = "Basic";

const encoder = new TextEncoder();
// A BOM is a part of the user name as any other char is.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// deno-lint-ignore no-control-regex -- CTL of RFC 5234, which RFC 7617 §2 bans
const CONTROL = /[\x00-\x1f\x7f]/;
// With the u flag, a pair of surrogates is one char, and not within the range.
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/**
 * A user name and a password, sent as UTF-8 in base64, which hides nothing: use
 * it over TLS alone.
 *
 * Neither is normalised. RFC 7617 §2.1 has servers that announce
 * `charset="UTF-8"` expect NFC, which is `text.normalize()`.
 *
 * @example Authorize a request
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpAuthBasic } from "@pimalaya/io-http/auth";
 *
 * const auth = new HttpAuthBasic("Aladdin", "open sesame");
 *
 * assertEquals(auth.toAuthorization(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
 * ```
 */
export class HttpAuthBasic {
  /** The user name, which is not treated as a secret. */
  readonly username: string;
  /** The password. */
  readonly password: Secret;

  /**
   * Takes a user name and a password.
   *
   * @param username The user name, maybe empty.
   * @param password The password, maybe empty.
   * @throws {TypeError} If the user name holds a colon, or if either holds a
   * control character or half of a surrogate pair.
   */
  constructor(username: string, password: string) {
    checkText("user name", username);
    checkText("password", password);
    if (username.includes(":")) {
      throw invalidCredentials(SCHEME, "the user name holds a colon");
    }
    this.username = username;
    this.password = new Secret(password);
  }

  /**
   * Parses the value of an `Authorization` field: the scheme in any case, one
   * or more spaces, and base64 with its padding.
   *
   * @param value The field value.
   * @returns The user name, which ends at the first colon, and the password.
   * @throws {TypeError} If the value is anything else. The message does not
   * repeat it.
   */
  static fromAuthorization(value: string): HttpAuthBasic {
    const pair = decodeUtf8(decodeStrict(stripScheme(value, SCHEME)));
    const colon = pair.indexOf(":");
    if (colon < 0) {
      throw invalidCredentials(SCHEME, "no colon ends the user name");
    }
    return new HttpAuthBasic(pair.slice(0, colon), pair.slice(colon + 1));
  }

  /**
   * Makes the value of an `Authorization` field.
   *
   * @returns `Basic`, a space, and the base64. It is not redacted.
   */
  toAuthorization(): string {
    const pair = encoder.encode(`${this.username}:${this.password.expose()}`);
    return `${SCHEME} ${btoa(decodeByteString(pair, false))}`;
  }
}

function checkText(what: string, text: string): void {
  if (CONTROL.test(text)) {
    throw invalidCredentials(SCHEME, `the ${what} holds a control character`);
  }
  // An encoder would put U+FFFD in its place, and so send another password.
  if (LONE_SURROGATE.test(text)) {
    throw invalidCredentials(
      SCHEME,
      `the ${what} holds half of a surrogate pair`,
    );
  }
}

/**
 * Decodes base64 with `atob`, which every runtime has: the decoder of `@std`
 * needs `ArrayBuffer.prototype.transfer`, and Node 20 has none.
 */
function decodeStrict(text: string): Uint8Array<ArrayBuffer> {
  let bytes: string | null = null;
  try {
    bytes = atob(text);
  } catch {
    // Its message is another in each runtime, and may repeat the text.
  }
  // `atob` forgives white space, missing padding and stray bits at the end.
  if (bytes === null || btoa(bytes) !== text) {
    throw invalidCredentials(SCHEME, "the base64 is not valid");
  }
  return encodeByteString(bytes);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw invalidCredentials(SCHEME, "the bytes are not valid UTF-8");
  }
}
