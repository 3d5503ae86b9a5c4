// The features, in the order of the table: each with its title and its case, which
// throws if the feature does not work.

import type { Run } from "./_session.ts";
import * as connections from "./cases/connections.ts";
import * as requests from "./cases/requests.ts";
import * as responses from "./cases/responses.ts";

/** The features. */
export const FEATURES = {
  sized: ["Sized body", responses.sized],
  chunked: ["Chunked body", responses.chunked],
  head: ["HEAD", responses.head],
  noContent: ["204", responses.noContent],
  notModified: ["304 by a validator", responses.notModified],
  range: ["206 of a range", responses.range],
  redirect: ["Redirect", responses.redirect],
  basic: ["Basic: 401, then 200", responses.basic],
  post: ["POST", requests.post],
  upload: ["POST, chunked", requests.upload],
  expect: ["POST, 100-continue", requests.expect],
  refused: ["POST, refused before the body", requests.refused],
  early: ["POST, response before its end", requests.early],
  persistence: ["100 requests on a connection", connections.persistence],
  close: ["Connection: close", connections.close],
  http10: ["HTTP/1.0", connections.http10],
  http10KeepAlive: ["HTTP/1.0, keep-alive", connections.http10KeepAlive],
  large: ["100 MB by digest", responses.large],
  tls: ["TLS", connections.tls],
  tlsClose: ["TLS, a body up to the close", connections.tlsClose],
} as const satisfies Record<
  string,
  readonly [title: string, run: (run: Run) => Promise<void>]
>;

/** The name of a feature. */
export type Feature = keyof typeof FEATURES;
