/**
 * Digest authentication (RFC 7616), without I/O: MD5, SHA-256, SHA-512-256, and
 * their `-sess` forms, in TypeScript. The platform's own hashes are asynchronous
 * and lack two of the three.
 *
 * It is separate from `@pimalaya/io-http/auth`, so that only programs that need it
 * load it.
 *
 * @example Answer a 401, then authenticate the next request at once
 * ```ts
 * import { assertMatch } from "@std/assert";
 * import { HttpAuthDigest } from "@pimalaya/io-http/auth/digest";
 * import { HttpChallenge } from "@pimalaya/io-http/rfc9110";
 *
 * const field = 'Digest realm="camera", nonce="4f1a", qop="auth", Basic realm="camera"';
 * const challenge = HttpChallenge.parseAll(field).find(HttpAuthDigest.supports)!;
 *
 * const auth = new HttpAuthDigest("admin", "secret");
 * const request = { method: "GET", target: "/snapshot.jpg" };
 * const first = auth.answer(challenge, request, { cnonce: "7c01" });
 * const second = auth.answer(challenge, request, { cnonce: "e55b" });
 *
 * assertMatch(first, /^Digest username="admin", realm="camera", .*nc=00000001/);
 * assertMatch(second, /nc=00000002/);
 * ```
 *
 * @module
 */

export type { HttpChallenge } from "../../rfc9110/challenge.ts";
export { Secret } from "../../rfc9110/secret.ts";
export {
  HttpAuthDigest,
  type HttpDigestAnswerOptions,
  type HttpDigestLearnOptions,
  type HttpDigestRequest,
} from "./digest.ts";
