import { assertEquals } from "@std/assert";
import { startTogether } from "../../../client/transport/turn.ts";

Deno.test("startTogether calls back for all of a burst in a row, after their own work", async () => {
  const events: string[] = [];
  await new Promise<void>((resolve) => {
    for (const name of ["a", "b"]) {
      Promise.resolve().then(() => {
        events.push(`${name} sends`);
        startTogether(performance.now(), () => {
          events.push(`${name} writes`);
          if (name !== "a") return;
          const end = () => resolve(void events.push("c"));
          startTogether(performance.now(), end);
        });
        Promise.resolve().then(() => events.push(`${name} goes on`));
      });
    }
  });
  assertEquals(events, [
    "a sends",
    "b sends",
    "a writes",
    "b writes",
    "a goes on",
    "b goes on",
    "c",
  ]);
});

Deno.test("startTogether tells the requests that a caller has worked for long since", async () => {
  const now = performance.now();
  // A time in the future is no long ago when the burst starts.
  for (
    const [times, expected] of [
      [[0, 0.9, 1.8, 2.7, 1e6], [true, true, true, true, false]],
      [[1e6, 1e6 + 0.5], [false, false]],
      [[-10, -9.9], [true, true]],
      // A long burst.
      [[
        1e6,
        1e6 + 0.9,
        1e6 + 1.8,
        1e6 + 2.7,
        1e6 + 3.6,
        1e6 + 4.5,
        1e6 + 5.4,
        1e6 + 6.3,
      ], [
        ...[true, true, true, true, true, true],
        ...[false, false],
      ]],
    ] as const
  ) {
    const late: boolean[] = [];
    await new Promise<void>((resolve) => {
      for (const time of times) {
        startTogether(now + time, (isLate) => {
          if (late.push(isLate) === times.length) resolve();
        });
      }
    });
    assertEquals(late, [...expected]);
  }
});
