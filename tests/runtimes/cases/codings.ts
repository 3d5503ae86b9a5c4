// docs/policies.md, "Content codings", with the decoders of each runtime.

import { equal } from "../../_sweep.ts";
import { checkCodings, defaultRules } from "../../agent/_codings.ts";
import type { Group } from "./_case.ts";

/** Content codings. */
export const CODINGS: Group = {
  title: "Content codings",
  cases: [
    {
      name: "What is offered decodes in every split, and rejects the rest",
      needs: ["sockets"],
      run: async () => equal("problems", await checkCodings(), []),
    },
    {
      name: "gzip and deflate are offered",
      needs: ["sockets"],
      run: async () => {
        const { acceptEncoding } = await defaultRules();
        equal("coding", acceptEncoding.slice(0, 13), "gzip, deflate");
      },
    },
  ],
};
