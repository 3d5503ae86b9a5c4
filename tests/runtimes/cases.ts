// All groups of cases, in the order of the table.

import type { Group } from "./cases/_case.ts";
import { AGENTS } from "./cases/agents.ts";
import { CODINGS } from "./cases/codings.ts";
import { ENDS } from "./cases/ends.ts";
import { FETCH } from "./cases/fetch.ts";
import { PROXIES } from "./cases/proxies.ts";
import { FAULTS } from "./cases/faults.ts";
import { RESPONSES } from "./cases/responses.ts";
import { CONNECTS, SOCKETS } from "./cases/sockets.ts";
import { STREAMS } from "./cases/streams.ts";
import { UPGRADES } from "./cases/upgrades.ts";

/** The groups. */
export const GROUPS: readonly Group[] = [
  RESPONSES,
  STREAMS,
  UPGRADES,
  ENDS,
  FAULTS,
  CODINGS,
  AGENTS,
  FETCH,
  CONNECTS,
  SOCKETS,
  PROXIES,
];
