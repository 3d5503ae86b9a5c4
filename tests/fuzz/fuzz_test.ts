import { assert, assertEquals, assertThrows } from "@std/assert";
import * as api from "../../mod.ts";
import type { AnyCoroutine } from "../_cuts.ts";
import { test } from "../_pure.ts";
import { type Reader, RECEIVE, runResponse } from "../_run_responses.ts";
import { expand, RESPONSES, type ResponseVector } from "../_vectors.ts";
import { Fuzzer } from "./_fuzzer.ts";
import { minimise } from "./_minimise.ts";
import { mutate } from "./_mutate.ts";
import { readResponse } from "./_plain_reader.ts";
import { Progress } from "./_progress.ts";
import { Random } from "./_random.ts";
import { runReader } from "./_run_reader.ts";
import { showResponse } from "./_show.ts";
import { promise, type Target, toLine } from "./_target.ts";
import { TARGETS } from "./_targets.ts";

const VECTORS = Object.values(RESPONSES).flat();
const VECTOR: ResponseVector = { name: "", rfc: "", wire: "", expect: {} };

/** Goes on for so many inputs. */
function times(count: number): () => boolean {
  let left = count;
  return () => left-- > 0;
}

/** A target that breaks its promise for inputs that a pattern matches. */
function breaking(pattern: RegExp): Target {
  return {
    name: "planted",
    seeds: ["abc", "some other text"],
    words: ["<", ">", "x"],
    draw: () => ({
      run(input) {
        promise(!pattern.test(input), `Breaks with ${input.length} chars`);
        return `${input.length % 5}`;
      },
      show: (input) => ({ file: "none", line: toLine({ input }) }),
    }),
  };
}

/** Runs something else in the place of `Http11Receive`. */
function runOther(make: () => AnyCoroutine, wire: string): string {
  const reader: Reader = { ...RECEIVE, make };
  return runReader({ reader, vector: VECTOR, places: [], counts: false }, wire);
}

test("Random returns the same numbers for the same seed, and others for another", () => {
  const [one, same, other] = [7, 7, 8].map((seed) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.below(1000));
  });
  assertEquals(one, same);
  assert(other!.some((number, i) => number !== one![i]));
  assert(new Set(one).size > 10);
});

test("Random returns numbers of every size for a seed of zero", () => {
  const random = new Random(0);
  const halves = Array.from({ length: 200 }, () => random.below(2));
  const ones = halves.filter((half) => half === 1).length;
  assert(ones > 60 && ones < 140, `${ones} of 200`);
});

test("mutate returns the same for the same seed, mostly changed, within bounds", () => {
  const stock = { inputs: ["one", "two"], words: ["W"] };
  const [one, same] = [3, 3].map((seed) => {
    const random = new Random(seed);
    let input = "HTTP/1.1 200 OK";
    return Array.from(
      { length: 300 },
      () => input = mutate(input, random, stock) || "HTTP",
    );
  });
  assertEquals(one, same);
  assert(new Set(one).size > 200);
  for (const input of one!) {
    assert(input.length <= 16384 && /^[\0-\xff]*$/.test(input));
  }
});

test("minimise returns the least input that still fails, in plain chars", () => {
  const text = `${"a".repeat(50)}<${"b".repeat(50)}(>${"c".repeat(500)}`;
  const least = minimise(text, (input) => /<.*>/.test(input));
  assertEquals(least, "<>");
  assertEquals(minimise("(((1", (input) => input.endsWith("1")), "1");
  assertEquals(minimise("%%", (input) => input.length === 2), "xx");
  assertEquals(minimise("", () => true), "");
});

test("minimise gives up after some thousand tries", () => {
  let tries = 0;
  const least = minimise("x".repeat(9000), (input) => {
    tries++;
    return input.length === 9000;
  });
  assertEquals(least.length, 9000);
  assert(tries <= 3000);
});

test("toLine writes JSON in ASCII that reads the same", () => {
  const fields = { name: 'a": b, é\0', list: [1, ["\r\n", "\u2028"]] };
  const line = toLine(fields);
  assert(/^[\x20-\x7e]*$/.test(line));
  assertEquals(JSON.parse(line), fields);
  assert(line.includes('"list": [1, ['));
});

test("Fuzzer reports a planted fault once, made small, the same for the same seed", () => {
  const [one, same] = [5, 5].map((seed) =>
    new Fuzzer([breaking(/<.*x.*>/)], seed).run(times(5000)).findings
  );
  assertEquals(one!.length, 1);
  const { input, message, shown } = one![0]!;
  assertEquals([input, message], ["<x>", "Breaks with 3 chars"]);
  assertEquals(shown.line, '{"input": "<x>"}');
  assertEquals(one, same);
});

test("Fuzzer reports nothing where no promise is broken, and counts its inputs", () => {
  const fuzzer = new Fuzzer([breaking(/never{9}/)], 5);
  const { findings, counts } = fuzzer.run(times(200));
  assertEquals(findings, []);
  assertEquals(counts.get("planted"), { executions: 200, outcomes: 5 });
});

