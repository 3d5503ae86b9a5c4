// Digest (RFC 7616), as docs/policies.md, "Credentials", uses it.

import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { fc } from "../../_fast_check.ts";
import { HttpAuthDigest, Secret } from "../../../auth/digest/mod.ts";
import { HttpError } from "../../../error.ts";
import { HttpChallenge } from "../../../rfc9110/challenge.ts";
import { test } from "../../_pure.ts";
import { toBytes } from "../../_text.ts";
import {
  expectedResponse,
  type Knowledge,
  parseRaw,
  type RawParams,
  unquote,
} from "./_server.ts";
import { property } from "../../properties/_property.ts";
import vectors from "../../vectors/digest.json" with { type: "json" };

const USER = { username: "Mufasa", password: "Circle of Life" };
const GET = { method: "GET", target: "/dir/index.html" };
const CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
const ALGORITHMS = ["MD5", "SHA-256", "SHA-512-256"]
  .flatMap((name) => [name, `${name}-sess`]);

function mufasa(): HttpAuthDigest {
  return new HttpAuthDigest(USER.username, USER.password);
}

function parse(value: string): HttpChallenge {
  return HttpChallenge.parseAll(value)[0]!;
}

/** A challenge with a nonce. */
function digest(nonce: string, more = ""): string {
  return `Digest realm=r, nonce=${nonce}, qop=auth${more}`;
}

/** Answers, and returns the parameters as they are written. */
function answer(
  auth: HttpAuthDigest,
  challenge: string,
  request: Parameters<HttpAuthDigest["answer"]>[1] = GET,
  cnonce = CNONCE,
): RawParams {
  return parseRaw(auth.answer(parse(challenge), request, { cnonce }));
}

/** The response that a server expects for these parameters. */
function expected(params: RawParams, known: Partial<Knowledge> = {}): string {
  return `"${expectedResponse(params, { ...USER, method: "GET", ...known })}"`;
}

function rspauth(params: RawParams, known: Partial<Knowledge> = {}): string {
  const { nc, cnonce, qop } = params;
  const rest = qop === undefined
    ? ""
    : `, nc=${nc}, cnonce=${cnonce}, qop=${qop}`;
  return `rspauth=${expected(params, { method: "", ...known })}${rest}`;
}

function assertNotVerified(learn: () => void): void {
  const { code } = assertThrows(learn, HttpError);
  assertEquals(code, "InvalidAuthenticationInfo");
}

for (const { name, user, challenge, target, cnonce, expect } of vectors) {
  const verb = expect.unsupported === undefined ? "returns" : "throws";
  test(`Credentials: HttpAuthDigest ${verb} ${name}`, () => {
    const auth = new HttpAuthDigest(user[0]!, user[1]!);
    const request = target === undefined ? GET : { ...GET, target };
    const answer = () => auth.answer(parse(challenge), request, { cnonce });
    const { value, unsupported } = expect;
    const isSupported = HttpAuthDigest.supports(parse(challenge));
    assertEquals(isSupported, unsupported === undefined);
    if (unsupported === undefined) assertEquals(answer(), value);
    else {
      const message = `Cannot answer the challenge: ${unsupported}`;
      assertThrows(answer, TypeError, message);
    }
  });
}

for (const algorithm of ALGORITHMS) {
  test(`Credentials: HttpAuthDigest answers ${algorithm} with every protection as a server expects`, () => {
    const body = toBytes("\x00\xffbody");
    const request = { method: "POST", target: '/a?b="c\\', body };
    for (const qop of ["", ', qop="auth"', ', qop="AUTH-INT"', ', qop=""']) {
      const auth = mufasa();
      const challenge =
        `Digest nonce="a\\"b\\\\", realm="r\\"\xe4", algorithm=${algorithm}${qop}`;
      for (const cnonce of ['x"\\', "y"]) {
        const params = answer(auth, challenge, request, cnonce);
        const known = { method: "POST", body };
        assertEquals(params.response, expected(params, known));
        assertEquals(unquote(params.nonce), 'a"b\\');
        assertEquals(unquote(params.uri), request.target);
        assertEquals(params.algorithm, algorithm);
        // The server's proofs for the responses, in turn.
        auth.learn(rspauth(params, { body }), { body });
        const other = toBytes("another body");
        const wrong = rspauth(params, { body: other, password: "other" });
        assertNotVerified(() => auth.learn(wrong, { body: other }));
      }
    }
  });
}

