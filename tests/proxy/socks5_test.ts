// docs/proxies.md, "What the agent does": SOCKS5 (RFC 1928, RFC 1929).

import { assert, assertEquals, assertThrows } from "@std/assert";
import { fc } from "../_fast_check.ts";
import { Secret, Socks5Connect } from "../../proxy/mod.ts";
import { byteByByte, drive } from "../_cuts.ts";
import { endOfFile, test } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";
import { expand, type Wire } from "../_vectors.ts";
import { property } from "../properties/_property.ts";
import vectors from "../vectors/socks5.json" with { type: "json" };

const TARGET = { hostname: "a.test", port: 443 };
const LOGIN = { username: "user", password: new Secret("pass") };
const REQUEST = "\x05\x01\x00\x03\x06a.test\x01\xbb";
const BOUND = "\x05\x00\x00\x01\xc0\x00\x02\x07\x04\x00";

/** A reply of the proxy, and its outcome. */
interface SocksVector {
  readonly name: string;
  readonly target?: { readonly hostname: Wire; readonly port: number };
  readonly login?: readonly Wire[];
  readonly input: string;
  readonly expect:
    | { readonly error: string; readonly message: string }
    | {
      /** Everything that is written. */
      readonly written: Wire;
      readonly bound: { readonly hostname: string; readonly port: number };
      readonly remaining?: string;
    };
}

for (const vector of vectors as readonly SocksVector[]) {
  const { name, target, login, input, expect } = vector;
  const host = target && { ...target, hostname: expand(target.hostname) };
  const [username, password] = login?.map(expand) ?? [];
  const make = () =>
    new Socks5Connect(host ?? TARGET, login && { username, password });
  test(`Proxies: ${name}, however the replies are split`, () => {
    const all = byteByByte(input.length);
    for (const cuts of [[], all, ...all.map((at) => [at])]) {
      for (const eager of [false, true]) {
        const { steps } = drive(make(), toBytes(input), cuts, { eager });
        const end = steps.at(-1)!;
        if ("error" in expect) {
          assertEquals([end.type, end.error], ["Err", expect.error]);
        } else {
          const { written, bound, remaining = "" } = expect;
          const write = { type: "WantsWrite", bytes: expand(written) };
          assertEquals(steps, [write, { type: "Ok", bound, remaining }]);
        }
      }
    }
    if ("error" in expect) {
      assertEquals(failureOf(make(), input).message, expect.message);
    }
  });
}

/** The error after an input in one piece, and perhaps end of file. */
function failureOf(connect: Socks5Connect, input: string) {
  const pieces = [toBytes(input), endOfFile()];
  let step = connect.resume();
  while (step.type === "WantsRead" || step.type === "WantsWrite") {
    const isWritten = step.type === "WantsWrite";
    step = connect.resume(isWritten ? undefined : pieces.shift());
  }
  if (step.type !== "Err") throw new Error("It does not fail");
  return step.error;
}

test("Proxies: Socks5Connect writes each message once, and waits for its reply", () => {
  const connect = new Socks5Connect(TARGET, LOGIN);
  const types = [undefined, undefined, toBytes("\x05")].map(
    (bytes) => connect.resume(bytes).type,
  );
  assertEquals(types, ["WantsWrite", "WantsRead", "WantsRead"]);
  const login = connect.resume(toBytes("\x02"));
  const written = login.type === "WantsWrite" && toText(login.bytes);
  assertEquals(written, "\x01\x04user\x04pass");
  assertEquals(connect.resume().type, "WantsRead");
  const step = connect.resume(toBytes("\x01\x00"));
  assertEquals(step.type === "WantsWrite" && toText(step.bytes), REQUEST);
});

test("Proxies: Socks5Connect returns an error for end of file at each offset", () => {
  const input = `\x05\x02\x01\x00${BOUND}`;
  for (let at = 0; at < input.length; at++) {
    const connect = new Socks5Connect(TARGET, LOGIN);
    const { code, message } = failureOf(connect, input.slice(0, at));
    const name = at < 2
      ? "choice of a method"
      : at < 4
      ? "reply to the username and password"
      : "reply";
    assertEquals(code, at === 0 ? "NoResponse" : "UnexpectedEof");
    assertEquals(
      message,
      'Cannot connect to "a.test": the SOCKS proxy ended the connection ' +
        `before the end of its ${name}`,
    );
  }
});

const FAULTS = [
  ...["ProxyRefused", "InvalidProxyReply", "NoResponse", "UnexpectedEof"],
];
const byte = fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 255 }));

property(
  "Proxies: Socks5Connect returns Ok or a fault of the proxy for any bytes",
  2000,
  fc.tuple(fc.array(byte, { maxLength: 40 }), fc.boolean()),
  ([bytes, login]) => {
    const run = (cuts: number[]) => {
      const connect = new Socks5Connect(TARGET, login ? LOGIN : {});
      return drive(connect, Uint8Array.from(bytes), cuts, { eof: true }).steps;
    };
    const whole = run([]);
    assertEquals(run(byteByByte(bytes.length)), whole);
    const end = whole.at(-1)!;
    if (end.type !== "Ok") assert(FAULTS.includes(`${end.error}`));
  },
);

test("Proxies: Socks5Connect throws for what SOCKS cannot carry", () => {
  const long = "n".repeat(256);
  for (const hostname of ["", long, "a b", "a\0b", "b\u00fccher.de", "[x y]"]) {
    const make = () => new Socks5Connect({ hostname, port: 80 });
    assertThrows(make, TypeError, "Invalid hostname");
  }
  for (const port of [0, -1, 65536, 1.5, NaN]) {
    const make = () => new Socks5Connect({ hostname: "a", port });
    assertThrows(make, RangeError, `the port ${port} is not`);
  }
  for (
    const options of [
      { username: "hush" },
      { password: "hush" },
      { username: "", password: "hush" },
      { username: "hush", password: "" },
      { username: "hush", password: "h".repeat(256) },
      { username: "\u00e4".repeat(128), password: "hush" },
      { username: "hush\ud83d", password: "hush" },
    ]
  ) {
    const make = () => new Socks5Connect(TARGET, options);
    const { message } = assertThrows(make, TypeError);
    assertEquals(
      message,
      "Invalid SOCKS credentials: username and password take 1 to 255 bytes each",
    );
  }
  const shown = { username: "user", password: `${LOGIN.password}` };
  const make = () => new Socks5Connect(TARGET, shown);
  assertThrows(make, TypeError, "call expose()");
});

test("Proxies: Socks5Connect shows no password", () => {
  const connect = new Socks5Connect(TARGET, LOGIN);
  assertEquals(Deno.inspect(connect), "Socks5Connect {}");
});
