import { assertEquals } from "@std/assert";
import { addAbortListener } from "../../../client/transport/abort_listeners.ts";
import { watchedSignal } from "../_client.ts";

Deno.test("a signal calls back in order, except those that were removed, and keeps no listener", () => {
  const { signal, abort, listeners } = watchedSignal();
  const called: string[] = [];
  const callbacks = ["a", "b", "c"].map((name) => () => {
    called.push(name);
    for (const remove of removals) remove();
  });
  const removals = callbacks.map((each) => addAbortListener(signal, each));
  assertEquals(listeners(), 1);
  removals[0]!();
  abort(new Error("Enough"));
  assertEquals(called, ["b"]);
  assertEquals(listeners(), 0);
  // Again, which leaves the callbacks that were added since.
  const remove = addAbortListener(signal, () => {});
  removals[0]!();
  assertEquals(listeners(), 1);
  remove();
  assertEquals(listeners(), 0);
});

// In quadratic time, it would take minutes.
Deno.test("a signal takes linear time for 200,000 callbacks", () => {
  const controller = new AbortController();
  let called = 0;
  for (let i = 0; i < 200_000; i++) {
    const callback = () => called++;
    const remove = addAbortListener(controller.signal, callback);
    if (i % 2 === 0) remove();
  }
  controller.abort();
  assertEquals(called, 100_000);
});
