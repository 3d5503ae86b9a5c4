import { assertEquals } from "@std/assert";
import type { Result } from "../../bench/_measure.ts";
import { formatMissed } from "../../bench/_report.ts";
import { perSecond, ratioRows } from "../../bench/_table.ts";
import { test } from "../_pure.ts";

/** A contender that was twice as fast in the last of three rounds. */
function result(name: string, speed: number): Result {
  return { name, speeds: [speed, speed, 2 * speed] };
}

test("formatMissed quotes what the fastest bare loop reaches against each peer", () => {
  const bare = [result("bare slow loop", 1000), result("bare fast loop", 1500)];
  const goal = { atLeast: 1.4 };
  const peers = [
    [result("a", 1000), goal],
    [result("met", 500), goal],
    [result("b", 2000), goal],
    [bare[0]!, null],
  ] as const;
  const ours = result("ours", 1200);
  const rows = [
    ...ratioRows("send", ours, peers, perSecond, bare),
    ...ratioRows("parse", ours, [[result("a", 1600), goal]], perSecond),
  ];

  const missed = formatMissed(
    [{ title: "", runtime: "Node 24", rows }],
    { send: "A reason." },
  );

  assertEquals(missed.slice(2, -1), [
    "- **send**, Node 24: A reason.",
    "  - against a: 1.20 x, with a goal of at least 1.40; " +
    "a bare fast loop reaches 1.50 x",
    "  - against b: 0.60 x, with a goal of at least 1.40; " +
    "a bare fast loop reaches 0.75 x",
    "- **parse**, Node 24: Not explained yet.",
    "  - against a: 0.75 x, with a goal of at least 1.40",
  ]);
});
