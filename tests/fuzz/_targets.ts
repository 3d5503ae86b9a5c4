// Everything that is fuzzed.

import { EVENTS } from "./_events.ts";
import { READERS } from "./_readers.ts";
import { REDIRECT } from "./_redirects.ts";
import { REQUEST_WRITERS } from "./_requests.ts";
import type { Target } from "./_target.ts";
import { VALUES } from "./_values.ts";

/** All targets, in the order in which they take turns. */
export const TARGETS: readonly Target[] = [
  ...READERS,
  EVENTS,
  ...VALUES,
  REDIRECT,
  ...REQUEST_WRITERS,
];
