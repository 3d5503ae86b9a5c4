// The case of each feature: one function, which throws where it does not hold.

import type { Run } from "./_session.ts";
import {
  close,
  http10,
  http10KeepAlive,
  persistence,
  tls,
  tlsClose,
} from "./cases/connections.ts";
import { early, expect, post, refused, upload } from "./cases/requests.ts";
import {
  basic,
  chunked,
  head,
  large,
  noContent,
  notModified,
  range,
  redirect,
  sized,
} from "./cases/responses.ts";
import type { Feature } from "./features.ts";

/** The cases. */
export const CASES: Readonly<Record<Feature, (run: Run) => Promise<void>>> = {
  sized,
  chunked,
  head,
  noContent,
  notModified,
  range,
  redirect,
  basic,
  post,
  upload,
  expect,
  refused,
  early,
  persistence,
  close,
  http10,
  http10KeepAlive,
  large,
  tls,
  tlsClose,
};
