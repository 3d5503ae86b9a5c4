// Coroutines of any kind over a connection: the steps that reach the caller, the input
// and output between them, and the start of the next coroutine.

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import {
  encodeHttp11Request,
  Http10Send,
  Http11Receive,
  Http11ReceiveChunks,
  Http11ReceiveHead,
  Http11Send,
  HttpError,
  HttpRequest,
  makeCoroutine,
  runCoroutine,
} from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { toBytes, toText } from "../../_text.ts";
import {
  carryOne,
  checkOver,
  DONE,
  fails,
  get,
  HeldTimers,
  HI,
  openPipe,
  PIPES,
  READ,
  rejection,
  Script,
  type ScriptStep,
  settle,
  SITE,
  watchedSignal,
  write,
} from "../_client.ts";

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const END: ScriptStep = { type: "Ok" };

for (const [kind, options] of PIPES) {
  Deno.test(`run writes and reads in the order of the steps, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const steps = [write("a"), write("bc"), READ, READ, write("d"), READ];
    const script = new Script(...steps, write(""), DONE);
    const running = client.run(script);
    assertEquals(await server.readUntil("abc"), "abc");
    server.write("12", 1);
    assertEquals(await server.readUntil("d"), "d");
    server.write("3");
    assertEquals(await running, DONE);
    // The first call, and those after a write, pass nothing.
    const none = undefined;
    const passed = [none, none, none, "1", "2", none, "3", none];
    assertEquals(script.passed, passed);
    assertEquals(client.reusable, true);
  });

  Deno.test(`run passes a coroutine no bytes but its own, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const running = client.run(makeCoroutine(function* () {
      const bytes = yield { type: "WantsRead" };
      return bytes?.buffer.byteLength;
    }));
    server.write("123");
    assertEquals((await running).value, 3);
    await client.close();
    // Pieces of Node's are views of a buffer that others use, too.
    const readable = new ReadableStream<Uint8Array>({
      type: (options.bytes ? "bytes" : undefined) as undefined,
      pull: (controller) =>
        controller.enqueue(Buffer.from(new ArrayBuffer(5)).subarray(2)),
    });
    const other = new HttpClient({ readable, writable: new WritableStream() });
    let length = 0;
    await other.run({
      resume(bytes) {
        length = bytes?.buffer.byteLength ?? 0;
        return length === 0 ? READ : DONE;
      },
    });
    assertEquals(length, 3);
    await other.close();
  });

  Deno.test(`run passes null at end of file, and again to the next, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const script = new Script(READ, READ, END);
    const running = client.run(script);
    server.write("1");
    server.close();
    await running;
    assertEquals(script.passed, [undefined, "1", null]);
    const next = new Script(READ, END);
    await client.run(next);
    assertEquals(next.passed, [undefined, null]);
    // Nothing follows the end of file, so asking for more would never end.
    await fails(client.run(new Script(READ)), "UnexpectedEof");
    await server.closed;
  });

  Deno.test(`run gives bytes that stay as they are until the next run, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const lending = {
      resume: (bytes?: Uint8Array | null) =>
        bytes instanceof Uint8Array
          ? { type: "Lent", bytes } as const
          : { type: "WantsRead" } as const,
    };
    for (const text of ["abc", "defgh", "ij"]) {
      server.write(text);
      const { bytes } = await client.run(lending);
      // Other clients read meanwhile.
      const other = openPipe();
      await carryOne(other.client, other.server);
      await other.client.close();
      assertEquals(toText(bytes), text);
    }
  });
}

for (
  const step of [
    { type: "Ok" },
    { type: "Pause" },
    { type: "Ok", keepAlive: false },
    { type: "Ok", keepAlive: "yes" },
    { type: "Ok", keepAlive: true, remaining: toBytes("x") },
  ] as ScriptStep[]
) {
  Deno.test(`run leaves the connection to the next one after ${JSON.stringify(step)}`, async () => {
    const { client, server } = openPipe();
    assertStrictEquals(await client.run(new Script(step)), step);
    assertEquals(client.reusable, false);
    // Nothing reads until a caller continues.
    server.write("late");
    await settle();
    assertEquals(server.unread, 4);
    for (const call of ["send", "sendHttp10", "exchange"] as const) {
      await assertRejects(() => client[call](get()), TypeError, "run()");
    }
    assertEquals(server.received, 0);
    const reads = "remaining" in step ? [READ, READ] : [READ];
    const next = new Script(...reads, DONE);
    await client.run(next);
    const all = "remaining" in step ? "xlate" : "late";
    assertEquals(next.passed.slice(1).join(""), all);
    await carryOne(client, server);
  });
}

