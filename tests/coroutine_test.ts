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

/** Ends one exchange well, and another with a fault. */
function* fetchOnce(): HttpFlow<number> {
  yield* runCoroutine(new Http11Send(HttpRequest.get(URL_A)));
  try {
    yield* runCoroutine(new Http11Send(HttpRequest.get(URL_A)));
  } catch { /* The first one no longer describes the connection. */ }
  return 1;
}

/** Ends with a connection that may be used again, without reading. */
function* keepAlone(): HttpFlow<number> {
  const end = { type: "Ok", keepAlive: true };
  yield* runCoroutine({ resume: () => end });
  return 1;
}

/** Writes something and reads nothing. */
function* writeAlone(): HttpFlow<number> {
  yield { type: "WantsWrite", bytes: toBytes("x") };
  return 1;
}

// deno-lint-ignore require-yield
function* doNothing(): HttpFlow<number> {
  return 1;
}

/**
 * Passes inputs one by one: bytes, `null` at end of file, or "" for nothing.
 * Returns the types of the steps; of the last one, also the outcome.
 */
function play(
  coroutine: HttpCoroutine<AnyStep>,
  inputs: readonly (string | null)[],
): string {
  let shown = "";
  for (const input of inputs) {
    const nothing = input === null ? null : undefined;
    const bytes = input ? toBytes(input) : nothing;
    const step: AnyStep & Record<string, unknown> = {
      ...coroutine.resume(bytes),
    };
    bytes?.fill(0);
    shown += step.type.replace("Wants", "").replace("nection", "") + " ";
    if (step.type === "Err") shown += (step.error as HttpError).code;
    if (step.type !== "Ok") continue;
    const remaining = toText(step.remaining as Uint8Array);
    shown += [step.value, step.keepAlive, remaining].join(" ");
  }
  return shown;
}

const [FIRST, LATER] = [OK.slice(0, 20), OK.slice(20)];

type Flow = () => HttpFlow<unknown, WantsConnection>;

/** A flow, with its inputs and its steps. */
const CASES: [outcome: string, Flow, (string | null)[], steps: string][] = [
  [
    "returns the steps of what the flow runs, then its value",
    fetchText,
    ["", "", FIRST, LATER],
    "Write Read Read Ok hello true ",
  ],
  [
    "passes on the flow's own steps, and goes on after them",
    fetchText,
    ["", "", MOVED, "", "", OK],
    "Write Read Con Write Read Ok hello true ",
  ],
  [
    "takes remaining and keepAlive from the last coroutine",
    fetchText,
    ["", "", `${OK}rest`],
    "Write Read Ok hello false rest",
  ],
  [
    "keeps input of the first call until the flow reads",
    fetchText,
    [OK, ""],
    "Write Ok hello true ",
  ],
  [
    "keeps end of file of the first call",
    fetchText,
    [null, ""],
    "Write Err NoResponse",
  ],
  [
    "hands on input that comes while the flow writes",
    fetchText,
    ["", FIRST, LATER],
    "Write Read Ok hello false ",
  ],
  [
    "returns unread input, which spoils the connection",
    writeAlone,
    ["early", ""],
    "Write Ok 1 false early",
  ],
  [
    "returns unread input whatever else spoils nothing",
    keepAlone,
    ["early"],
    "Ok 1 false early",
  ],
  [
    "forgets the end of a coroutine once the next one runs",
    fetchOnce,
    ["", "", OK, "", null],
    "Write Read Write Read Ok 1 false ",
  ],
  [
    "turns an HttpError of the flow into Err, for good",
    fetchText,
    ["", "", "ICY 200 OK\r\n", ""],
    "Write Read Err InvalidStatusLineErr InvalidStatusLine",
  ],
  [
    "knows nothing of a connection that no coroutine ended",
    doNothing,
    [""],
    "Ok 1 false ",
  ],
];

for (const [outcome, flow, inputs, steps] of CASES) {
  test(`makeCoroutine ${outcome}`, () => {
    assertEquals(play(makeCoroutine(flow), inputs), steps);
  });
}

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
  const exchange = (text: string) => ["", "", `${open}${text}`, null];
  assertEquals(
    play(coroutine, [...exchange("one"), ...exchange("two"), ""]),
    "Write Read Read Con Write Read Read Con Ok one,two false ",
  );
});

test("makeCoroutine returns the same Ok for good", () => {
  const coroutine = makeCoroutine(fetchText);
  play(coroutine, ["", ""]);
  const step = coroutine.resume(toBytes(OK));
  assertStrictEquals(coroutine.resume(toBytes(OK)), step);
});

test("makeCoroutine lets the flow catch a fault", () => {
  const coroutine = makeCoroutine(function* (): HttpFlow<string> {
    try {
      return yield* fetchText() as HttpFlow<string>;
    } catch (error) {
      return error instanceof HttpError ? error.code : "other";
    }
  });
  const steps = play(coroutine, ["", "", null]);
  assertEquals(steps, "Write Read Ok NoResponse false ");
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

test("makeCoroutine nests, and each flow keeps to its own connection", () => {
  const outer = makeCoroutine(function* (): HttpFlow<string, WantsConnection> {
    const step = yield* runCoroutine(makeCoroutine(fetchText));
    // Over no connection at all.
    makeCoroutine(doNothing).resume();
    return step.type === "Ok" ? step.value : step.type;
  });
  const steps = play(outer, ["", "", OK]);
  assertEquals(steps, "Write Read Ok hello true ");
});

test("runCoroutine passes remaining bytes first", () => {
  const coroutine = makeCoroutine(function* (): HttpFlow<string> {
    const send = new Http11Send(HttpRequest.get(URL_A));
    const step = yield* runCoroutine(send, toBytes(FIRST));
    return step.response.text();
  });
  const steps = play(coroutine, ["", "", LATER]);
  assertEquals(steps, "Write Read Ok hello true ");
});

test("runCoroutine is a generator that anyone may drive", () => {
  const run = runCoroutine(new Http11Send(HttpRequest.get(URL_A)));
  assertEquals((run.next().value as AnyStep).type, "WantsWrite");
  assertEquals(run.next().value, { type: "WantsRead" });
  const { done, value } = run.next(toBytes(OK));
  assert(done && (value as AnyStep).type === "Ok");
});
