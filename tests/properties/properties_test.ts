import fc from "fast-check";
import { test } from "../_pure.ts";
import { PROPERTIES } from "./_all.ts";

for (const { name, runs, check } of PROPERTIES) {
  test(name, async () => {
    await fc.assert(check, { seed: 9100, numRuns: runs });
  });
}