test("Credentials: HttpAuthDigest uses 20 counts for 20 concurrent answers to one nonce", () => {
  const auth = mufasa();
  const counts = Array.from({ length: 20 }, (_, i) => {
    // Several challenges may share a nonce, and the count is the nonce's.
    const algorithm = ["MD5", "SHA-256", "MD5-sess"][i % 3];
    return answer(auth, digest("n", `, algorithm=${algorithm}`)).nc;
  });
  const all = counts.map((_, i) => (i + 1).toString(16).padStart(8, "0"));
  assertEquals(counts, all);
  assertEquals(answer(auth, digest("m")).nc, all[0]);
  assertEquals(answer(auth, digest("n")).nc, "00000015");
});

test("Credentials: HttpAuthDigest keeps the key of a -sess session for all its answers", () => {
  const auth = mufasa();
  const challenge = digest("n", ", algorithm=SHA-256-sess");
  const first = answer(auth, challenge, GET, "one");
  const second = answer(auth, challenge, GET, "two");
  // A server that keeps no state takes nonce and cnonce from each answer.
  assertEquals([second.nc, second.cnonce], ["00000002", '"one"']);
  assertEquals(second.response, expected(second));

  auth.learn('nextnonce="later"');
  const third = answer(auth, challenge, GET, "three");
  const start = { nonce: "n", cnonce: "one" };
  assertEquals([third.nonce, third.nc], ['"later"', "00000001"]);
  assertEquals(third.response, expected(third, { start }));
  assertEquals(first.response, expected(first, { start }));

  // The next challenge starts another session.
  const other = digest("m", ", algorithm=SHA-256-sess");
  const fourth = answer(auth, other, GET, "four");
  assertEquals(fourth.cnonce, '"four"');
  assertEquals(fourth.response, expected(fourth));
});

test("Credentials: HttpAuthDigest.learn goes on with nextnonce, and never repeats a count", () => {
  const auth = mufasa();
  const challenge = digest("a");
  const sent = [answer(auth, challenge)];
  for (const next of ["b", "b", "a", "", "b"]) {
    auth.learn(`nextnonce="${next}"`);
    sent.push(answer(auth, challenge));
  }
  assertEquals(sent.map(({ nonce, nc }) => `${nonce}${nc}`), [
    ...['"a"00000001', '"b"00000001', '"b"00000002'],
    ...['"a"00000002', '"a"00000003', '"b"00000003'],
  ]);
  for (const params of sent) assertEquals(params.response, expected(params));
});

test("Credentials: HttpAuthDigest.learn gives nextnonce to the session whose answer it names", () => {
  const auth = mufasa();
  const first = answer(auth, digest("a"), GET, "one");
  answer(auth, digest("b"), GET, "two");
  auth.learn(`nextnonce=c, nc=${first.nc}, cnonce=${first.cnonce}`);
  auth.learn("nextnonce=d, nc=00000009, cnonce=one");
  const nonceAfter = (nonce: string) => answer(auth, digest(nonce)).nonce;
  assertEquals([nonceAfter("a"), nonceAfter("b")], ['"c"', '"b"']);
});

test("Credentials: HttpAuthDigest.learn accepts the rspauth of each of its concurrent answers", () => {
  const auth = mufasa();
  const sent = Array.from({ length: 20 }, (_, i) => {
    const request = { method: "GET", target: `/${i}` };
    return answer(auth, digest("n"), request, `c${i}`);
  });
  for (const params of sent.toReversed()) {
    auth.learn(rspauth(params));
    // In any case, with nc and cnonce in any form.
    auth.learn(
      rspauth(params).replaceAll(/[0-9a-f]{32}/g, (hex) => hex.toUpperCase()),
    );
  }
  auth.learn(`rspauth=${expected(sent[3]!, { method: "" })}`);
});

const WRONG: [what: string, change: RawParams, known?: Partial<Knowledge>][] = [
  ["is for another password", {}, { password: "other" }],
  ["is for another request", { uri: '"/other"' }],
  ["is the response", {}, { method: "GET" }],
  ["is for another nonce", { nonce: '"other"' }],
  ["belongs to another count", { nc: "00000002" }],
  ["belongs to another cnonce", { cnonce: '"other"' }],
];

for (const [what, change, known] of WRONG) {
  test(`Credentials: HttpAuthDigest.learn throws InvalidAuthenticationInfo if rspauth ${what}`, () => {
    const auth = mufasa();
    const params = answer(auth, digest("n"));
    const info = rspauth({ ...params, ...change }, known);
    assertNotVerified(() => auth.learn(`${info}, nextnonce="new"`));
    // Nothing was learned from it.
    const next = answer(auth, digest("n"));
    assertEquals([next.nonce, next.nc], ['"n"', "00000002"]);
  });
}

