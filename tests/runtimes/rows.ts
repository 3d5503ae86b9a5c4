// The rows of the table.

import { GROUPS } from "./cases.ts";

/** The row of the wire vectors. */
export const VECTORS = "Wire vectors, in every split";

/** All rows, in order. */
export const ROWS: readonly string[] = [
  VECTORS,
  ...GROUPS.map(({ title }) => title),
];
