// The features, in the order of the table.

/** The title of each feature; the case of that name is in `cases/`. */
export const FEATURES = {
  sized: "Sized body",
  chunked: "Chunked body",
  head: "HEAD",
  noContent: "204",
  notModified: "304 by a validator",
  range: "206 of a range",
  redirect: "Redirect",
  basic: "Basic: 401, then 200",
  post: "POST",
  upload: "POST, chunked",
  expect: "POST, 100-continue",
  refused: "POST, refused before the body",
  early: "POST, response before its end",
  persistence: "100 requests on a connection",
  close: "Connection: close",
  http10: "HTTP/1.0",
  http10KeepAlive: "HTTP/1.0, keep-alive",
  large: "100 MB by digest",
  tls: "TLS",
  tlsClose: "TLS, a body up to the close",
} as const;

/** The name of a feature. */
export type Feature = keyof typeof FEATURES;
