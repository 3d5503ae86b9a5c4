// Coroutines of any kind over a connection: which steps reach the caller, what
// is read and written between them, and what the next one starts with.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { type HttpCoroutine, HttpError } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { toBytes, toText } from "../_text.ts";
import {
  HI,
  PIPES,
  READ,
  Script,
  type ScriptStep,
  tcpPair,
  watchedSignal,
  write,
  writeText,
} from "./_buffered.ts";
import { get, HeldTimers, openPipe, rejection, settle } from "./_exchange.ts";

/** A coroutine that writes what it is given, from one buffer for all. */
class Reusing implements HttpCoroutine<ScriptStep> {
  readonly #buffer = new Uint8Array(4);
  readonly #texts: string[];

  constructor(...texts: string[]) {
    this.#texts = texts;
  }

  resume(): ScriptStep {
    this.#buffer.fill(0x21);
    const text = this.#texts.shift();
    if (text === undefined) return { type: "Ok" };
    this.#buffer.set(toBytes(text));
    const bytes = this.#buffer.subarray(0, text.length);
    return { type: "WantsWrite", bytes };
  }
}

/** A coroutine that hands on what it is given, as it is. */
class Lending implements
  HttpCoroutine<
    { readonly type: "WantsRead" } | {
      readonly type: "Lent";
      readonly bytes: Uint8Array;
    }
  > {
  resume(bytes?: Uint8Array) {
    return bytes === undefined
      ? { type: "WantsRead" } as const
      : { type: "Lent", bytes } as const;
  }
}

for (const [kind, options] of PIPES) {
  Deno.test(`run writes and reads in the order of the steps, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const script = new Script(
      write("a"),
      write("bc"),
      READ,
      READ,
      write("d"),
      READ,
      { type: "Ok" },
    );
    const running = client.run(script);
    assertEquals(await server.readUntil("abc"), "abc");
    await server.write("12", 1);
    assertEquals(await server.readUntil("d"), "d");
    await server.write("3");
    assertEquals(await running, { type: "Ok" });
    // The first call and those after a write pass nothing.
    assertEquals(
      script.passed,
      [undefined, undefined, undefined, "1", "2", undefined, "3"],
    );
    assertEquals(client.reusable, true);
    await client.close();
  });

  Deno.test(`run passes an empty array at end of file, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const script = new Script(READ, READ, { type: "Ok" });
    const running = client.run(script);
    await server.write("1");
    await server.close();
    await running;
    assertEquals(script.passed, [undefined, "1", ""]);
    await client.close();
  });
}

Deno.test("run keeps what was left where the next coroutine does not read", async () => {
  const { client, server } = openPipe();
  const left = toBytes("left");
  await client.run(new Script({ type: "Ok", remaining: left }));
  // A copy: the array is the coroutine's.
  left.fill(0x21);
  await client.run(new Script(write("x"), { type: "Pause" }));
  await client.run(new Script({ type: "Ok", remaining: new Uint8Array(0) }));
  const script = new Script(READ, READ, { type: "Ok" });
  const running = client.run(script);
  await server.write("new");
  await running;
  assertEquals(script.passed, [undefined, "left", "new"]);
  await client.close();
});

Deno.test("run takes nothing but an array for what is left", async () => {
  const { client, server } = openPipe();
  const step = { type: "Ok", remaining: "text" } as const;
  assertStrictEquals(await client.run({ resume: () => step }), step);
  const script = new Script(READ, { type: "Ok" });
  const running = client.run(script);
  await server.write("new");
  await running;
  assertEquals(script.passed, [undefined, "new"]);
  await client.close();
});

Deno.test("run gives bytes that stay as they are until the next run", async () => {
  for (const [, options] of PIPES) {
    const { client, server } = openPipe(options);
    // Other clients read meanwhile, into buffers from the same place.
    const others = Array.from({ length: 3 }, () => openPipe());
    const lending = new Lending();
    for (const text of ["abc", "defgh", "ij"]) {
      await server.write(text);
      const { bytes } = await client.run(lending);
      for (const other of others) {
        const sending = other.client.send(get());
        await other.server.write(HI);
        await sending;
      }
      assertEquals(toText(bytes), text);
    }
    await client.close();
    for (const other of others) await other.client.close();
  }
});

Deno.test("run waits for its writes before it ends", async () => {
  for (const last of ["Ok", "Pause"] as const) {
    const { client, server } = openPipe({ capacity: 0 });
    let isOver = false;
    const running = client.run(new Script(write("a"), { type: last }));
    running.then(() => isOver = true);
    await settle();
    assertEquals(isOver, false);
    await server.readUntil("a");
    assertEquals((await running).type, last);
    await client.close();
  }
});

Deno.test("run writes what a step held, though its coroutine reuses the buffer", async () => {
  // A writable half that looks at what it was given only later.
  const written: string[] = [];
  const writable = new WritableStream<Uint8Array>({
    async write(bytes) {
      await settle();
      written.push(toText(bytes));
    },
  });
  const client = new HttpClient({ readable: new ReadableStream(), writable });
  await client.run(new Reusing("one", "two", "last"));
  assertEquals(written, ["one", "two", "last"]);
  await client.close();
});

