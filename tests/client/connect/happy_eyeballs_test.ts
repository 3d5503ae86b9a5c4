import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  dialFirst,
  interleaveFamilies,
} from "../../../client/connect/happy_eyeballs.ts";
import { HeldTimers, pass, rejection, watchedSignal } from "../_client.ts";

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

/** Plays attempts to connect, and returns the calls and their outcome. */
async function race(
  addresses: string,
  script: string,
): Promise<{ log: string; dialed: unknown; reason: unknown }> {
  using timers = new HeldTimers();
  const log: string[] = [];
  const attempts = new Map<string, PromiseWithResolvers<string>>();
  const { signal, abort } = watchedSignal();
  const reason = new Error("Enough");
  const dialed = dialFirst(addresses.split(" "), {
    dial: (address, signal) => {
      log.push(address);
      signal.addEventListener("abort", () => log.push(`abort ${address}`));
      const attempt = Promise.withResolvers<string>();
      attempts.set(address, attempt);
      return attempt.promise;
    },
    drop: (connection) => log.push(`drop ${connection}`),
  }, signal).catch((error) => error);
  for (const step of script.split(", ")) {
    const [what, address] = step.split(" ");
    log.push(`(${step})`);
    if (what === "wait") await timers.fire(250);
    if (what === "accept") attempts.get(address!)!.resolve(address!);
    if (what === "refuse") attempts.get(address!)!.reject(address!);
    if (what === "abort") abort(reason);
    await pass(5);
  }
  return { log: log.join(", "), dialed: await dialed, reason };
}

Deno.test("dialFirst fails at once without an address", async () => {
  const { signal, listeners } = watchedSignal();
  const dialer = { dial: () => Promise.reject(), drop() {} };
  const failed = { kind: "failed", attempts: [] } as const;
  assertEquals(await dialFirst([], dialer, signal), failed);
  assertEquals(listeners(), 0);
});

Deno.test("dialFirst starts an attempt after 250 ms, or at once after a failure", async () => {
  const { log, dialed } = await race(
    "1 2 3 4",
    "wait, refuse 2, refuse 1, accept 3",
  );
  assertEquals(
    log,
    "1, (wait), 2, (refuse 2), 3, (refuse 1), 4, (accept 3), " +
      "abort 1, abort 2, abort 3, abort 4",
  );
  assertEquals(dialed, { kind: "connected", connection: "3" });
});

Deno.test("dialFirst gives up no attempt before another one wins, and drops late connections", async () => {
  const { log, dialed } = await race("1 2", "wait, wait, accept 1, accept 2");
  assertEquals(
    log,
    "1, (wait), 2, (wait), (accept 1), abort 1, abort 2, (accept 2), drop 2",
  );
  assertEquals(dialed, { kind: "connected", connection: "1" });
});

Deno.test("dialFirst returns why each attempt failed", async () => {
  const { dialed } = await race("1 2", "wait, refuse 2, refuse 1");
  assertEquals(dialed, {
    kind: "failed",
    attempts: ["2", "1"].map((address) => ({ address, error: address })),
  });
});

Deno.test("dialFirst ends all attempts with the reason of the signal", async () => {
  const { log, dialed, reason } = await race(
    "1 2 3",
    "wait, abort, refuse 1, accept 2",
  );
  assertEquals(
    log,
    "1, (wait), 2, (abort), abort 1, abort 2, (refuse 1), (accept 2), drop 2",
  );
  assertStrictEquals(dialed, reason);
  const dial = () => Promise.reject(new Error("It dials"));
  const signal = AbortSignal.abort("No");
  const early = dialFirst(["1"], { dial, drop() {} }, signal);
  assertEquals(await rejection(early), "No");
});