test("Credentials: HttpAuthDigest.learn checks rspauth of auth-int only with the body", () => {
  const auth = mufasa();
  const params = answer(auth, digest("n", "-int"));
  const body = toBytes("response");
  const info = rspauth(params, { body });
  auth.learn(info);
  auth.learn(info, { body });
  assertNotVerified(() => auth.learn(info, { body: toBytes("") }));
  // The server may protect the response in another way than the request was.
  auth.learn(rspauth({ ...params, qop: "auth" }));
});

test("Credentials: HttpAuthDigest.learn throws for an rspauth that nobody asked for", () => {
  assertNotVerified(() => mufasa().learn(`rspauth="${"0".repeat(32)}"`));
});

test("Credentials: HttpAuthDigest throws a TypeError for what no field can carry", () => {
  for (const text of ["a\nb", "\x7f", "\ud83d", "\udd11\ud83d"]) {
    for (const [name, password] of [[text, "b"], ["a", text]]) {
      const make = () => new HttpAuthDigest(name!, password!);
      assert(!assertThrows(make, TypeError).message.includes(text));
    }
  }
  const secret = new Secret("b");
  for (const bad of [undefined as never, 5 as never, `${secret}`]) {
    assertThrows(() => new HttpAuthDigest("a", bad), TypeError, "the password");
    assertThrows(() => new HttpAuthDigest(bad, "b"), TypeError, "the username");
  }
  assertEquals(new HttpAuthDigest("a", secret).password.expose(), "b");
  for (const bad of ["a\r\nb", "\u4e2d"]) {
    const request = { method: "GET", target: bad };
    const challenge = "Digest nonce=n, qop=auth";
    assertThrows(() => answer(mufasa(), challenge, request), TypeError);
    assertThrows(() => answer(mufasa(), challenge, GET, bad), TypeError);
  }
});

test("Credentials: HttpAuthDigest remembers a bounded number of nonces and answers", () => {
  const auth = mufasa();
  const first = answer(auth, digest("first"));
  for (let i = 0; i < 2000; i++) {
    answer(auth, digest(`n${i}`));
    auth.learn(`nextnonce="next${i}"`);
  }
  // The first one is forgotten, as its count shows, and so is its answer.
  assertNotVerified(() => auth.learn(rspauth(first)));
  const again = answer(auth, digest("first"));
  assertEquals(again.nc, "00000001");
  // One that is in use is not.
  for (let i = 0; i < 300; i++) {
    answer(auth, digest(`m${i}`));
    answer(auth, digest("first"));
  }
  assertEquals(answer(auth, digest("first")).nc, "0000012e");
});

const word = fc.constantFrom(
  ...'"\\,= '.split(""),
  ..."Digest nonce realm qop auth algorithm SHA-256 -sess rspauth".split(" "),
  ..."nextnonce nc cnonce 00000001 auth-int MD5".split(" "),
  ...["\x00", "\xff", "\u4e2d"],
);
const text = fc.array(fc.oneof(word, fc.string()), { maxLength: 30 })
  .map((words) => words.join(""));

property(
  "Credentials: HttpAuthDigest survives challenges and infos of any text",
  500,
  fc.tuple(text, text),
  ([value, info]) => {
    const auth = mufasa();
    const challenges = HttpChallenge.parseAll(`Digest nonce=n, ${value}`);
    for (const challenge of challenges.filter(HttpAuthDigest.supports)) {
      const params = parseRaw(auth.answer(challenge, GET, { cnonce: "c" }));
      // An -sess algorithm keeps the first cnonce, and all are the same here.
      const isNamed = params.username !== undefined;
      if (isNamed) assertEquals(params.response, expected(params));
    }
    try {
      auth.learn(info);
    } catch (error) {
      assert(error instanceof HttpError);
      assertEquals(error.code, "InvalidAuthenticationInfo");
    }
  },
);

test("Credentials: HttpAuthDigest shows the username and not the password", () => {
  const auth = mufasa();
  answer(auth, digest("n"));
  assert(auth.password instanceof Secret);
  const shown = 'HttpAuthDigest { username: "Mufasa", password: [redacted] }';
  assertEquals(Deno.inspect(auth), shown);
  assertStringIncludes(JSON.stringify(auth), '"[redacted]"');
});