Deno.test("run rejects with what a write failed with, where nothing is read", async () => {
  const reason = new Error("Broken");
  for (const next of [{ type: "Ok" } as const, write("b")]) {
    const { client, server } = openPipe();
    server.failWritable(reason);
    const script = new Script(write("a"), next);
    assertStrictEquals(await rejection(client.run(script)), reason);
    assertEquals(client.reusable, false);
    await server.closed;
  }
});

Deno.test("run rejects with what a coroutine throws, and closes the connection", async () => {
  const { client, server } = openPipe();
  const reason = new Error("Mine");
  const resume = (): ScriptStep => {
    throw reason;
  };
  assertStrictEquals(await rejection(client.run({ resume })), reason);
  assertEquals(client.reusable, false);
  await server.closed;
});

Deno.test("run rejects with the error of an Err step, and closes the connection", async () => {
  const { client, server } = openPipe();
  const error = new HttpError("InvalidHeader", "Cannot read it");
  const step = { type: "Err", error } as const;
  assertStrictEquals(
    await rejection(client.run({ resume: () => step })),
    error,
  );
  await server.closed;
  await assertRejects(() => client.run(new Script(READ)), TypeError, "closed");
});

Deno.test("run rejects a coroutine that asks for more after the end of file", async () => {
  for (const [, options] of PIPES) {
    const { client, server } = openPipe(options);
    await server.close();
    const error = await rejection(client.run(new Script(READ)));
    assertInstanceOf(error, HttpError);
    assertEquals(error.code, "UnexpectedEof");
    await server.closed;
  }
});

Deno.test("run reads again after the end of file for the next coroutine", async () => {
  const { client, server } = openPipe();
  await server.close();
  for (let turn = 0; turn < 2; turn++) {
    const script = new Script(READ, { type: "Ok" });
    await client.run(script);
    assertEquals(script.passed, [undefined, ""]);
  }
  await client.close();
});

Deno.test("run lets no exchange start before its coroutine is through", async () => {
  const { client, server } = openPipe();
  const script = new Script({ type: "Pause" }, { type: "Pause" }, {
    type: "Ok",
  });
  for (let turn = 0; turn < 2; turn++) {
    assertEquals((await client.run(script)).type, "Pause");
    assertEquals(client.reusable, false);
    for (
      const start of [
        () => client.send(get()),
        () => client.sendHttp10(get()),
        () => client.exchange(get()),
      ]
    ) await assertRejects(start, TypeError, "paused");
    assertEquals(server.received, 0);
  }
  assertEquals((await client.run(script)).type, "Ok");
  assertEquals(client.reusable, true);
  await client.close();
});

Deno.test("run rejects while another call is in flight", async () => {
  const { client, server } = openPipe();
  const first = client.run(new Script(READ, { type: "Ok" }));
  await assertRejects(
    () => client.run(new Script(READ)),
    TypeError,
    "in a call",
  );
  await assertRejects(() => client.send(get()), TypeError, "in a call");
  await server.write("x");
  assertEquals((await first).type, "Ok");
  await client.close();
});

Deno.test("run takes a signal for each step", async () => {
  const { client, server } = openPipe();
  const script = new Script({ type: "Pause" }, READ, { type: "Ok" });
  const old = watchedSignal();
  await client.run(script, { signal: old.signal });
  old.abort();
  assertEquals(server.isClosed, false);
  const { signal, abort } = watchedSignal();
  const running = rejection(client.run(script, { signal }));
  abort("Enough");
  assertEquals(await running, "Enough");
  await server.closed;
});

Deno.test("run waits a bounded time for each read after a write has failed", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe();
  const reason = new Error("Broken");
  server.failWritable(reason);
  const script = new Script(write("a"), READ, READ, { type: "Ok" });
  const running = rejection(client.run(script));
  await settle();
  assertEquals(timers.delays, [1000]);
  await server.write("1");
  await settle();
  assertEquals(script.passed, [undefined, undefined, "1"]);
  await timers.fire(1000);
  assertStrictEquals(await running, reason);
  assertEquals(timers.delays, []);
  await server.closed;
});

Deno.test("run writes a step larger than a socket takes at once, whole", async () => {
  const { near, far } = await tcpPair();
  const client = new HttpClient(near);
  const bytes = new Uint8Array(10_000_000);
  for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 31) >> 3;
  const running = client.run(
    new Script({ type: "WantsWrite", bytes }, READ, { type: "Ok" }),
  );
  const received = new Uint8Array(bytes.length);
  for (let at = 0; at < received.length;) {
    at += (await far.read(received.subarray(at)))!;
  }
  await writeText(far, "x");
  assertEquals((await running).type, "Ok");
  assertEquals(await digest(received), await digest(bytes));
  await client.close();
  far.close();
});

Deno.test("run passes over a write of nothing", async () => {
  const { near, far } = await tcpPair();
  for (const stream of [near, openPipe().client.detach()]) {
    const client = new HttpClient(stream);
    await client.run(new Script(write(""), { type: "Ok" }));
    assertEquals(client.reusable, true);
    await client.close();
  }
  far.close();
});

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(hash).toHex();
}
