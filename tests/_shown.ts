// All the ways in which a value ends up in a log.

import { inspect } from "node:util";

const ALL = { depth: 9, showHidden: true };

/** Returns a value as each way of showing it does, alone and inside another. */
export function shownAs(value: unknown): string[] {
  return [
    Deno.inspect(value),
    Deno.inspect({ deep: [value] }, ALL),
    inspect(value),
    inspect({ deep: [value] }, ALL),
    JSON.stringify(value),
  ];
}
