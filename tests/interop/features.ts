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

/** The title of each feature of proxies; the cases are in `cases/proxies.ts`. */
export const PROXY_FEATURES = {
  http: "http URL",
  https: "https URL",
  name: "A name that the proxy resolves",
  reuse: "20 requests on a connection",
  large: "100 MB by digest",
  forbidden: "A port that it forbids",
  unreachable: "A port that nobody listens on",
  basic: "Basic: 407, then ahead of it",
  digest: "Digest: 407, then ahead of it",
  login: "Login in the URL",
  wrongLogin: "Wrong login in the URL",
} as const;

/** The name of a feature of proxies. */
export type ProxyFeature = keyof typeof PROXY_FEATURES;

/** The title of each kind of credentials; the cases are in `cases/credentials.ts`. */
export const CREDENTIAL_FEATURES = {
  basic: "Basic",
  md5: "Digest, MD5",
  sha256: "Digest, SHA-256, userhash",
  sha512: "Digest, SHA-512-256",
  once: "Digest, a nonce for each request",
  concurrent: "Digest, 20 requests at once",
  userinfo: "Digest, userinfo of the URL",
  wrong: "A wrong password",
} as const;

/** The name of a kind of credentials. */
export type CredentialFeature = keyof typeof CREDENTIAL_FEATURES;
