import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Http10Send,
  Http11Receive,
  Http11ReceiveChunks,
  Http11ReceiveHead,
  Http11Send,
  HttpHeaders,
  type HttpLimits,
  HttpRequest,
} from "../../mod.ts";
import { resolveLimits } from "../../rfc9112/limits.ts";
import { test } from "../_pure.ts";
import { toBytes } from "../_text.ts";

const DEFAULTS: HttpLimits = {
  maxHeadBytes: 65_536,
  maxTrailerBytes: 65_536,
  maxChunkExtensionBytes: 16_384,
  maxInterimResponses: 32,
  maxHeaderFields: 1000,
  maxBodyBytes: 1_073_741_824,
};
const NAMES = Object.keys(DEFAULTS) as (keyof HttpLimits)[];
const REQUEST = HttpRequest.get("http://example.com/");

test("resolveLimits returns the defaults where nothing is given", () => {
  assertEquals({ ...resolveLimits() }, DEFAULTS);
  assertEquals(resolveLimits({}), DEFAULTS);
});

test("resolveLimits returns defaults that nobody can change", () => {
  assert(Object.isFrozen(resolveLimits()));
  resolveLimits({}).maxHeadBytes = 1;
  assertEquals(resolveLimits({}).maxHeadBytes, 65_536);
});

for (const name of NAMES) {
  test(`resolveLimits replaces ${name} alone`, () => {
    for (const limit of [0, 1, 2 ** 53, Infinity]) {
      const resolved = resolveLimits({ [name]: limit });
      assertEquals(resolved, { ...DEFAULTS, [name]: limit });
    }
  });

  test(`resolveLimits takes undefined as ${name} for the default`, () => {
    const limits = { [name]: undefined } as unknown as Partial<HttpLimits>;
    assertEquals(resolveLimits(limits), DEFAULTS);
  });

  test(`resolveLimits rejects what is no whole number as ${name}`, () => {
    const bad: unknown[] = [-1, -Infinity, 0.5, 1.5, NaN];
    for (const limit of [...bad, "5", null, [5], {}, true]) {
      assertThrows(
        () => resolveLimits({ [name]: limit } as Partial<HttpLimits>),
        RangeError,
        name,
      );
    }
  });

  test(`Every coroutine rejects a bad ${name} where it is handed in`, () => {
    const limits = { [name]: -1 };
    const headers = new HttpHeaders();
    for (
      const make of [
        () => new Http11ReceiveHead(limits),
        () => new Http11ReceiveChunks(limits),
        () => new Http11Receive({ method: "GET", headers }, limits),
        () => new Http11Send(REQUEST, limits),
        () => new Http10Send(REQUEST, limits),
      ]
    ) {
      assertThrows(make, RangeError, `${name} is -1`);
    }
  });
}

test("resolveLimits ignores what is no limit", () => {
  const options = { target: "origin", maxHeadBytes: 9, other: -1 } as const;
  assertEquals(resolveLimits(options), { ...DEFAULTS, maxHeadBytes: 9 });
});

test("A coroutine keeps its limits when the object it was given changes", () => {
  const limits = { maxHeadBytes: 1000 };
  const head = new Http11ReceiveHead(limits);
  const send = new Http11Send(REQUEST, limits);
  limits.maxHeadBytes = 1;
  const wire = toBytes("HTTP/1.1 204 No Content\r\n\r\n");
  assertEquals(head.resume(wire).type, "Ok");
  send.resume();
  assertEquals(send.resume(wire).type, "Ok");
});
