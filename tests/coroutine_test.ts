import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  Http11Send,
  type HttpCoroutine,
  HttpError,
  type HttpFlow,
  HttpRequest,
  makeCoroutine,
  runCoroutine,
} from "../mod.ts";
import { test } from "./_pure.ts";
import { toBytes, toText } from "./_text.ts";

const URL_A = "http://a.example/";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const MOVED = "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";

type WantsConnection = { readonly type: "WantsConnection"; readonly url: URL };
type AnyStep = { readonly type: string };

/** Reads one text, and follows one redirect over another connection. */
function* fetchText(): HttpFlow<string, WantsConnection> {
  const step = yield* runCoroutine(new Http11Send(HttpRequest.get(URL_A)));
  if (step.type === "Ok") return step.response.text();
  yield { type: "WantsConnection", url: step.url };
  const next = HttpRequest.get(step.url);
  return (yield* runCoroutine(new Http11Send(next))).response.text();
}

/** Passes inputs one by one, and returns the types of the steps. */
function typesOf(
  coroutine: HttpCoroutine<AnyStep>,
  inputs: readonly (string | null | undefined)[],
): string[] {
  return inputs.map((input) =>
    coroutine.resume(typeof input === "string" ? toBytes(input) : input).type
  );
}

test("makeCoroutine returns the steps of what the flow runs, then its value", () => {
  const coroutine = makeCoroutine(fetchText);
  const inputs = [undefined, undefined, OK.slice(0, 20)];
  assertEquals(typesOf(coroutine, inputs), [
    "WantsWrite",
    "WantsRead",
    "WantsRead",
  ]);
  const step = coroutine.resume(toBytes(OK.slice(20)));
  assert(step.type === "Ok");
  assertEquals([step.value, step.keepAlive, step.remaining.length], [
    "hello",
    true,
    0,
  ]);
  assertStrictEquals(coroutine.resume(toBytes(OK)), step);
});

test("makeCoroutine passes on the flow's own steps, and goes on after them", () => {
  const coroutine = makeCoroutine(fetchText);
  assertEquals(
    typesOf(coroutine, [undefined, undefined, MOVED, undefined, undefined, OK]),
    [
      "WantsWrite",
      "WantsRead",
      "WantsConnection",
      "WantsWrite",
      "WantsRead",
      "Ok",
    ],
  );
});

test("makeCoroutine goes on over a new connection after end of file", () => {
  const coroutine = makeCoroutine(
    function* (): HttpFlow<string[], WantsConnection> {
      const texts: string[] = [];
      for (const _ of [1, 2]) {
        const send = new Http11Send(HttpRequest.get(URL_A));
        const { response, keepAlive } = yield* runCoroutine(send);
        texts.push(response.text());
        if (!keepAlive) yield { type: "WantsConnection", url: new URL(URL_A) };
      }
      return texts;
    },
  );
  const open = "HTTP/1.1 200 OK\r\n\r\n";
  assertEquals(
    typesOf(coroutine, [
      undefined,
      undefined,
      `${open}one`,
      null,
      undefined,
      undefined,
      `${open}two`,
      null,
    ]),
    [
      "WantsWrite",
      "WantsRead",
      "WantsRead",
      "WantsConnection",
      "WantsWrite",
      "WantsRead",
      "WantsRead",
      "WantsConnection",
    ],
  );
  const step = coroutine.resume();
  assert(step.type === "Ok");
  assertEquals([step.value, step.keepAlive], [["one", "two"], false]);
});

test("makeCoroutine takes remaining and keepAlive from the last coroutine", () => {
  const coroutine = makeCoroutine(fetchText);
  typesOf(coroutine, [undefined, undefined]);
  const step = coroutine.resume(toBytes(`${OK}rest`));
  assert(step.type === "Ok");
  assertEquals([toText(step.remaining), step.keepAlive], ["rest", false]);
});

test("makeCoroutine keeps input of the first call until the flow reads", () => {
  const early = toBytes(OK);
  const coroutine = makeCoroutine(fetchText);
  assertEquals(coroutine.resume(early).type, "WantsWrite");
  early.fill(0);
  const step = coroutine.resume();
  assertEquals(step.type === "Ok" && step.value, "hello");

  const ended = makeCoroutine(fetchText);
  assertEquals(ended.resume(null).type, "WantsWrite");
  const fault = ended.resume();
  assertEquals(fault.type === "Err" && fault.error.code, "NoResponse");
});

