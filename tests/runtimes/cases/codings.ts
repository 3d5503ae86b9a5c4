// docs/policies.md, "Content codings", with the decoders of each runtime.

import { equal } from "../../_sweep.ts";
import { checkCodings, defaultRules } from "../../agent/_codings.ts";
import { casesOf, type Group } from "./_case.ts";

/** Content codings. */
export const CODINGS: Group = {
  title: "Content codings",
  cases: casesOf("sockets", {
    async "what is offered decodes in every split, and rejects the rest"() {
      equal("problems", await checkCodings(), []);
    },

    async "gzip and deflate are offered"() {
      const { acceptEncoding } = await defaultRules();
      equal("coding", acceptEncoding.slice(0, 13), "gzip, deflate");
    },
  }),
};
