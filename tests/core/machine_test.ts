import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { HttpError } from "../../error.ts";
import { Input } from "../../core/input.ts";
import { askForInput, Machine, WANTS_READ } from "../../core/machine.ts";
import { endOfFile, test } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";

/** Runs `step` over the input, and counts how often. */
class Probe {
  calls = 0;
  input: Input | null = null;
  constructor(readonly run: (input: Input) => { readonly type: string }) {}
  step(input: Input): { readonly type: string } {
    this.calls++;
    this.input = input;
    return this.run(input);
  }
}

for (const type of ["Ok", "Err"]) {
  test(`Machine returns the very same ${type} for good, and steps no more`, () => {
    const probe = new Probe(() => ({ type }));
    const machine = new Machine(probe);
    const step = machine.resume(toBytes("a"));
    assertEquals(step.type, type);
    for (const input of [undefined, toBytes("b"), endOfFile(), toBytes("c")]) {
      assertStrictEquals(machine.resume(input), step);
    }
    assertEquals(probe.calls, 1);
    assertEquals(probe.input?.eof, false);
  });
}

test("Machine returns a thrown HttpError as an Err, the same for good", () => {
  const error = new HttpError("InvalidHeader", "Bad");
  const machine = new Machine(
    new Probe(() => {
      throw error;
    }),
  );
  const step = machine.resume(toBytes("a"));
  assert(step.type === "Err" && "error" in step);
  assertStrictEquals(step.error, error);
  assertStrictEquals(machine.resume(toBytes("b")), step);
});

test("Machine lets go of the caller's buffer after an error too", () => {
  const probe = new Probe((input) => {
    input.start++;
    throw new HttpError("InvalidHeader", "Bad");
  });
  const piece = toBytes("abc");
  new Machine(probe).resume(piece);
  piece.fill(0);
  const { bytes: kept, start, end } = probe.input!;
  assertEquals(toText(kept.subarray(start, end)), "bc");
});

test("Machine throws on what is a fault of its own", () => {
  const machine = new Machine(
    new Probe(() => {
      throw new TypeError("A bug");
    }),
  );
  assertThrows(() => machine.resume(undefined), TypeError, "A bug");
});

test("Machine steps again after a step that is not final", () => {
  const types = ["WantsWrite", "Data", "Interim", "WantsRedirect", "WantsRead"];
  let at = 0;
  const probe = new Probe(() => ({ type: types[at++]! }));
  const machine = new Machine(probe);
  assertEquals(types.map(() => machine.resume(undefined).type), types);
});

test("Machine passes nothing to the reader where nothing was read", () => {
  const probe = new Probe(() => WANTS_READ);
  const machine = new Machine(probe);
  machine.resume(undefined);
  machine.resume(undefined);
  assertEquals([probe.input?.end, probe.input?.eof], [0, false]);
});

test("askForInput returns the shared step, which nobody can change", () => {
  const step = askForInput(new Input(), "thing");
  assertStrictEquals(step, WANTS_READ);
  assert(Object.isFrozen(step));
});

test("askForInput throws UnexpectedEof after the end of file", () => {
  const input = new Input();
  input.push(endOfFile());
  const error = assertThrows(() => askForInput(input, "thing"), HttpError);
  assertEquals(error.code, "UnexpectedEof");
  assertEquals(
    error.message,
    "Cannot read the thing: the connection ended before its end",
  );
});
