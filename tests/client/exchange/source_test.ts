// Sources of a body: failures, and the end of each source.

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import type {
  HttpBodyInit,
  HttpExchangeOptions,
} from "@pimalaya/io-http/client";
import { toBytes, toText } from "../../_text.ts";
import {
  carryOne,
  checkOver,
  drain,
  endless,
  fails,
  HI,
  openPipe,
  PIPES,
  post,
  rejection,
  settle,
  SOURCES,
  streamOf,
} from "../_client.ts";
import { transfer } from "../../_pure.ts";

const FAULT = new RangeError("The disk is gone");

const DETACHED = new Uint8Array(3);
transfer(DETACHED);

/** How a source fails: its pieces, a stated length, and the error. */
const FAILURES: [
  name: string,
  pieces: (string | [unknown])[],
  length: number | null,
  error: RegExp | Error,
][] = [
  ["is shorter", ["hello"], 6, /shorter.* 6/],
  ["is empty", [], 6, /shorter.* 6/],
  ["is shorter, with empty pieces", ["hel", "", "lo", ""], 6, /shorter.* 6/],
  ["is longer", ["hello"], 4, /longer.* 4/],
  ["is longer by another piece", ["hel", "lo", "", "!"], 5, /longer.* 5/],
  ["is longer by its last piece", ["hel", "lo!"], 5, /longer.* 5/],
  ["is longer than nothing", ["", "!"], 0, /longer.* 0/],
  ["throws at once", [], null, FAULT],
  ["throws at once, of a length", [], 5, FAULT],
  ["throws after a piece", ["hello"], null, FAULT],
  ["throws after its length", ["hello"], 5, FAULT],
  ["throws after an empty piece", ["he", ""], 5, FAULT],
  ["gives a string", ["good", ["text"]], null, /not a Uint8Array/],
  ["gives null", ["good", [null]], null, /not a Uint8Array/],
  ["gives undefined", ["good", [undefined]], null, /not a Uint8Array/],
  ["gives an ArrayBuffer", ["a", [new ArrayBuffer(1)]], null, /not a Uint8/],
  ["gives a detached Uint8Array", ["good", [DETACHED]], null, /detached/],
];

/** Checks that an exchange fails because of its body, and wholly. */
async function checkFailure(
  options: HttpExchangeOptions,
  length: number | null,
  expected: unknown,
): Promise<unknown> {
  const { client, server } = openPipe();
  const request = post(
    length === null ? {} : { "Content-Length": `${length}` },
  );
  const error = await rejection(client.exchange(request, options));
  if (expected instanceof RegExp) {
    await assertRejects(() => Promise.reject(error), TypeError);
    assertEquals(expected.test(`${error}`), true, `${error}`);
  } else assertStrictEquals(error, expected);
  // The bytes sent before are not a whole request.
  let wire = "";
  const reading = (async () => {
    while (true) wire += toText((await server.read())!);
  })();
  assertStrictEquals(await rejection(reading), error);
  const [, body = ""] = wire.split("\r\n\r\n");
  assertEquals(/(^|\r\n)0\r\n/.test(body), false, wire);
  if (length !== null && length > 0) {
    assertEquals(body.length < length, true, wire);
  }
  await checkOver(client, server);
  return error;
}

for (const [kind, source] of SOURCES) {
  for (const [how, pieces, length, expected] of FAILURES) {
    Deno.test(`exchange rejects ${kind} that ${how}, and leaves the request incomplete`, async () => {
      const throws = expected === FAULT;
      const { body, stopped } = source(pieces, throws ? FAULT : "hang");
      const ended = /shorter/.test(`${expected}`) ? source(pieces).body : body;
      const error = await checkFailure({ body: ended }, length, expected);
      if (ended !== body || throws) return;
      assertEquals(await stopped, source === streamOf ? error : undefined);
    });
  }

  Deno.test(`exchange leaves ${kind} alone that it need not touch`, async () => {
    const { client } = openPipe();
    const signal = AbortSignal.abort("No");
    for (const options of [{ signal }, {}]) {
      const { body } = source(["a"]);
      const exchanging = client.exchange(post(), { body, ...options });
      const error = await rejection(exchanging);
      assertEquals(error === "No" || error instanceof TypeError, true);
      assertEquals(await drain(ReadableStream.from(body)), "a");
      await client.close();
    }
  });

  Deno.test(`exchange does not cancel ${kind} that it read to its end`, async () => {
    const { client, server } = openPipe();
    const { body, stopped } = source(["a"]);
    const exchanging = client.exchange(post(), { body });
    await server.readUntil("0\r\n\r\n");
    server.write(HI);
    let isStopped = false;
    stopped.then(() => isStopped = true);
    await (await exchanging).body.cancel("Not needed");
    await settle();
    // A generator that ends runs its `finally` by itself.
    assertEquals(isStopped, source !== streamOf);
    await server.closed;
  });

  Deno.test(`exchange lets go of ${kind} with the fault of its peer`, async () => {
    const { client, server } = openPipe({ capacity: 0 });
    const { body, stopped } = source(endless(100_000));
    const exchanging = client.exchange(post(), { body });
    await server.answer("SMTP");
    const error = await fails(exchanging, "InvalidStatusLine");
    assertEquals(await stopped, source === streamOf ? error : undefined);
    await server.closed;
  });
}

