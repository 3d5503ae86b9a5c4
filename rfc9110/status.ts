/**
 * Status codes and their reason phrases (RFC 9110 §15).
 *
 * @module
 */

/**
 * The status codes of the IANA HTTP Status Code Registry by name, and the type
 * of any one of them. 306 and 418 are absent: they are reserved and have no
 * meaning.
 *
 * @example Compare a status
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reasonPhrase, StatusCode } from "@pimalaya/io-http/rfc9110";
 *
 * assertEquals(StatusCode.NotFound, 404);
 * assertEquals(reasonPhrase(StatusCode.NotFound), "Not Found");
 * ```
 */
export const StatusCode = {
  /** RFC 9110 §15.2.1. */
  Continue: 100,
  /** RFC 9110 §15.2.2. */
  SwitchingProtocols: 101,
  /** RFC 2518 §10.1. */
  Processing: 102,
  /** RFC 8297 §2. */
  EarlyHints: 103,
  /** draft-ietf-httpbis-resumable-upload, a temporary registration. */
  UploadResumptionSupported: 104,
  /** RFC 9110 §15.3.1. */
  Ok: 200,
  /** RFC 9110 §15.3.2. */
  Created: 201,
  /** RFC 9110 §15.3.3. */
  Accepted: 202,
  /** RFC 9110 §15.3.4. */
  NonAuthoritativeInformation: 203,
  /** RFC 9110 §15.3.5. */
  NoContent: 204,
  /** RFC 9110 §15.3.6. */
  ResetContent: 205,
  /** RFC 9110 §15.3.7. */
  PartialContent: 206,
  /** RFC 4918 §11.1. */
  MultiStatus: 207,
  /** RFC 5842 §7.1. */
  AlreadyReported: 208,
  /** RFC 3229 §10.4.1. */
  ImUsed: 226,
  /** RFC 9110 §15.4.1. */
  MultipleChoices: 300,
  /** RFC 9110 §15.4.2. */
  MovedPermanently: 301,
  /** RFC 9110 §15.4.3. */
  Found: 302,
  /** RFC 9110 §15.4.4. */
  SeeOther: 303,
  /** RFC 9110 §15.4.5. */
  NotModified: 304,
  /** RFC 9110 §15.4.6, deprecated. */
  UseProxy: 305,
  /** RFC 9110 §15.4.8. */
  TemporaryRedirect: 307,
  /** RFC 9110 §15.4.9. */
  PermanentRedirect: 308,
  /** RFC 9110 §15.5.1. */
  BadRequest: 400,
  /** RFC 9110 §15.5.2. */
  Unauthorized: 401,
  /** RFC 9110 §15.5.3. */
  PaymentRequired: 402,
  /** RFC 9110 §15.5.4. */
  Forbidden: 403,
  /** RFC 9110 §15.5.5. */
  NotFound: 404,
  /** RFC 9110 §15.5.6. */
  MethodNotAllowed: 405,
  /** RFC 9110 §15.5.7. */
  NotAcceptable: 406,
  /** RFC 9110 §15.5.8. */
  ProxyAuthenticationRequired: 407,
  /** RFC 9110 §15.5.9. */
  RequestTimeout: 408,
  /** RFC 9110 §15.5.10. */
  Conflict: 409,
  /** RFC 9110 §15.5.11. */
  Gone: 410,
  /** RFC 9110 §15.5.12. */
  LengthRequired: 411,
  /** RFC 9110 §15.5.13. */
  PreconditionFailed: 412,
  /** RFC 9110 §15.5.14. */
  ContentTooLarge: 413,
  /** RFC 9110 §15.5.15. */
  UriTooLong: 414,
  /** RFC 9110 §15.5.16. */
  UnsupportedMediaType: 415,
  /** RFC 9110 §15.5.17. */
  RangeNotSatisfiable: 416,
  /** RFC 9110 §15.5.18. */
  ExpectationFailed: 417,
  /** RFC 9110 §15.5.20. */
  MisdirectedRequest: 421,
  /** RFC 9110 §15.5.21. */
  UnprocessableContent: 422,
  /** RFC 4918 §11.3. */
  Locked: 423,
  /** RFC 4918 §11.4. */
  FailedDependency: 424,
  /** RFC 8470 §5.2. */
  TooEarly: 425,
  /** RFC 9110 §15.5.22. */
  UpgradeRequired: 426,
  /** RFC 6585 §3. */
  PreconditionRequired: 428,
  /** RFC 6585 §4. */
  TooManyRequests: 429,
  /** RFC 6585 §5. */
  RequestHeaderFieldsTooLarge: 431,
  /** RFC 7725 §3. */
  UnavailableForLegalReasons: 451,
  /** RFC 9110 §15.6.1. */
  InternalServerError: 500,
  /** RFC 9110 §15.6.2. */
  NotImplemented: 501,
  /** RFC 9110 §15.6.3. */
  BadGateway: 502,
  /** RFC 9110 §15.6.4. */
  ServiceUnavailable: 503,
  /** RFC 9110 §15.6.5. */
  GatewayTimeout: 504,
  /** RFC 9110 §15.6.6. */
  HttpVersionNotSupported: 505,
  /** RFC 2295 §8.1. */
  VariantAlsoNegotiates: 506,
  /** RFC 4918 §11.5. */
  InsufficientStorage: 507,
  /** RFC 5842 §7.2. */
  LoopDetected: 508,
  /** RFC 2774 §7, obsoleted. */
  NotExtended: 510,
  /** RFC 6585 §6. */
  NetworkAuthenticationRequired: 511,
} as const;

/** One of the registered status codes. */
export type StatusCode = (typeof StatusCode)[keyof typeof StatusCode];

// Every other phrase is its name split before each capital.
const IRREGULAR_PHRASES: Readonly<Record<number, string>> = {
  200: "OK",
  203: "Non-Authoritative Information",
  207: "Multi-Status",
  226: "IM Used",
  414: "URI Too Long",
  505: "HTTP Version Not Supported",
};

/**
 * Returns the registered reason phrase of a status code. A peer may send any
 * other, or none.
 *
 * @param status The status code.
 * @returns The phrase, or `undefined` if the code is not registered.
 *
 * @example Name a status
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reasonPhrase, StatusCode } from "@pimalaya/io-http/rfc9110";
 *
 * assertEquals(reasonPhrase(StatusCode.UriTooLong), "URI Too Long");
 * assertEquals(reasonPhrase(418), undefined);
 * ```
 */
export function reasonPhrase(status: number): string | undefined {
  for (const [name, code] of Object.entries(StatusCode)) {
    if (code === status) {
      return IRREGULAR_PHRASES[code] ?? name.replace(/(?!^)[A-Z]/g, " $&");
    }
  }
  return undefined;
}
