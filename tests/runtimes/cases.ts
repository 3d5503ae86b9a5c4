// All cases of the client.

import type { Case } from "./cases/_case.ts";
import { ENDS } from "./cases/ends.ts";
import { RESPONSES } from "./cases/responses.ts";
import { STREAMS } from "./cases/streams.ts";

export type { Case } from "./cases/_case.ts";

/** The cases, each under what it shows. */
export const CASES: Readonly<Record<string, Case>> = {
  ...RESPONSES,
  ...STREAMS,
  ...ENDS,
};