for (
  const [how, body, expected] of [
    ["throws instead of a promise", {
      [Symbol.asyncIterator]: () => ({
        next() {
          throw FAULT;
        },
      }),
    }, FAULT],
    ["gives no promise", {
      [Symbol.asyncIterator]: () => ({ next: () => undefined }),
    }, /TypeError/],
    [
      "has failed before",
      new ReadableStream({ start: (controller) => controller.error(FAULT) }),
      FAULT,
    ],
  ] as [string, HttpBodyInit, unknown][]
) {
  Deno.test(`exchange rejects a source that ${how}`, async () => {
    await checkFailure({ body }, null, expected);
  });
}

const MISTAKE = new TypeError("No trailers");

for (
  const [how, trailers, expected] of [
    ["is invalid", () => ({ "a:": "1" }), /a:/],
    ["frames", () => ({ "Transfer-Encoding": "x" }), /Transfer-Encoding/],
    ["throws", () => {
      throw MISTAKE;
    }, MISTAKE],
    ["rejects", () => Promise.reject(MISTAKE), MISTAKE],
  ] as [string, () => Record<string, string>, unknown][]
) {
  Deno.test(`exchange rejects a function for trailers that ${how}, and leaves the request incomplete`, async () => {
    const { body } = streamOf(["a"]);
    await checkFailure({ body, trailers }, null, expected);
  });
}

Deno.test("exchange rejects at once if the function for trailers rejects while a write is blocked", async () => {
  const { client, server } = openPipe({ capacity: 0 });
  const trailers = () => Promise.reject(MISTAKE);
  const exchanging = client.exchange(post(), { body: "a", trailers });
  assertStrictEquals(await rejection(exchanging), MISTAKE);
  await server.closed;
});

for (
  const [how, onReturn] of [
    ["has no return", undefined],
    ["returns no promise", () => ({ done: true })],
    ["rejects", () => Promise.reject(FAULT)],
    ["throws", () => {
      throw FAULT;
    }],
  ] as [string, (() => unknown) | undefined][]
) {
  Deno.test(`a source that ${how} when it is let go changes nothing`, async () => {
    const never = () => new Promise<never>(() => {});
    const iterator = { next: never, ...(onReturn && { return: onReturn }) };
    const iterable = { [Symbol.asyncIterator]: () => iterator } as HttpBodyInit;
    const stream = new ReadableStream<Uint8Array>({
      cancel: onReturn as () => void,
    });
    for (const body of [iterable, stream]) {
      const { client, server, signal, abort } = openPipe();
      const aborted = client.exchange(post(), { body, signal });
      await server.readUntil("\r\n\r\n");
      abort("Enough");
      assertEquals(await rejection(aborted), "Enough");
      await server.closed;
    }
    const early = openPipe();
    const exchanging = early.client.exchange(post(), { body: iterable });
    await early.server.answer(HI.replace("200", "400"));
    assertEquals(await (await exchanging).text(), "hi");
    await early.server.closed;
  });
}

Deno.test("a source that gives, throws, or says nothing after it was stopped changes nothing", async () => {
  for (const how of ["gives", "gives nothing", "throws", "says nothing"]) {
    const piece = Promise.withResolvers<Uint8Array>();
    const asked = Promise.withResolvers<void>();
    let [asks, returns] = [0, 0];
    const iterator = {
      next: async () => {
        asks++;
        asked.resolve();
        return { done: false as const, value: await piece.promise };
      },
      return: () => {
        returns++;
        return Promise.resolve({ done: true as const, value: undefined });
      },
    };
    const body = { [Symbol.asyncIterator]: () => iterator };
    const { client, server } = openPipe();
    const exchanging = client.exchange(post(), { body });
    await asked.promise;
    await server.answer("HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\n");
    const exchange = await exchanging;
    assertEquals(returns, 1);
    if (how === "gives") piece.resolve(toBytes("late"));
    if (how === "gives nothing") piece.resolve(toBytes(""));
    if (how === "throws") piece.reject(FAULT);
    await settle();
    assertEquals([asks, server.received], [1, 0]);
    server.write("bad");
    assertEquals(await exchange.text(), "bad");
    assertEquals((await exchange.closed).closeReason, "RequestIncomplete");
    assertEquals(returns, 1);
    await server.closed;
  }
});

Deno.test("exchange yields to others although its source is always ready and empty", async () => {
  for (const [, source] of SOURCES) {
    const { client, server, signal, abort } = openPipe();
    const { body } = source((function* () {
      while (true) yield "";
    })());
    const exchanging = rejection(client.exchange(post(), { body, signal }));
    await server.readUntil("\r\n\r\n");
    setImmediate(() => abort("Enough"));
    assertEquals(await exchanging, "Enough");
  }
});

Deno.test("the bytes sent stay as they were, for any change of the array", async () => {
  for (const [, options] of PIPES) {
    const { client, server } = openPipe({ ...options, capacity: 0 });
    const body = toBytes("hello");
    const exchanging = client.exchange(post(), { body });
    await settle();
    body.fill(0x21);
    await server.readUntil("hello");
    server.write(HI);
    await (await exchanging).text();
    await carryOne(client, server);
  }
});
