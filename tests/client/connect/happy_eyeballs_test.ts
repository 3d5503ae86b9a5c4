import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  dialFirst,
  interleaveFamilies,
} from "../../../client/connect/happy_eyeballs.ts";

Deno.test("interleaveFamilies lets the families take turns, from the first address on", () => {
  for (
    const [addresses, ordered] of [
      ["", ""],
      ["1 2 3", "1 2 3"],
      ["a: b: c: 1 2", "a: 1 b: 2 c:"],
      ["1 a: b: 2 c:", "1 a: 2 b: c:"],
    ] as const
  ) {
    const found = interleaveFamilies(addresses.split(" ").filter(Boolean));
    assertEquals(found.join(" "), ordered);
  }
});

/** Attempts that a test settles by hand, and the timer between them. */
class Race {
  readonly log: string[] = [];
  readonly signal?: AbortSignal;
  readonly dialed: Promise<unknown>;
  #attempts = new Map<string, PromiseWithResolvers<string>>();

  constructor(addresses: string, signal?: AbortSignal) {
    this.dialed = dialFirst(addresses.split(" "), {
      dial: (address, signal) => {
        this.log.push(`dial ${address}`);
        signal.addEventListener(
          "abort",
          () => this.log.push(`abort ${address}`),
        );
        const attempt = Promise.withResolvers<string>();
        this.#attempts.set(address, attempt);
        return attempt.promise;
      },
      drop: (connection) => this.log.push(`drop ${connection}`),
    }, signal);
    // Only the test looks at it.
    this.dialed.catch(() => {});
  }

  async accept(address: string): Promise<void> {
    this.#attempts.get(address)!.resolve(address);
    await settled();
  }

  async refuse(address: string): Promise<void> {
    this.#attempts.get(address)!.reject(address);
    await settled();
  }
}

/** Lets the callbacks of promises run. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

/** Runs a test with timers that fire when it says so. */
async function withTimers(
  run: (fire: () => number | undefined) => Promise<void>,
): Promise<void> {
  const { setTimeout, clearTimeout } = globalThis;
  let timer: { callback: () => void; delay: number | undefined } | null = null;
  Object.assign(globalThis, {
    setTimeout(callback: () => void, delay?: number) {
      timer = { callback, delay };
      return 1;
    },
    clearTimeout: () => timer = null,
  });
  try {
    await run(() => {
      const fired = timer as { callback(): void; delay: number } | null;
      timer = null;
      fired?.callback();
      return fired?.delay;
    });
    assertEquals(timer, null);
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
  }
}

Deno.test("dialFirst starts an attempt after 250 ms, or at once after a failure", () =>
  withTimers(async (fire) => {
    const race = new Race("1 2 3 4");
    assertEquals(fire(), 250);
    assertEquals(race.log, ["dial 1", "dial 2"]);
    await race.refuse("2");
    assertEquals(race.log.slice(2), ["dial 3"]);
    await race.refuse("1");
    assertEquals(race.log.slice(3), ["dial 4"]);
    await race.accept("3");
    const won = { kind: "connected", connection: "3" };
    assertEquals(await race.dialed, won);
  }));

Deno.test("dialFirst gives up no attempt before another one wins, and drops what comes late", () =>
  withTimers(async (fire) => {
    const race = new Race("1 2");
    fire();
    fire();
    assertEquals(race.log, ["dial 1", "dial 2"]);
    await race.accept("1");
    assertEquals(race.log.slice(2), ["abort 1", "abort 2"]);
    await race.accept("2");
    assertEquals(race.log.slice(4), ["drop 2"]);
    const won = { kind: "connected", connection: "1" };
    assertEquals(await race.dialed, won);
  }));

Deno.test("dialFirst returns why each attempt failed", () =>
  withTimers(async (fire) => {
    const race = new Race("1 2");
    fire();
    await race.refuse("2");
    await race.refuse("1");
    assertEquals(await race.dialed, {
      kind: "failed",
      attempts: ["2", "1"].map((address) => ({ address, error: address })),
    });
  }));

Deno.test("dialFirst ends all attempts with the reason of the signal", () =>
  withTimers(async (fire) => {
    const controller = new AbortController();
    const race = new Race("1 2 3", controller.signal);
    fire();
    const reason = new Error("Enough");
    controller.abort(reason);
    assertEquals(race.log.slice(2), ["abort 1", "abort 2"]);
    const error = await assertRejects(() => race.dialed);
    assertStrictEquals(error, reason);
    await race.refuse("1");
    await race.accept("2");
    assertEquals(race.log.slice(4), ["drop 2"]);
    await assertRejects(() => new Race("1", controller.signal).dialed);
  }));
