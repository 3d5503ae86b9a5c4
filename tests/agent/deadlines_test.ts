import { assertEquals } from "@std/assert";
import { Deadlines, Timed } from "../../agent/deadlines.ts";
import { FakeClock } from "./_clock.ts";

class Call extends Timed {
  deadline: number;
  expired: number | null = null;

  constructor(deadline: number) {
    super();
    this.deadline = deadline;
  }

  expire(now: number): void {
    this.expired = now;
  }
}

const START = new FakeClock().now();

Deno.test("Deadlines expires calls in order, by one timer", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const calls = [30, 10, 20, 10].map((ms) => new Call(START + ms));
  for (const call of calls) deadlines.watch(call);
  assertEquals(clock.running, 1);
  await clock.pass(20);
  assertEquals(
    calls.map(({ expired }) => expired && expired - START),
    [null, 10, 20, 10],
  );
  assertEquals(clock.running, 1);
  await clock.pass(10);
  assertEquals(calls[0]!.expired, START + 30);
  assertEquals(clock.running, 0);
});

Deno.test("Deadlines notices that a deadline has moved to later or to earlier", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const [later, earlier] = [new Call(START + 10), new Call(START + 100)];
  deadlines.watch(later);
  deadlines.watch(earlier);
  later.deadline = START + 50;
  earlier.deadline = START + 5;
  deadlines.watch(earlier);
  await clock.pass(10);
  assertEquals([later.expired, earlier.expired], [null, START + 5]);
  await clock.pass(40);
  assertEquals(later.expired, START + 50);
});

Deno.test("Deadlines forgets calls that end, and starts no timer for a call without a deadline", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  deadlines.watch(new Call(Infinity));
  assertEquals(clock.running, 0);
  const call = new Call(START + 10);
  deadlines.watch(call);
  deadlines.forget(call);
  await clock.pass(20);
  assertEquals(call.expired, null);
  deadlines.watch(call);
  deadlines.stop();
  assertEquals(clock.running, 0);
});

Deno.test("Deadlines expires a call when its timer fires, whatever the clock says", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const call = new Call(START + 10);
  deadlines.watch(call);
  const timer = clock.pass(10);
  clock.jump(-1000);
  await timer;
  await clock.pass(1000);
  assertEquals(call.expired, START + 10);
});

Deno.test("Deadlines waits for longer than one timer can be", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const call = new Call(START + 2 ** 32);
  deadlines.watch(call);
  await clock.pass(2 ** 32 - 1);
  assertEquals(call.expired, null);
  await clock.pass(1);
  assertEquals(call.expired, START + 2 ** 32);
});
