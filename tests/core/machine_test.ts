import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpError } from "../../error.ts";
import type { Input } from "../../core/input.ts";
import { Machine, WANTS_READ } from "../../core/machine.ts";
import { test, transfer } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";
import { withoutMemory } from "../_work.ts";

/** A machine of these steps in turn, and the input that each of them saw. */
function machineOf(...types: readonly string[]) {
  const seen: unknown[] = [];
  const machine = new Machine((input: Input) => {
    const { bytes, start, end, eof, isBare } = input;
    seen.push([toText(bytes.subarray(start, end)), eof, isBare]);
    input.start = end;
    return { type: types[Math.min(seen.length, types.length) - 1]! };
  });
  return { machine, seen };
}

for (const type of ["Ok", "Err"]) {
  test(`Machine returns the same ${type} for good, without another step`, () => {
    const { machine, seen } = machineOf(type);
    const step = machine.resume(toBytes("a"));
    assertEquals(step, { type });
    for (const input of [undefined, toBytes("b"), null, "not bytes" as never]) {
      assertStrictEquals(machine.resume(input), step);
    }
    assertEquals(seen.length, 1);
  });
}

test("Machine returns a thrown HttpError as an Err, the same for good", () => {
  const error = new HttpError("InvalidHeader", "Bad");
  const machine = new Machine(() => {
    throw error;
  });
  const step = machine.resume(toBytes("a"));
  assert(step.type === "Err" && "error" in step);
  assertStrictEquals(step.error, error);
  assertStrictEquals(machine.resume(toBytes("b")), step);
});

test("Machine throws the same error for good once it has thrown", () => {
  let calls = 0;
  const bug = new RangeError("Array buffer allocation failed");
  const machine = new Machine(() => {
    calls++;
    throw bug;
  });
  for (const input of [toBytes("a"), undefined, null]) {
    const error = assertThrows(() => machine.resume(input), RangeError);
    assertStrictEquals(error, bug);
  }
  assertEquals(calls, 1);
});

test("Machine ends when there is no memory for the rest of the input", () => {
  const machine = new Machine(() => WANTS_READ);
  const bytes = toBytes("abc");
  assertThrows(() => withoutMemory(() => machine.resume(bytes)), RangeError);
  assertThrows(() => machine.resume(undefined), RangeError);
});

test("Machine takes an empty array for end of file after WantsRead alone", () => {
  const empty = new Uint8Array(0);
  const { machine, seen } = machineOf("Write", "Data", "WantsRead", "Data");
  for (const input of [empty, empty, undefined, empty]) machine.resume(input);
  const nothing = ["", false, true];
  assertEquals(seen, [nothing, nothing, nothing, ["", true, false]]);
});

test("Machine takes null for end of file at any time", () => {
  const { machine, seen } = machineOf("Data");
  for (const input of [null, undefined, toBytes("late")]) machine.resume(input);
  assertEquals(seen, [["", true, false], ["", true, true], ["", true, false]]);
});

test("Machine forgets its input once it has ended, in any way", () => {
  for (const error of [new HttpError("InvalidHeader", "Bad"), new Error()]) {
    let seen: Input | null = null;
    const machine = new Machine((input: Input) => {
      seen = input;
      throw error;
    });
    try {
      machine.resume(toBytes("abc"));
    } catch {
      // It throws any other error.
    }
    assertEquals(seen!.bytes.length, 0);
  }
});

test("Machine throws a TypeError for other input, and ends", () => {
  const detached = new Uint8Array(2);
  transfer(detached);
  const inputs: unknown[] = ["abc", new ArrayBuffer(2), new Uint16Array(2)];
  for (const input of [...inputs, [1, 2], detached] as Uint8Array[]) {
    const { machine, seen } = machineOf("WantsRead");
    machine.resume(undefined);
    assertThrows(() => machine.resume(input), TypeError, "Invalid bytes");
    assertThrows(() => machine.resume(undefined), TypeError, "Invalid bytes");
    assertEquals(seen.length, 1);
  }
});

test("WANTS_READ is shared, so it is frozen", () => {
  assert(Object.isFrozen(WANTS_READ));
});
