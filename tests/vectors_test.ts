import { assert, assertEquals } from "@std/assert";
import * as api from "../mod.ts";
import { HEAD_FILES, vectorCases } from "./_run_vectors.ts";

const CASES = vectorCases(api);

const KEYS = [
  ..."name rfc request limits lenient via wire eof expect".split(" "),
  ..."options chunks trailers base service headers".split(" "),
  ..."basic parseBasic bearer parseBearer userinfo challenges".split(" "),
  ..."upload inputs stream maxEventBytes".split(" "),
];
const EXPECT_KEYS = [
  ..."interim head framing body trailers remaining upgraded".split(" "),
  ..."keepAlive closeReason http10 error at throws wire redirect next".split(
    " ",
  ),
  ..."value username password token challenges written status".split(" "),
  ..."message steps events lastEventId incomplete".split(" "),
];

// The other half is in `rfc9112/vectors_test.ts`, so that two processors share it.
for (const { file, name, run } of CASES) {
  if (HEAD_FILES.includes(file)) continue;
  Deno.test({ name, permissions: "none", fn: run });
}

Deno.test({
  name: "Every vector has a name of its own and an RFC section",
  permissions: "none",
  fn() {
    const names = CASES.map(({ name }) => name);
    assertEquals(names.length, new Set(names).size);
    for (const { vector } of CASES) {
      assert(
        /^(?:RFC \d+|HTML) §[\d.]+$/.test(vector.rfc),
        `${vector.name}: ${vector.rfc}`,
      );
    }
  },
});

Deno.test({
  name: "Every vector has known keys alone",
  permissions: "none",
  fn() {
    // A misspelled expectation would always hold.
    for (const { vector } of CASES) {
      const { expect } = vector as unknown as { expect: object };
      for (const key of Object.keys(vector)) {
        assert(KEYS.includes(key), `${vector.name}: ${key}`);
      }
      for (const key of Object.keys(expect)) {
        assert(EXPECT_KEYS.includes(key), `${vector.name}: ${key}`);
      }
    }
  },
});