test("makeCoroutine hands on input that comes while the flow writes", () => {
  const coroutine = makeCoroutine(fetchText);
  assertEquals(typesOf(coroutine, [undefined, OK.slice(0, 9)]), [
    "WantsWrite",
    "WantsRead",
  ]);
  const step = coroutine.resume(toBytes(OK.slice(9)));
  assertEquals(step.type === "Ok" && step.keepAlive, false);
});

test("makeCoroutine returns unread input, which spoils the connection", () => {
  const coroutine = makeCoroutine(function* (): HttpFlow<number> {
    yield { type: "WantsWrite", bytes: toBytes("x") };
    return 1;
  });
  assertEquals(coroutine.resume(toBytes("early")).type, "WantsWrite");
  const step = coroutine.resume();
  assert(step.type === "Ok");
  assertEquals([step.value, toText(step.remaining), step.keepAlive], [
    1,
    "early",
    false,
  ]);
});

test("makeCoroutine turns an HttpError of the flow into Err, for good", () => {
  const coroutine = makeCoroutine(fetchText);
  typesOf(coroutine, [undefined, undefined]);
  const step = coroutine.resume(toBytes("ICY 200 OK\r\n"));
  assert(step.type === "Err");
  assertEquals(step.error.code, "InvalidStatusLine");
  assertStrictEquals(coroutine.resume(), step);
});

test("makeCoroutine lets the flow catch a fault", () => {
  const coroutine = makeCoroutine(function* (): HttpFlow<string> {
    try {
      return yield* fetchText() as HttpFlow<string>;
    } catch (error) {
      return error instanceof HttpError ? error.code : "other";
    }
  });
  typesOf(coroutine, [undefined, undefined]);
  const step = coroutine.resume(null);
  assert(step.type === "Ok");
  assertEquals([step.value, step.keepAlive], ["NoResponse", false]);
});

test("makeCoroutine throws what else the flow throws, for good", () => {
  const coroutine = makeCoroutine(function* (): HttpFlow<never> {
    yield { type: "WantsRead" };
    throw new Error("A bug");
  });
  coroutine.resume();
  assertThrows(() => coroutine.resume(toBytes("x")), Error, "A bug");
  assertThrows(() => coroutine.resume(), Error, "A bug");
});

test("makeCoroutine ends for input of another type", () => {
  const coroutine = makeCoroutine(fetchText);
  const text = "text" as unknown as Uint8Array;
  assertThrows(() => coroutine.resume(text), TypeError, "Invalid bytes");
  assertThrows(() => coroutine.resume(), TypeError, "Invalid bytes");
});

test("makeCoroutine knows nothing of a connection that no coroutine ended", () => {
  // deno-lint-ignore require-yield
  const step = makeCoroutine(function* (): HttpFlow<number> {
    return 1;
  }).resume();
  assert(step.type === "Ok");
  assertEquals([step.keepAlive, step.remaining.length], [false, 0]);
});

test("makeCoroutine nests, and each flow keeps to its own connection", () => {
  const outer = makeCoroutine(function* (): HttpFlow<string, WantsConnection> {
    const inner = makeCoroutine(fetchText);
    const step = yield* runCoroutine(inner);
    // Over no connection at all.
    makeCoroutine(function* (): HttpFlow<void> {}).resume();
    return step.type === "Ok" ? step.value : step.type;
  });
  typesOf(outer, [undefined, undefined]);
  const step = outer.resume(toBytes(OK));
  assert(step.type === "Ok");
  assertEquals([step.value, step.keepAlive], ["hello", true]);
});

test("runCoroutine passes remaining bytes first", () => {
  const coroutine = makeCoroutine(function* (): HttpFlow<string> {
    const send = new Http11Send(HttpRequest.get(URL_A));
    const step = yield* runCoroutine(send, toBytes(OK.slice(0, 30)));
    return step.response.text();
  });
  typesOf(coroutine, [undefined, undefined]);
  const step = coroutine.resume(toBytes(OK.slice(30)));
  assertEquals(step.type === "Ok" && step.value, "hello");
});

test("runCoroutine is a generator that anyone may drive", () => {
  const run = runCoroutine(new Http11Send(HttpRequest.get(URL_A)));
  assertEquals((run.next().value as AnyStep).type, "WantsWrite");
  assertEquals(run.next().value, { type: "WantsRead" });
  const { done, value } = run.next(toBytes(OK));
  assertEquals([done, (value as AnyStep).type], [true, "Ok"]);
});
