/**
 * Authentication values: what goes into an `Authorization` or a
 * `Proxy-Authorization` field, Basic (RFC 7617) and Bearer (RFC 6750). What a
 * server asks for is an `HttpChallenge` of `@pimalaya/io-http/rfc9110`.
 *
 * Passwords and tokens are held as a {@linkcode Secret}, so that logging them
 * by accident shows `[redacted]`.
 *
 * @example Make and parse a value
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