test("Fuzzer tells another thread which input runs", () => {
  const progress = new Progress();
  const seen: unknown[] = [];
  const target = breaking(/never/);
  const draw: Target["draw"] = (random) => {
    const { run, show } = target.draw(random);
    return {
      show,
      run(input) {
        const { input: told, target } = new Progress(progress.buffer).read();
        seen.push([target, told === input]);
        return run(input);
      },
    };
  };
  new Fuzzer([{ ...target, draw }], 1, progress).run(times(3));
  assertEquals(seen, [[0, true], [0, true], [0, true]]);
  assertEquals(progress.runs, 3);
});

test("runReader rejects a reader that throws", () => {
  const make = () => ({
    resume(): never {
      throw new RangeError("Out of it");
    },
  });
  assertThrows(
    () => runOther(make, "a"),
    Error,
    "Http11Receive, whole: Out of it",
  );
});

test("runReader rejects a reader whose outcome is another for another cut", () => {
  const end = { type: "Err", error: new api.HttpError("InvalidHeader", "No") };
  const make = () => {
    let pieces = 0;
    return {
      resume(bytes?: Uint8Array) {
        if (bytes !== undefined) pieces++;
        return pieces < 2 ? { type: "WantsRead" } : end;
      },
    };
  };
  assertThrows(() => runOther(make, "ab"), Error, "byte by byte: got");
});

test("runReader rejects a reader that keeps its caller's buffer", () => {
  const make = () => {
    const kept: Uint8Array[] = [];
    let end: { type: string; text: string } | null = null;
    return {
      resume(bytes?: Uint8Array) {
        if (end !== null) return end;
        if (bytes !== undefined) kept.push(bytes);
        if (kept.length < 2 && kept[0]?.length !== 2) {
          return { type: "WantsRead" };
        }
        return end = {
          type: "Ok",
          text: String.fromCharCode(...kept.flatMap((part) => [...part])),
          remaining: "",
        } as { type: string; text: string };
      },
    };
  };
  assertThrows(() => runOther(make, "ab"), Error, "byte by byte: got");
});

test("runReader rejects an error whose message is not fit for a log", () => {
  const error = new api.HttpError("InvalidHeader", "Cannot read\x1b[2J");
  const step = { type: "Err", error };
  const make = () => ({ resume: () => step });
  assertThrows(() => runOther(make, "a"), Error, "not of printable ASCII");
});

test("runReader rejects an error that is no HttpError", () => {
  const step = { type: "Err", error: new TypeError("No") };
  const make = () => ({ resume: () => step });
  assertThrows(() => runOther(make, "a"), Error, "Fails with TypeError: No");
});

test("runReader rejects a reader that holds more than its limits allow", () => {
  const make = () => new api.Http11Receive(api.HttpRequest.get("http://a/"));
  const reader: Reader = { ...RECEIVE, make };
  const limits = { maxHeadBytes: 20, maxTrailerBytes: 0 };
  const vector = {
    ...VECTOR,
    limits: { ...limits, maxChunkExtensionBytes: 0 },
  };
  const setup = { reader, vector, places: [], counts: false };
  const wire = `HTTP/1.1 200 ${"x".repeat(40)}`;
  assertThrows(() => runReader(setup, wire), Error, "Wants more after");
});

test("readResponse returns what the vectors without limits say", () => {
  let compared = 0;
  for (const { name, request, limits, wire, eof, expect } of VECTORS) {
    if (limits !== undefined || "throws" in expect) continue;
    if (expect.error?.endsWith("TooLarge")) continue;
    const { method = "GET", headers = [] } = request ?? {};
    const fields = new api.HttpHeaders(headers);
    const plain = readResponse(expand(wire), {
      method,
      asksToUpgrade: fields.has("upgrade"),
      asksToClose: /\bclose\b/i.test(fields.get("connection") ?? ""),
    }, eof ?? false);
    assertEquals(plain.end, expect.error ?? "Ok", name);
    assertEquals(plain.framing, expect.framing, name);
    assertEquals(plain.body ?? "", expand(expect.body ?? ""), name);
    compared++;
    if (expect.error !== undefined) continue;
    assertEquals(plain.remaining, expand(expect.remaining ?? ""), name);
    assertEquals(plain.closeReason, expect.closeReason, name);
  }
  assert(compared > 300, `${compared}`);
});

test("showResponse returns vectors that hold", () => {
  for (const { wire, request, eof } of VECTORS.slice(0, 60)) {
    const given: ResponseVector = {
      ...VECTOR,
      ...(request === undefined ? {} : { request }),
      wire: expand(wire),
      ...(eof === undefined ? {} : { eof }),
    };
    const { file, line } = showResponse(given);
    assertEquals(file, "tests/vectors/framing.json");
    runResponse(api, JSON.parse(line));
  }
});

for (const [index, target] of TARGETS.entries()) {
  test(`Fuzzing finds nothing in the seeds of ${target.name}`, () => {
    const seeds = target.seeds.filter((_, i) => i % 8 === 0);
    const fuzzer = new Fuzzer([{ ...target, seeds }], 100 + index);
    const { findings } = fuzzer.run(times(seeds.length + 20));
    assertEquals(findings.map(({ message }) => message), []);
  });
}
