// The vectors of heads, in every cut; the others are in `../vectors_test.ts`.

import * as api from "../../mod.ts";
import { HEAD_FILES, vectorCases } from "../_run_vectors.ts";

for (const { file, name, run } of vectorCases(api)) {
  if (!HEAD_FILES.includes(file)) continue;
  Deno.test({ name, permissions: "none", fn: run });
}
