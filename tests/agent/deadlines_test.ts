// docs/policies.md, "Time limits": one timer watches over all of them.

import { assertEquals } from "@std/assert";
import { Deadlines, span, Timed } from "../../agent/deadlines.ts";
import { FakeClock } from "./_clock.ts";

const START = new FakeClock().now();

class Call extends Timed {
  deadline: number;
  /** After how many milliseconds it expired. */
  expired: number | null = null;

  constructor(milliseconds: number) {
    super();
    this.deadline = START + milliseconds;
  }

  expire(now: number): void {
    this.expired = now - START;
  }
}

function watch(...milliseconds: number[]) {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const calls = milliseconds.map((ms) => new Call(ms));
  for (const call of calls) deadlines.watch(call);
  const expired = () => calls.map(({ expired }) => expired);
  return { clock, deadlines, calls, expired };
}

Deno.test("Time limits: Deadlines expires calls in order, by one timer", async () => {
  const { clock, expired } = watch(30, 10, 20, 10);
  assertEquals(clock.running, 1);
  await clock.pass(20);
  assertEquals([expired(), clock.running], [[null, 10, 20, 10], 1]);
  await clock.pass(10);
  assertEquals([expired(), clock.running], [[30, 10, 20, 10], 0]);
});

Deno.test("Time limits: Deadlines notices that a deadline has moved to later or to earlier", async () => {
  const { clock, deadlines, calls, expired } = watch(10, 100);
  const [later, earlier] = calls as [Call, Call];
  later.deadline = START + 50;
  earlier.deadline = START + 5;
  deadlines.watch(earlier);
  await clock.pass(10);
  assertEquals(expired(), [null, 5]);
  await clock.pass(40);
  assertEquals(expired(), [50, 5]);
});

Deno.test("Time limits: Deadlines forgets calls that end, and starts no timer for a call without a deadline", async () => {
  const { clock, deadlines, calls: [call], expired } = watch(10);
  deadlines.watch(new Call(Infinity));
  deadlines.forget(call!);
  await clock.pass(20);
  assertEquals([expired(), clock.running], [[null], 0]);
  deadlines.watch(call!);
  deadlines.stop();
  assertEquals(clock.running, 0);
});

Deno.test("Time limits: Deadlines expires a call when its timer fires, even if the clock has gone backward", () => {
  let [now, fire] = [START, () => {}];
  const deadlines = new Deadlines({
    now: () => now,
    startTimer(_, callback) {
      fire = callback;
      return { stop() {} };
    },
  });
  const call = new Call(10);
  deadlines.watch(call);
  now -= 1000;
  fire();
  assertEquals(call.expired, 10);
});

Deno.test("Time limits: Deadlines lets the runtime read what has come in time, if long work has held up its timer", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock, true);
  const [read, silent] = [new Call(10), new Call(10)];
  for (const call of [read, silent]) deadlines.watch(call);
  clock.jump(1000);
  await clock.fireNext();
  assertEquals([read.expired, silent.expired], [null, null]);
  read.deadline = Infinity;
  await clock.pass(0);
  assertEquals([read.expired, silent.expired], [null, 1000]);
});

Deno.test("Time limits: Deadlines waits for longer than one timer can be", async () => {
  const { clock, expired } = watch(2 ** 32);
  await clock.pass(2 ** 32 - 1);
  assertEquals(expired(), [null]);
  await clock.pass(1);
  assertEquals(expired(), [2 ** 32]);
});

Deno.test("Time limits: span returns no negative time if the clock goes backward", () => {
  assertEquals([span(10, 12), span(12, 10)], [2, 0]);
});

Deno.test("Time limits: Deadlines tells the time of a read by the clock that it counts by", () => {
  const clock = new FakeClock();
  assertEquals(new Deadlines(clock).at(7), clock.now());
  assertEquals(new Deadlines(clock, true).at(7), 7);
});