Deno.test("run keeps the remaining input until somebody reads", async () => {
  const { client, server } = openPipe();
  for (const bytes of [toBytes("left"), Buffer.from("left")]) {
    await client.run(new Script({ type: "Ok", remaining: bytes }));
    // A copy was kept: the array is the coroutine's.
    bytes.fill(0x21);
    await client.run(new Script(write("x"), { type: "Pause" }));
    await client.run(new Script({ type: "Ok", remaining: new Uint8Array(0) }));
    const script = new Script(READ, READ, END);
    const running = client.run(script);
    server.write("new");
    await running;
    assertEquals(script.passed, [undefined, "left", "new"]);
  }
});

Deno.test("run keeps what was left ahead of what a pending read returns", async () => {
  using timers = new HeldTimers();
  for (const passed of [["leftnew"], ["left", "new"]]) {
    const { client, server } = openPipe({ capacity: 0 });
    const left: ScriptStep = { type: "Ok", remaining: toBytes("left") };
    const running = client.run(new Script(write("a"), left));
    await settle();
    // It reads, since the write takes long.
    await timers.fire(5);
    await settle();
    await server.readUntil("a");
    await running;
    if (passed.length === 1) server.write("new");
    await settle();
    // It says again what it has left.
    await client.run(new Script(left));
    const script = new Script(...passed.map(() => READ), END);
    const next = client.run(script);
    if (passed.length === 2) server.write("new");
    await next;
    assertEquals(script.passed, [undefined, ...passed]);
    await client.close();
  }
});

Deno.test("run tells a coroutine that a write is done when it is", async () => {
  for (const last of [DONE, READ]) {
    const { client, server } = openPipe({ capacity: 0 });
    const script = new Script(write("a"), last);
    const running = client.run(script);
    await settle();
    assertEquals(script.passed, [undefined]);
    await server.readUntil("a");
    await settle();
    await client.close();
    await running.catch(() => {});
    assertEquals(script.passed, [undefined, undefined]);
  }
});

Deno.test("run passes on an early response, but lets the write be done first", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe({ capacity: 0 });
  await carryOne(client, server);
  const body = new Uint8Array(200_000).map((_, at) => (at * 31) >> 3);
  const request = HttpRequest.post(SITE, { body });
  const sending = client.run(new Http11Send(request));
  // The write is done before its time is up.
  await server.answer(HI);
  await settle();
  let wire = "";
  while (wire.length < body.length) wire += toText((await server.read())!);
  assertEquals(wire === toText(body), true);
  const whole = await sending;
  assertEquals([whole.keepAlive, whole.closeReason], [true, null]);
  assertEquals(client.reusable, true);

  const blocked = client.run(new Http11Send(request));
  await server.readUntil("\r\n\r\n");
  await settle();
  await timers.fire(5);
  server.write(HI);
  const cut = await blocked;
  assertEquals(cut.response.text(), "hi");
  assertEquals(cut.closeReason, "RequestIncomplete");
  assertEquals(client.reusable, false);
});

Deno.test("run does not leave a connection reusable while a write is pending", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe({ capacity: 0 });
  const running = client.run(new Script(write("a"), DONE));
  await settle();
  await timers.fire(5);
  server.write("early");
  assertEquals(await running, DONE);
  assertEquals(client.reusable, false);
  assertEquals(await client.run(new Script(DONE)), DONE);
  assertEquals(client.reusable, false);

  // The next write is not done when that one is.
  const script = new Script(write("b"), DONE);
  const next = client.run(script);
  await settle();
  assertEquals(toText((await server.read())!), "a");
  await settle();
  assertEquals(script.passed, [undefined]);
  assertEquals(toText((await server.read())!), "b");
  assertEquals(await next, DONE);
  assertEquals(script.passed, [undefined, undefined]);
  await client.close();
});

Deno.test("run copies a body twice at most, however often its writes are blocked", async () => {
  using timers = new HeldTimers();
  const { client, server } = openPipe({ capacity: 0 });
  const bytes = new Uint8Array(20 * 65536);
  const script = new Script({ type: "WantsWrite", bytes }, DONE);
  let copied = 0;
  const RealArray = globalThis.Uint8Array;
  globalThis.Uint8Array = new Proxy(RealArray, {
    construct(target, args: unknown[]) {
      if (args[0] instanceof target) copied += args[0].length;
      return Reflect.construct(target, args, target);
    },
  });
  try {
    const running = client.run(script);
    for (let read = 0; read < bytes.length;) {
      await settle();
      await timers.fire(5);
      await settle();
      read += (await server.read())!.length;
    }
    assertEquals(await running, DONE);
  } finally {
    globalThis.Uint8Array = RealArray;
  }
  assertEquals(copied <= 2 * bytes.length, true, `${copied} bytes`);
  await client.close();
});

