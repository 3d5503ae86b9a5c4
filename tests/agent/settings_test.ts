// The options of an agent, and how those of a call change them.

import {
  assert,
  assertEquals,
  assertObjectMatch,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import type { HttpAgentOptions } from "../../agent/options.ts";
import {
  addHeaders,
  changeCallSettings,
  changeSettings,
  defaultSettings,
  NO_ADDED_HEADERS,
} from "../../agent/settings.ts";
import {
  DEFAULT_TIMEOUTS,
  resolveTimeouts,
  timeoutError,
} from "../../agent/timeouts.ts";
import type { HttpProgress, HttpTimeouts } from "../../mod.ts";
import { HttpProxies } from "../../proxy/mod.ts";
import { test } from "../_pure.ts";

const BASE = defaultSettings();
const ENV = () => ({ http_proxy: "http://proxy.test:3128" });

function change(options: HttpAgentOptions, base = BASE) {
  return changeSettings(base, options, ENV);
}

test("changeSettings keeps what is absent or undefined", () => {
  assertEquals(change({}), BASE);
  const names = [...Object.keys(BASE), "maxHeadBytes"];
  const undefineds = names.map((name) => [name, undefined] as const);
  assertEquals(change(Object.fromEntries(undefineds)), BASE);
});

test("changeSettings replaces what is given, and turns off what is null", () => {
  const given = {
    ...{ redirect: "manual", retry: true, decode: false, httpsOnly: true },
    ...{ credentials: () => null, connectTo: () => null, random: () => 0 },
    ...{ connector: { connect: () => Promise.reject() }, onWarning() {} },
    cookies: { header: () => null, store: () => [] },
  } as const satisfies HttpAgentOptions;
  const changed = change(given);
  for (const [name, value] of Object.entries(given)) {
    assertStrictEquals(changed[name as keyof typeof given], value, name);
  }
  const off = { proxy: null, credentials: null, cookies: null };
  const { proxy, credentials, cookies } = change(off, changed);
  assertEquals({ proxy, credentials, cookies }, off);
  assertStrictEquals(change({}, changed).memory, BASE.memory);
});

const MISTAKES: Record<string, readonly unknown[]> = {
  ...{ connector: [1, {}], onWarning: [{}], random: [0.5] },
  ...{ cookies: [true, {}], proxy: [1, { http: "u:p" }] },
  credentials: [{ username: "u", password: "p" }, "u:p"],
  ...{ connectTo: ["localhost"], decode: ["gzip"], timeouts: [5], retry: [3] },
  redirect: [{ decide: "follow" }, null],
  "": ["u:p", { retry: { statuses: "503" } }, { retry: { methods: "POST" } }],
  tls: ["pem", { caCerts: "pem" }, { alpnProtocols: "h2" }],
};

for (const [name, values] of Object.entries(MISTAKES)) {
  test(`changeSettings rejects ${name || "options"} of another type, and does not show it`, () => {
    for (const value of values) {
      const options = (name ? { [name]: value } : value) as HttpAgentOptions;
      const error = assertThrows(() => change(options), TypeError);
      assert(!error.message.includes("u:p"));
    }
  });
}

test("changeSettings copies what is given as an object, and merges limits", () => {
  const caCerts = ["one"];
  const redirect = { max: 1 };
  const retry = { attempts: 1, statuses: [500] };
  const connectTo = { port: 1 };
  const copied = { redirect, retry, connectTo };
  const changed = change({ ...copied, tls: { caCerts }, maxHeadBytes: 9 });
  const before = structuredClone(copied);
  caCerts.push("two");
  retry.statuses.push(501);
  redirect.max = retry.attempts = connectTo.port = 2;
  assertEquals(changed.tls, { caCerts: ["one"] });
  assertObjectMatch(changed, before);
  const { receive } = change({ maxBodyBytes: 8 }, changed);
  assertEquals([receive.maxHeadBytes, receive.maxBodyBytes], [9, 8]);
});

test("Proxies: changeSettings reads the environment for `env` only", () => {
  const url = new URL("http://a.test/");
  const proxies = new HttpProxies({ all: "http://b.test/" });
  for (
    const [proxy, expected] of [
      ["env", "http://proxy.test:3128/"],
      ["http://c.test", "http://c.test/"],
      [new URL("socks5://d.test"), "socks5://d.test"],
      [proxies, "http://b.test/"],
    ] as const
  ) {
    const matched = change({ proxy }).proxy?.match(url)?.href;
    assertEquals(matched?.replace(/:1080$/, ""), expected);
  }
  const neverRead = () => assert(false);
  changeSettings(BASE, { proxy: proxies }, neverRead as typeof ENV);
});

test("changeCallSettings throws for what is invalid", () => {
  const invalid: [object, typeof TypeError | typeof RangeError][] = [
    [{ redirect: "maybe" }, TypeError],
    [{ redirect: { max: -1 } }, RangeError],
    [{ retry: { attempts: -1 } }, RangeError],
    [{ timeouts: { head: -1 } }, RangeError],
    [{ proxy: "ftp://a.test" }, TypeError],
    [{ connectTo: { unixPath: "/run/a", hostname: "a" } }, TypeError],
    [{ connectTo: { port: 65536 } }, RangeError],
    [{ headers: { "a b": "" } }, TypeError],
  ];
  for (const [options, error] of invalid) {
    assertThrows(() => changeCallSettings(BASE, options, ENV), error);
  }
});

test("addHeaders replaces fields by name, and null withholds defaults", () => {
  const base = addHeaders(NO_ADDED_HEADERS, { A: "1", B: ["2", "3"], c: null });
  assertStrictEquals(addHeaders(base, undefined), base);
  assertEquals([...base.fields], [["A", "1"], ["B", "2"], ["B", "3"]]);
  assertEquals([...base.withheld], ["c"]);
  const next = addHeaders(base, [["b", "4"], ["C", "5"]]);
  assertEquals([...next.fields], [["b", "4"], ["C", "5"], ["A", "1"]]);
  assertEquals([...next.withheld], []);
  const last = addHeaders(next, { a: null, Accept: null });
  assertEquals([...last.fields], [["b", "4"], ["C", "5"]]);
  assertEquals([...last.withheld], ["a", "accept"]);
});

test("Time limits: resolveTimeouts merges by member, and null or a large number is no limit", () => {
  const none = resolveTimeouts(undefined, DEFAULT_TIMEOUTS);
  assertStrictEquals(none, DEFAULT_TIMEOUTS);
  const given = { head: 5, body: null, tls: 2 ** 31, queue: undefined };
  assertEquals(resolveTimeouts(given, DEFAULT_TIMEOUTS), {
    ...DEFAULT_TIMEOUTS,
    head: 5,
    body: Infinity,
    tls: Infinity,
  });
  for (const head of [-1, NaN, "5"] as number[]) {
    const resolve = () => resolveTimeouts({ head }, DEFAULT_TIMEOUTS);
    assertThrows(resolve, RangeError, "timeouts.head");
  }
});

test("Time limits: timeoutError names the limit, its option, and the origin", () => {
  const bytes = { requestBytes: 1, responseBytes: 0 };
  const progress: HttpProgress = { phase: "head", reused: true, ...bytes };
  const facts = { origin: "http://a.test", limit: 7, progress };
  for (const name of Object.keys(DEFAULT_TIMEOUTS)) {
    const timeout = name as keyof HttpTimeouts;
    const error = timeoutError(timeout, { ...facts, detail: ": busy" });
    assertEquals([error.code, error.timeout], ["Timeout", timeout]);
    assertEquals(error.progress, progress);
    for (
      const part of ['"http://a.test"', "7 ms", `(timeouts.${name}): busy`]
    ) {
      assert(error.message.includes(part), error.message);
    }
  }
});
