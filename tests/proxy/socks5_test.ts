import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type Socks5Address,
  Socks5Connect,
  type Socks5Options,
} from "../../proxy/mod.ts";
import { byteByByte, drive } from "../_cuts.ts";
import { endOfFile, test } from "../_pure.ts";
import { toBytes, toText } from "../_text.ts";
import { property } from "../properties/_property.ts";

const TARGET = { hostname: "a.test", port: 443 };
const LOGIN = { username: "user", password: "pass" };
const REQUEST = "\x05\x01\x00\x03\x06a.test\x01\xbb";
const OPEN = "\x05\x00"; // no authentication
const BOUND = "\x05\x00\x00\x01\xc0\x00\x02\x07\x04\x00";

/** The steps over an input, as plain data. */
function run(
  input: string,
  { target = TARGET, options = {}, cuts = [], eof = false, eager = false }: {
    target?: Socks5Address;
    options?: Socks5Options;
    cuts?: number[];
    eof?: boolean;
    eager?: boolean;
  } = {},
) {
  const connect = new Socks5Connect(target, options);
  return drive(connect, toBytes(input), cuts, { eof, eager }).steps;
}

function ok(hostname: string, port: number, remaining = "") {
  return { type: "Ok", bound: { hostname, port }, remaining };
}

const HELLO = "\x05\x01\x00";
const HELLO_WITH_LOGIN = "\x05\x02\x00\x02";
const END = ok("192.0.2.7", 1024);
const V6 = { hostname: "[2001:DB8::1]", port: 65535 };
const MAPPED = { hostname: "::ffff:1.2.3.4", port: 1 };
const IPV4 = { hostname: "127.0.0.1", port: 80 };
const LONG = { hostname: "n".repeat(255), port: 443 };
const LONG_LOGIN = {
  username: "\u00e4".repeat(127) + "u",
  password: "p".repeat(255),
};
const zeros = (count: number) => "\0".repeat(count);

// RFC 1928 §3 to §6, and RFC 1929 §2: what is written is joined.
for (
  const [name, target, options, input, written, end] of [
    ["a name", TARGET, {}, OPEN + BOUND, HELLO + REQUEST, END],
    [
      "an IPv4 address",
      IPV4,
      {},
      OPEN + BOUND,
      `${HELLO}\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50`,
      END,
    ],
    [
      "an IPv6 address in brackets, and an IPv6 address back",
      V6,
      {},
      `${OPEN}\x05\x00\x00\x04\xfe\x80${zeros(13)}\x01\xff\xff`,
      `${HELLO}\x05\x01\x00\x04\x20\x01\x0d\xb8${zeros(11)}\x01\xff\xff`,
      ok("fe80::1", 65535),
    ],
    [
      "an IPv6 address with an IPv4 one in it",
      MAPPED,
      {},
      OPEN + BOUND,
      `${HELLO}\x05\x01\x00\x04${zeros(10)}\xff\xff\x01\x02\x03\x04\x00\x01`,
      END,
    ],
    [
      "the longest name, and a name back",
      LONG,
      {},
      `${OPEN}\x05\x00\x00\x03\x02ab\x00\x00`,
      `${HELLO}\x05\x01\x00\x03\xff${"n".repeat(255)}\x01\xbb`,
      ok("ab", 0),
    ],
    [
      "bytes behind the reply, which belong to the tunnel",
      TARGET,
      {},
      `${OPEN}${BOUND}\x16\x03\x01\x05\x00`,
      HELLO + REQUEST,
      ok("192.0.2.7", 1024, "\x16\x03\x01\x05\x00"),
    ],
    [
      "a reserved byte that is not zero, and an empty name back",
      TARGET,
      {},
      `${OPEN}\x05\x00\x07\x03\x00\x12\x34`,
      HELLO + REQUEST,
      ok("", 0x1234),
    ],
    [
      "a username and a password",
      TARGET,
      LOGIN,
      `\x05\x02\x01\x00${BOUND}`,
      `${HELLO_WITH_LOGIN}\x01\x04user\x04pass${REQUEST}`,
      END,
    ],
    [
      "a username and a password that the proxy does not want",
      TARGET,
      LOGIN,
      OPEN + BOUND,
      HELLO_WITH_LOGIN + REQUEST,
      END,
    ],
    [
      "the longest username and password, in UTF-8",
      TARGET,
      LONG_LOGIN,
      `\x05\x02\x01\x00${BOUND}`,
      `${HELLO_WITH_LOGIN}\x01\xff${"\xc3\xa4".repeat(127)}u\xff` +
      "p".repeat(255) + REQUEST,
      END,
    ],
  ] as const
) {
  test(`Socks5Connect connects with ${name}, however the replies are split`, () => {
    const steps = [{ type: "WantsWrite", bytes: written }, end];
    const all = byteByByte(input.length);
    for (const cuts of [[], all, ...all.map((at) => [at])]) {
      for (const eager of [false, true]) {
        assertEquals(run(input, { target, options, cuts, eager }), steps);
      }
    }
  });
}

test("Socks5Connect writes each message once, and waits for its reply", () => {
  const connect = new Socks5Connect(TARGET, LOGIN);
  const types = [undefined, undefined, toBytes("\x05"), toBytes("\x02")].map(
    (bytes) => connect.resume(bytes).type,
  );
  assertEquals(types, ["WantsWrite", "WantsRead", "WantsRead", "WantsWrite"]);
  assertEquals(connect.resume().type, "WantsRead");
  const step = connect.resume(toBytes("\x01\x00"));
  assertEquals(step.type === "WantsWrite" && toText(step.bytes), REQUEST);
});