Deno.test("run sends the rest of a write after a step that is no end", async () => {
  using timers = new HeldTimers();
  const large = "x".repeat(200_000);
  for (
    const [step, isSent] of [
      [{ type: "Pause" }, true],
      [{ type: "Ok" }, false],
      [{ type: "Pause", keepAlive: false }, false],
    ] as [ScriptStep, boolean][]
  ) {
    const { client, server } = openPipe({ capacity: 0 });
    const script = new Script(write(large), step, write("end"), DONE);
    const running = client.run(script);
    await settle();
    await timers.fire(5);
    server.write("early");
    assertEquals(await running, step);
    const next = client.run(script);
    const wire = await server.readUntil("end");
    assertEquals(await next, DONE);
    const length = isSent ? large.length : 65536;
    assertEquals(wire === `${large.slice(0, length)}end`, true);
    await client.close();
  }
});

Deno.test("run fails with the error that a coroutine throws or reports", async () => {
  const reason = new Error("Mine");
  const thrown = openPipe();
  const steps: ScriptStep[] = [write("a")];
  const resume = (): ScriptStep => {
    const step = steps.shift();
    if (step === undefined) throw reason;
    return step;
  };
  assertStrictEquals(await rejection(thrown.client.run({ resume })), reason);
  await thrown.server.closed;
  const { client, server } = openPipe();
  const error = new HttpError("InvalidHeader", "Cannot read it");
  const step = { type: "Err", error } as const;
  const told = await fails(client.run({ resume: () => step }), "InvalidHeader");
  assertEquals(told.message, "Cannot read it (from the peer)");
  assertEquals(told.progress?.reused, false);
  await checkOver(client, server);
  await assertRejects(() => client.run(new Script(READ)), TypeError, "closed");
  // One of the caller's own stays as it is.
  class Refused extends HttpError {}
  const own = new Refused("UnexpectedRedirect", "Mine");
  const refusing = { resume: () => ({ type: "Err", error: own }) };
  assertStrictEquals(await rejection(openPipe().client.run(refusing)), own);
});

Deno.test("run leaves a connection as it was if its coroutine throws before it uses it", async () => {
  const reason = new Error("Mine");
  const mistaken = {
    resume: (): ScriptStep => {
      throw reason;
    },
  };
  for (const [, options] of PIPES) {
    const { client, server } = openPipe(options);
    const run = () => rejection(client.run(mistaken));
    // Fresh, and idle.
    for (const reused of [false, true]) {
      assertStrictEquals(await run(), reason);
      assertEquals(client.reusable, true);
      const sending = client.send(get());
      await server.readUntil("\r\n\r\n");
      await server.write(HI);
      assertEquals((await sending).reused, reused);
    }
    // Held, and then watched again.
    await client.run(new Script(write("a"), { type: "Pause" }));
    assertStrictEquals(await run(), reason);
    assertEquals(client.reusable, false);
    await client.run(new Script(write("b"), DONE));
    assertStrictEquals(await run(), reason);
    await server.write("Unsolicited");
    await client.ended;
    assertEquals(client.reusable, false);
  }
});

Deno.test("run waits a bounded time for each read after a write has failed", async () => {
  using timers = new HeldTimers();
  const reason = new Error("Broken");
  for (const steps of [[DONE], [write("b"), DONE], [READ, READ, DONE]]) {
    const { client, server } = openPipe();
    server.failWritable(reason);
    const running = client.run(new Script(write("a"), ...steps));
    await timers.fire(1000);
    const error = await fails(running, "ConnectionLost");
    assertStrictEquals(error.cause, reason);
    await server.closed;
  }
});

Deno.test("run takes a signal for each call", async () => {
  const { client, server } = openPipe();
  const script = new Script({ type: "Pause" }, READ, DONE);
  const old = watchedSignal();
  await client.run(script, { signal: old.signal });
  assertEquals(old.listeners(), 0);
  old.abort();
  assertEquals(server.isClosed, false);
  const { signal, abort } = watchedSignal();
  const running = rejection(client.run(script, { signal }));
  abort("Enough");
  assertEquals(await running, "Enough");
  await server.closed;
});

// The coroutines of this package.

