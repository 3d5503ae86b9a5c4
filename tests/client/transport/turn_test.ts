import { assertEquals } from "@std/assert";
import { startTogether } from "../../../client/transport/turn.ts";

Deno.test("startTogether calls back for all of a burst in a row, after their own work", async () => {
  const events: string[] = [];
  await new Promise<void>((resolve) => {
    for (const name of ["a", "b"]) {
      Promise.resolve().then(() => {
        events.push(`${name} sends`);
        startTogether(() => {
          events.push(`${name} writes`);
          if (name === "a") startTogether(() => resolve(void events.push("c")));
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
