/**
 * Values of `Authorization` and `Proxy-Authorization` fields: Basic (RFC 7617)
 * and Bearer (RFC 6750). The challenges that ask for them are parsed by
 * `HttpChallenge` of `@pimalaya/io-http/rfc9110`; Digest is in
 * `@pimalaya/io-http/auth/digest`.
 *
 * Passwords and tokens are kept as a {@linkcode Secret}, so that logging them
 * by accident shows `[redacted]`.
 *
 * @example Create and parse values
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpAuthBasic, HttpAuthBearer, Secret } from "@pimalaya/io-http/auth";
 *
 * const bearer = new HttpAuthBearer("mF_9.B5f-4.1JqM");
 * const basic = HttpAuthBasic.fromAuthorization("basic QTpiOmM=");
 *
 * assertEquals(bearer.toAuthorization(), "Bearer mF_9.B5f-4.1JqM");
 * assertEquals(JSON.stringify(bearer), '{"token":"[redacted]"}');
 * assertEquals(basic.username, "A");
 * assertEquals(basic.password instanceof Secret, true);
 * assertEquals(basic.password.expose(), "b:c");
 * ```
 *
 * @module
 */

export { HttpAuthBasic } from "./basic.ts";
export { HttpAuthBearer } from "./bearer.ts";
export { Secret } from "../rfc9110/secret.ts";