for (const [kind, options] of PIPES) {
  Deno.test(`run drives the pieces of an exchange one by one, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    const bytes = encodeHttp11Request(get());
    await client.run(new Script({ type: "WantsWrite", bytes }, END));
    const receive = new Http11Receive(get());
    await server.answer(`HTTP/1.1 103 Early Hints\r\n\r\n${CHUNKED}`);
    const interim = await client.run(receive);
    assertEquals(interim.type === "Interim" && interim.response.status, 103);
    const head = await client.run(receive);
    assertEquals(head.type === "Head" && head.framing.kind, "chunked");
    server.write("3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 9\r\n\r\n", 1);
    let text = "";
    let step = await client.run(receive);
    while (step.type === "Data") {
      text += toText(step.bytes);
      assertEquals(client.reusable, false);
      step = await client.run(receive);
    }
    assertEquals(text, "abcde");
    assertEquals(step.type === "Ok" && [...step.trailers], [["X-Sum", "9"]]);
    await carryOne(client, server);
  });

  Deno.test(`run leaves what one coroutine does not use to the next, over ${kind}`, async () => {
    const { client, server } = openPipe(options);
    server.write(`${CHUNKED}3\r\nabc\r\n0\r\n\r\nrest`);
    await client.run(new Http11ReceiveHead());
    const chunks = new Http11ReceiveChunks();
    const data = await client.run(chunks);
    assertEquals(data.type === "Data" && toText(data.bytes), "abc");
    const end = await client.run(chunks);
    assertEquals(end.type === "Ok" && toText(end.remaining), "rest");
    const next = new Script(READ, END);
    await client.run(next);
    assertEquals(next.passed, [undefined, "rest"]);
  });
}

for (const Send of [Http11Send, Http10Send]) {
  Deno.test(`run ends an exchange of ${Send.name} as send does`, async () => {
    const { client, server } = openPipe();
    const send = new Send(get({ Connection: "keep-alive" }));
    const running = client.run(send);
    await server.answer(
      "HTTP/1.1 302 Found\r\nLocation: /b\r\nConnection: keep-alive\r\n" +
        "Content-Length: 0\r\n\r\n",
    );
    const step = await running;
    assertEquals(step.type === "WantsRedirect" && step.url.pathname, "/b");
    assertEquals(client.reusable, true);
    // The next step has the same response, without any input or output.
    const same = await client.run(send);
    assertEquals(same.type, "Ok");
    assertStrictEquals(same.response, step.response);
    assertEquals(client.reusable, true);
    const closing = client.run(new Send(get()));
    await server.answer("HTTP/1.1 200 OK\r\n\r\n");
    server.close();
    assertEquals((await closing).closeReason, "ReadToClose");
    assertEquals(client.reusable, false);
    const cut = openPipe();
    const failing = cut.client.run(new Send(get()));
    await cut.server.answer("HTTP/1.1 404 Not Found\r\n" + HI.slice(17, -1));
    cut.server.close();
    const error = await fails(failing, "UnexpectedEof");
    assertEquals([error.progress?.phase, error.response?.status], [
      "body",
      404,
    ]);
    assertEquals("cause" in error, false);
  });
}

Deno.test("the progress of a run goes on from the run before it", async () => {
  const { client, server } = openPipe();
  const pause = { type: "Pause" } as const;
  const script = new Script(write("12345678"), pause, READ, pause, READ);
  await client.run(script);
  server.write("123");
  await client.run(script);
  const failing = client.run(script);
  server.failReadable(new Error("Gone"));
  const { message, progress } = await fails(failing, "ConnectionLost");
  assertEquals(
    message,
    "Cannot read the response: lost the connection to the peer: Gone",
  );
  assertEquals(progress, {
    phase: "head",
    reused: true,
    requestBytes: 8,
    responseBytes: 3,
  });
});

Deno.test("run drives a flow over as many connections as it asks for", async () => {
  const flow = makeCoroutine(function* () {
    const first = yield* runCoroutine(new Http11Send(get()));
    yield { type: "WantsConnection", url: SITE } as const;
    const second = yield* runCoroutine(new Http11Send(get()));
    return first.response.text() + second.response.text();
  });
  const one = openPipe();
  one.server.write(HI);
  const step = await one.client.run(flow);
  assertEquals(step.type, "WantsConnection");
  const two = openPipe();
  two.server.write(HI.replace("hi", "ho"));
  const end = await two.client.run(flow);
  assertEquals(end.type === "Ok" && end.value, "hiho");
  assertEquals([one.client.reusable, two.client.reusable], [false, true]);
});
