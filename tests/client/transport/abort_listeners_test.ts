import { assertEquals } from "@std/assert";
import {
  addAbortListener,
  removeAbortListener,
} from "../../../client/transport/abort_listeners.ts";
import { watchedSignal } from "../_client.ts";

Deno.test("a signal calls back in order, except those that were removed, and keeps no listener", () => {
  const { signal, abort, listeners } = watchedSignal();
  const called: string[] = [];
  const callbacks = ["a", "b", "c"].map((name) => () => {
    called.push(name);
    for (const each of callbacks) removeAbortListener(signal, each);
  });
  for (const each of callbacks) addAbortListener(signal, each);
  assertEquals(listeners(), 1);
  removeAbortListener(signal, callbacks[0]!);
  abort(new Error("Enough"));
  assertEquals(called, ["b"]);
  assertEquals(listeners(), 0);
  removeAbortListener(signal, callbacks[0]!);
});

// In quadratic time, it would take minutes.
Deno.test("a signal takes linear time for 200,000 callbacks", () => {
  const controller = new AbortController();
  let called = 0;
  for (let i = 0; i < 200_000; i++) {
    const callback = () => called++;
    addAbortListener(controller.signal, callback);
    if (i % 2 === 0) removeAbortListener(controller.signal, callback);
  }
  controller.abort();
  assertEquals(called, 100_000);
});
