// Exchanges with a server that we did not write, in any runtime: the same cases
// run against each server of `../interop/`, and in each runtime of `../runtimes/`.

import { CONNECTIONS } from "./connections.ts";
import { REQUESTS } from "./requests.ts";
import { RESPONSES } from "./responses.ts";

/** The cases, by their title. */
export const EXCHANGES = { ...RESPONSES, ...REQUESTS, ...CONNECTIONS };