/** The error of a run, whole and in each split, which must be the same. */
function failure(input: string, options: Socks5Options = {}, eof = false) {
  const whole = failureOf(input, options, eof, [input.length]);
  for (let at = 1; at < input.length; at++) {
    const { code } = failureOf(input, options, eof, [at, input.length]);
    assertEquals(code, whole.code, `cut at ${at}`);
  }
  return whole;
}

function failureOf(
  input: string,
  options: Socks5Options,
  eof: boolean,
  ends: number[],
) {
  const connect = new Socks5Connect(TARGET, options);
  const pieces = ends.map((end, i) =>
    toBytes(input.slice(ends[i - 1] ?? 0, end))
  );
  let step = connect.resume();
  while (step.type === "WantsRead" || step.type === "WantsWrite") {
    if (step.type === "WantsWrite") step = connect.resume();
    else {
      const piece = pieces.shift();
      if (piece === undefined && !eof) throw new Error("Asks for more");
      step = connect.resume(piece ?? endOfFile());
    }
  }
  if (step.type !== "Err") throw new Error("Does not fail");
  return step.error;
}

const REFUSED = 'Cannot connect to "a.test": the SOCKS proxy refused: ';

test("Socks5Connect returns ProxyRefused for each refusal of RFC 1928 §6, by name", () => {
  for (
    const [code, name] of [
      [1, "general SOCKS server failure"],
      [2, "connection not allowed by ruleset"],
      [3, "Network unreachable"],
      [4, "Host unreachable"],
      [5, "Connection refused"],
      [6, "TTL expired"],
      [7, "Command not supported"],
      [8, "Address type not supported"],
      [9, "an unassigned code"],
      [255, "an unassigned code"],
    ] as const
  ) {
    for (const rest of ["", `\x00\x01${zeros(6)}`]) {
      const reply = `\x05${String.fromCharCode(code)}${rest}`;
      const error = failure(OPEN + reply);
      assertEquals(error.code, "ProxyRefused");
      assertEquals(error.message, `${REFUSED}${name} (${code})`);
    }
  }
});

const CHOICE = "Cannot read the choice of a method of the SOCKS proxy, ";
const REPLY = "Cannot read the reply of the SOCKS proxy, ";
const LOGIN_REPLY =
  "Cannot read the reply to the username and password of the SOCKS proxy, ";

for (
  const [name, input, options, message] of [
    [
      "no acceptable method, without a login",
      "\x05\xff",
      {},
      `${REFUSED}it lets no one in without a username and password`,
    ],
    [
      "no acceptable method, with a login",
      "\x05\xff",
      LOGIN,
      `${REFUSED}it lets no one in with a username and password`,
    ],
    [
      "a wrong login",
      "\x05\x02\x01\x01",
      LOGIN,
      `${REFUSED}the username or password is wrong`,
    ],
    [
      "another method than those offered",
      "\x05\x02",
      {},
      `${CHOICE}"\\x05\\x02": method 2 was not offered`,
    ],
    [
      "HTTP",
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      {},
      `${CHOICE}"HTTP/1.1 400 Bad Request\\r\\n\\r\\n": it is not version 5`,
    ],
    [
      "SOCKS4",
      "\x00\x5b\x00\x00",
      {},
      `${CHOICE}"\\x00[\\x00\\x00": it is not version 5`,
    ],
    [
      "another version of the login",
      "\x05\x02\x05\x00",
      LOGIN,
      `${LOGIN_REPLY}"\\x05\\x00": it is not version 1`,
    ],
    [
      "another version in the reply",
      `${OPEN}\x04\x00`,
      {},
      `${REPLY}"\\x04\\x00": it is not version 5`,
    ],
    [
      "an unknown type of address",
      `${OPEN}\x05\x00\x00\x02\x00`,
      {},
      `${REPLY}"\\x05\\x00\\x00\\x02\\x00": address type 2 is unknown`,
    ],
  ] as const
) {
  test(`Socks5Connect returns an error for ${name}`, () => {
    const error = failure(input, options);
    const code = message.startsWith(REFUSED)
      ? "ProxyRefused"
      : "InvalidProxyReply";
    assertEquals([error.code, error.message], [code, message]);
  });
}

test("Socks5Connect returns an error for end of file at each offset", () => {
  const input = `\x05\x02\x01\x00${BOUND}`;
  for (let at = 0; at < input.length; at++) {
    const { code, message } = failure(input.slice(0, at), LOGIN, true);
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
  "Socks5Connect returns Ok or a fault of the proxy for any bytes",
  2000,
  fc.tuple(fc.array(byte, { maxLength: 40 }), fc.boolean()),
  ([bytes, login]) => {
    const given = { options: login ? LOGIN : {}, eof: true };
    const input = String.fromCharCode(...bytes);
    const whole = run(input, given);
    const cuts = byteByByte(input.length);
    assertEquals(run(input, { ...given, cuts }), whole);
    const end = whole.at(-1)!;
    if (end.type !== "Ok") assert(FAULTS.includes(`${end.error}`));
  },
);

test("Socks5Connect throws for what SOCKS cannot carry", () => {
  const long = "n".repeat(256);
  for (const hostname of ["", long, "a b", "a\0b", "b\u00fccher.de", "[x y]"]) {
    const make = () => new Socks5Connect({ hostname, port: 80 });
    assertThrows(make, TypeError, "Invalid hostname");
  }
  for (const port of [0, -1, 65536, 1.5, NaN]) {
    const make = () => new Socks5Connect({ hostname: "a", port });
    assertThrows(make, RangeError, `Invalid port: ${port}`);
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
});

test("Socks5Connect shows no password", () => {
  const connect = new Socks5Connect(TARGET, LOGIN);
  assertEquals(Deno.inspect(connect), "Socks5Connect {}");
});
