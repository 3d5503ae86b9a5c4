// The end is the end: no input, however much of it, changes the last step, nor
// anything within it.

import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import {
  Http11Receive,
  Http11ReceiveChunks,
  Http11ReceiveHead,
  Http11Send,
  HttpRequest,
  WellKnown,
} from "../../mod.ts";
import { type AnyCoroutine, plain } from "../_cuts.ts";
import { endOfFile, test } from "../_pure.ts";
import { toBytes } from "../_text.ts";
import { binary, nearlyChunked, nearlyResponse } from "./_generators.ts";

const URL_TEXT = "http://example.com/";
const GET = HttpRequest.get(URL_TEXT).header("Upgrade", "x");

const makers = fc.constantFrom<() => AnyCoroutine>(
  () => new Http11ReceiveHead(),
  () => new Http11ReceiveChunks(),
  () => new Http11Receive(GET),
  () => new Http11Send(GET),
  () => new WellKnown(URL_TEXT, "x"),
);
const wires = fc.oneof(nearlyResponse, nearlyChunked);
const afterwards = fc.array(
  fc.oneof(
    fc.constant(undefined),
    fc.constant(endOfFile()),
    binary.map(toBytes),
    nearlyResponse.map(toBytes),
  ),
  { minLength: 1, maxLength: 5 },
);

test("Resuming after the end returns the same step, unchanged to the byte", () => {
  fc.assert(
    fc.property(makers, wires, afterwards, (make, wire, afterwards) => {
      const coroutine = make();
      const input = toBytes(wire);
      let step = coroutine.resume(input);
      for (let i = 0; step.type !== "Ok" && step.type !== "Err"; i++) {
        assertEquals(i < 1000, true);
        const wants = step.type === "WantsRead";
        step = coroutine.resume(wants ? endOfFile() : undefined);
      }
      const before = plain(step);
      for (const more of afterwards) {
        assertStrictEquals(coroutine.resume(more), step);
        more?.fill(0x0a);
      }
      input.fill(0x0a);
      assertEquals(plain(step), before);
    }),
    { seed: 9901, numRuns: 500 },
  );
});
