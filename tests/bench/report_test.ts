import { assertEquals } from "@std/assert";
import type { Result } from "../../bench/_measure.ts";
import { formatMissed } from "../../bench/_report.ts";
import { perSecond, ratioRows } from "../../bench/_table.ts";
import { test } from "../_pure.ts";

/** A contender that was twice as fast in the last of three rounds. */
function result(name: string, speed: number): Result {
  return { name, speeds: [speed, speed, 2 * speed] };
}

test("formatMissed quotes what the fastest bare loop reaches against the peer", () => {
  const bare = [result("bare slow loop", 1000), result("bare fast loop", 1500)];
  const peers = [
    [result("missed", 1000), { atLeast: 1.4 }],
    [result("met", 500), { atLeast: 1.4 }],
    [bare[0]!, null],
  ] as const;
  const rows = ratioRows("send", result("ours", 1200), peers, perSecond, bare);
  const alone = ratioRows("parse", result("ours", 1200), [
    [result("missed", 1600), { atLeast: 0.8 }],
  ], perSecond);

  const missed = formatMissed(
    [{ title: "", runtime: "Node 24", rows: [...rows, ...alone] }],
    { send: "A reason." },
  );

  assertEquals(missed.filter((line) => line.startsWith("- ")), [
    "- **send** against missed, Node 24: 1.20 x, with a goal of at least 1.40; " +
    "a bare fast loop reaches 1.50 x. A reason.",
    "- **parse** against missed, Node 24: 0.75 x, with a goal of at least 0.80. " +
    "Not explained yet.",
  ]);
});
