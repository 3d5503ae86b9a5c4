/**
 * The Basic authentication scheme (RFC 7617).
 *
 * @module
 */

import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { decodePercent, decodeValidUtf8 } from "../rfc9110/byte_string.ts";
import { parseUrl } from "../rfc9110/_url.ts";
import { Secret } from "../rfc9110/secret.ts";
import {
  exposeUserText,
  invalidCredentials,
  stripScheme,
} from "./_credentials.ts";

const SCHEME = "Basic";

/**
 * A username and a password. They are sent as UTF-8 in base64, which hides
 * nothing: use it only over TLS.
 *
 * Neither is normalized. Servers that announce `charset="UTF-8"` expect NFC
 * (RFC 7617 §2.1), which is `text.normalize()`.
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
  /** The username, which is not treated as a secret. */
  readonly username: string;
  /** The password. */
  readonly password: Secret;

  /**
   * Checks and keeps a username and a password. Both may be empty.
   *
   * @param username The username.
   * @param password The password.
   * @throws {TypeError} If either is not a string, contains a control character
   * or half of a surrogate pair, or contains `[redacted]`, or if the username
   * contains a colon. The message repeats neither.
   */
  constructor(username: string, password: string | Secret) {
    this.username = exposeUserText(SCHEME, "username", username);
    if (this.username.includes(":")) {
      throw invalidCredentials(SCHEME, "the username contains a colon");
    }
    this.password = new Secret(exposeUserText(SCHEME, "password", password));
  }

  /**
   * Decodes the userinfo of a URL.
   *
   * @param url The URL, with any scheme.
   * @returns The credentials, or `null` if the URL has no userinfo.
   * @throws {TypeError} If the URL cannot be parsed, or its userinfo is not
   * percent-encoded UTF-8 of a valid username and password. The message does
   * not repeat them.
   *
   * @example Credentials in a URL
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { HttpAuthBasic } from "@pimalaya/io-http/auth";
   *
   * const auth = HttpAuthBasic.fromUrl("https://ada:p%40ss@example.com/");
   *
   * assertEquals(auth?.username, "ada");
   * assertEquals(auth?.password.expose(), "p@ss");
   * assertEquals(HttpAuthBasic.fromUrl("https://example.com/"), null);
   * ```
   */
  static fromUrl(url: string | URL): HttpAuthBasic | null {
    const { username, password } = parseUrl(url);
    if (username === "" && password === "") return null;
    return new HttpAuthBasic(
      decodeUtf8(decodePercent(username)),
      decodeUtf8(decodePercent(password)),
    );
  }

  /**
   * Parses the value of an `Authorization` field: the scheme in any case, one
   * or more spaces, and base64 with its padding.
   *
   * @param value The field value.
   * @returns The credentials. The username ends at the first colon.
   * @throws {TypeError} If the value is anything else. The message does not
   * repeat it.
   */
  static fromAuthorization(value: string): HttpAuthBasic {
    const pair = decodeUtf8(decodeStrict(stripScheme(value, SCHEME)));
    const colon = pair.indexOf(":");
    if (colon < 0) {
      throw invalidCredentials(SCHEME, "no colon ends the username");
    }
    return new HttpAuthBasic(pair.slice(0, colon), pair.slice(colon + 1));
  }

  /**
   * Returns the value of an `Authorization` field, not redacted.
   *
   * @returns `Basic`, a space, and the base64.
   */
  toAuthorization(): string {
    const pair = `${this.username}:${this.password.expose()}`;
    return `${SCHEME} ${encodeBase64(pair)}`;
  }
}

/** Decodes canonical base64 only. */
function decodeStrict(text: string): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer> | null = null;
  try {
    bytes = decodeBase64(text);
  } catch {
    // The message may repeat the text.
  }
  // Decoders accept missing padding and stray bits at the end.
  if (bytes === null || encodeBase64(bytes) !== text) {
    throw invalidCredentials(SCHEME, "the base64 is not valid");
  }
  return bytes;
}

function decodeUtf8(bytes: Uint8Array): string {
  const text = decodeValidUtf8(bytes);
  if (text !== null) return text;
  throw invalidCredentials(SCHEME, "the bytes are not valid UTF-8");
}
