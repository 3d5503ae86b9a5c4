import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Http11ReceiveHead,
  type HttpLimits,
  type HttpReceiveOptions,
} from "../../mod.ts";
import { resolveReceiveOptions } from "../../rfc9112/limits.ts";
import { test } from "../_pure.ts";
import { toBytes } from "../_text.ts";

const DEFAULTS = {
  maxHeadBytes: 65_536,
  maxTrailerBytes: 65_536,
  maxChunkExtensionBytes: 16_384,
  maxInterimResponses: 32,
  maxHeaderFields: 1000,
  maxBodyBytes: 1_073_741_824,
  lenient: [],
};
const NAMES = Object.keys(DEFAULTS).slice(0, -1) as (keyof HttpLimits)[];

test("resolveReceiveOptions returns the defaults, which are frozen", () => {
  assertEquals({ ...resolveReceiveOptions(undefined) }, DEFAULTS);
  assertEquals(resolveReceiveOptions({}), DEFAULTS);
  assert(Object.isFrozen(resolveReceiveOptions(undefined)));
  assert(Object.isFrozen(resolveReceiveOptions(undefined).lenient));
});

test("resolveReceiveOptions ignores undefined and unknown options", () => {
  const absent = Object.fromEntries(NAMES.map((name) => [name, undefined]));
  const other = { ...absent, lenient: undefined, target: "origin", other: -1 };
  assertEquals(resolveReceiveOptions(other), DEFAULTS);
});

test("resolveReceiveOptions replaces one option, also of other defaults", () => {
  for (const name of NAMES) {
    for (const limit of [0, 1, 2 ** 53, Infinity]) {
      const resolved = resolveReceiveOptions({ [name]: limit });
      assertEquals(resolved, { ...DEFAULTS, [name]: limit });
      assertEquals(resolveReceiveOptions({}, resolved), resolved);
      assertEquals(resolveReceiveOptions(undefined, resolved), resolved);
    }
  }
  const lenient = ["ControlCharacters"] as const;
  assertEquals(resolveReceiveOptions({ lenient }), { ...DEFAULTS, lenient });
});

// The vectors have one bad limit and leniency for each coroutine.

test("resolveReceiveOptions rejects all but non-negative integers and Infinity", () => {
  for (const name of NAMES) {
    for (const limit of [-1, -Infinity, 0.5, NaN, "5", null, [5], {}, true]) {
      const resolve = () => resolveReceiveOptions({ [name]: limit });
      assertThrows(resolve, RangeError, `Invalid ${name}: `);
    }
  }
});

test("resolveReceiveOptions rejects an unknown leniency", () => {
  for (const lenient of ["SpaceBeforeColon", ["Spaces"], [null], {}, null]) {
    const options = { lenient } as unknown as HttpReceiveOptions;
    assertThrows(() => resolveReceiveOptions(options), TypeError, "lenient");
  }
});

test("A coroutine keeps its options when the object they came from changes", () => {
  const lenient: ("SpaceBeforeColon" | "ControlCharacters")[] = [
    "SpaceBeforeColon",
  ];
  const options = { maxHeadBytes: 1000, lenient };
  const head = new Http11ReceiveHead(options);
  options.maxHeadBytes = 1;
  lenient.pop();
  const wire = toBytes("HTTP/1.1 204 No Content\r\nA : 1\r\n\r\n");
  assertEquals(head.resume(wire).type, "Ok");
});
