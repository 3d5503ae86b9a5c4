import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { HttpAuthDigest, Secret } from "../../../auth/digest/mod.ts";
import { HttpError } from "../../../error.ts";
import { HttpChallenge } from "../../../rfc9110/challenge.ts";
import { test } from "../../_pure.ts";
import { toBytes, toText } from "../../_text.ts";
import {
  expectedResponse,
  type Knowledge,
  parseRaw,
  type RawParams,
  unquote,
} from "./_server.ts";
import { property } from "../../properties/_property.ts";

const USER = { username: "Mufasa", password: "Circle of Life" };
const GET = { method: "GET", target: "/dir/index.html" };
const CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
const OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS";
const NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
const ALGORITHMS = ["MD5", "SHA-256", "SHA-512-256"].flatMap((name) => [
  name,
  `${name}-sess`,
]);

function mufasa(): HttpAuthDigest {
  return new HttpAuthDigest(USER.username, USER.password);
}

function parse(value: string): HttpChallenge {
  return HttpChallenge.parseAll(value)[0]!;
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
  assertEquals(
    assertThrows(learn, HttpError).code,
    "InvalidAuthenticationInfo",
  );
}

const RFC_7616 = (algorithm: string) =>
  `Digest realm="http-auth@example.org", qop="auth, auth-int", ` +
  `algorithm=${algorithm}, nonce="${NONCE}", opaque="${OPAQUE}"`;

// RFC 7616 §3.9.1, whole, with the order of its parameters.
for (
  const [algorithm, response] of [
    ["MD5", "8ca523f5e9506fed4657c9700eebdbec"],
    [
      "SHA-256",
      "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    ],
  ] as const
) {
  test(`HttpAuthDigest returns the answer that RFC 7616 prints for ${algorithm}`, () => {
    const cnonce = CNONCE;
    assertEquals(
      mufasa().answer(parse(RFC_7616(algorithm)), GET, { cnonce }),
      `Digest username="Mufasa", realm="http-auth@example.org", ` +
        `uri="/dir/index.html", algorithm=${algorithm}, nonce="${NONCE}", ` +
        `nc=00000001, cnonce="${CNONCE}", qop=auth, response="${response}", ` +
        `opaque="${OPAQUE}"`,
    );
  });
}

// RFC 7616 §3.9.2 prints the hashes of a draft; erratum 4897 has the right ones.
test("HttpAuthDigest returns the answers of RFC 7616 §3.9.2 and erratum 4897", () => {
  const auth = new HttpAuthDigest("J\u00e4s\u00f8n Doe", "Secret, or not?");
  const cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
  const challenge = 'Digest realm="api@example.org", qop="auth", ' +
    'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", ' +
    'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", ' +
    "algorithm=SHA-512-256, charset=UTF-8";
  const request = { method: "GET", target: "/doe.json" };
  const hashed = answer(auth, `${challenge}, userhash=true`, request, cnonce);
  const response =
    '"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"';
  assertEquals(hashed.response, response);
  assertEquals(
    hashed.username,
    '"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"',
  );
  assertEquals(hashed.userhash, "true");

  const named = answer(
    new HttpAuthDigest("J\u00e4s\u00f8n Doe", "Secret, or not?"),
    challenge,
    request,
    cnonce,
  );
  assertEquals(named["username*"], "UTF-8''J%C3%A4s%C3%B8n%20Doe");
  assertEquals([named.username, named.userhash], [undefined, undefined]);
  assertEquals(named.response, response);
});

test("HttpAuthDigest returns the answer that RFC 2069 §2.4 means", () => {
  // The RFC prints a wrong response; erratum 749 has this one.
  const auth = new HttpAuthDigest("Mufasa", "CircleOfLife");
  const params = answer(
    auth,
    'Digest realm="testrealm@host.com", ' +
      'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", ' +
      'opaque="5ccc069c403ebaf9f0171e9517f40e41"',
  );
  assertEquals(params.response, '"1949323746fe6a43ef61f9606e7febea"');
  assertEquals(Object.keys(params), [
    ...["username", "realm", "uri", "nonce", "response", "opaque"],
  ]);
});

for (const algorithm of ALGORITHMS) {
  test(`HttpAuthDigest answers ${algorithm} with every protection as a server expects`, () => {
    const body = toBytes("\x00\xffbody");
    const request = { method: "POST", target: '/a?b="c\\', body };
    for (const qop of ["", ', qop="auth"', ', qop="AUTH-INT"', ', qop=""']) {
      const auth = mufasa();
      const challenge =
        `Digest nonce="a\\"b\\\\", realm="r\\"\xe4", algorithm=${algorithm}${qop}`;
      for (const cnonce of ['x"\\', "y"]) {
        const params = answer(auth, challenge, request, cnonce);
        assertEquals(
          params.response,
          expected(params, { method: "POST", body }),
        );
        assertEquals(unquote(params.nonce), 'a"b\\');
        assertEquals(unquote(params.uri), request.target);
        assertEquals(params.algorithm, algorithm);
        // What the server proves about the response, in turn.
        auth.learn(rspauth(params, { body }), { body });
        const other = toBytes("another body");
        const wrong = rspauth(params, { body: other, password: "other" });
        assertNotVerified(() => auth.learn(wrong, { body: other }));
      }
    }
  });
}

test("HttpAuthDigest prefers auth, and takes auth-int only if there is nothing else", () => {
  for (
    const [offered, chosen] of [
      ["auth", "auth"],
      ["auth-int", "auth-int"],
      ["auth-int,auth", "auth"],
      ["token, auth-int ,,", "auth-int"],
      ["x,AUTH", "auth"],
    ] as const
  ) {
    const params = answer(mufasa(), `Digest nonce=n, qop="${offered}"`);
    assertEquals(params.qop, chosen);
    assertEquals(params.response, expected(params));
  }
});

// RFC 7616 §3.4.
test("HttpAuthDigest quotes exactly what RFC 7616 says, even if the server did not", () => {
  const params = answer(
    mufasa(),
    'Digest realm=r, nonce=n, opaque=o, algorithm="sha-256", qop=auth, userhash="TRUE"',
  );
  const { response, username, ...rest } = params;
  assertMatch(response!, /^"[0-9a-f]{64}"$/);
  assertMatch(username!, /^"[0-9a-f]{64}"$/);
  assertEquals(rest, {
    realm: '"r"',
    nonce: '"n"',
    opaque: '"o"',
    uri: '"/dir/index.html"',
    cnonce: `"${CNONCE}"`,
    algorithm: "sha-256",
    qop: "auth",
    nc: "00000001",
    userhash: "true",
  });
});

test("HttpAuthDigest sends a username in the form that the server can read", () => {
  const decomposed = "Ja\u0308s*n(D')";
  const raw = toText(new TextEncoder().encode(decomposed));
  for (
    const [params, name, value] of [
      // Only MD5 without a charset may be RFC 2617, which has no username*.
      ["", "username", `"${raw}"`],
      ["algorithm=MD5-sess", "username", `"${raw}"`],
      ["algorithm=SHA-256", "username*", "UTF-8''Ja%CC%88s%2An%28D%27%29"],
      ['charset="utf-8"', "username*", "UTF-8''J%C3%A4s%2An%28D%27%29"],
      ["charset=latin1", "username", `"${raw}"`],
    ] as const
  ) {
    const auth = new HttpAuthDigest(decomposed, decomposed);
    const sent = answer(auth, `Digest realm=r, nonce=n, qop=auth, ${params}`);
    assertEquals(sent[name], value, params);
    // RFC 7616 §4: with a charset, NFC is hashed as well.
    const text = params.includes("utf-8") ? decomposed.normalize() : decomposed;
    const known = { username: text, password: text };
    assertEquals(sent.response, expected(sent, known), params);
  }
  const quoted = answer(new HttpAuthDigest('a"b\\c:d', ""), "Digest nonce=n");
  assertEquals(quoted.username, '"a\\"b\\\\c:d"');
  assertEquals(
    quoted.response,
    expected(quoted, { username: 'a"b\\c:d', password: "" }),
  );
});

test("HttpAuthDigest uses 20 counts for 20 concurrent answers to one nonce", () => {
  const auth = mufasa();
  const counts = Array.from({ length: 20 }, (_, i) => {
    // Several challenges may share a nonce, and the count is the nonce's.
    const algorithm = ["MD5", "SHA-256", "MD5-sess"][i % 3];
    const challenge =
      `Digest realm=r, nonce=n, qop=auth, algorithm=${algorithm}`;
    return answer(auth, challenge).nc;
  });
  const all = counts.map((_, i) => (i + 1).toString(16).padStart(8, "0"));
  assertEquals(counts, all);
  assertEquals(answer(auth, "Digest realm=r, nonce=m, qop=auth").nc, all[0]);
  assertEquals(
    answer(auth, "Digest realm=r, nonce=n, qop=auth").nc,
    "00000015",
  );
});

test("HttpAuthDigest keeps the key of a -sess session for all its answers", () => {
  const auth = mufasa();
  const challenge = "Digest realm=r, nonce=n, qop=auth, algorithm=SHA-256-sess";
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
  const stale = `${challenge.replace("=n", "=m")}, stale=true`;
  const fourth = answer(auth, stale, GET, "four");
  assertEquals(fourth.cnonce, '"four"');
  assertEquals(fourth.response, expected(fourth));
});

test("HttpAuthDigest.learn goes on with nextnonce, and never repeats a count", () => {
  const auth = mufasa();
  const challenge = "Digest realm=r, nonce=a, qop=auth";
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

test("HttpAuthDigest.learn gives nextnonce to the session whose answer it names", () => {
  const auth = mufasa();
  const first = answer(auth, "Digest realm=r, nonce=a, qop=auth", GET, "one");
  answer(auth, "Digest realm=r, nonce=b, qop=auth", GET, "two");
  auth.learn(`nextnonce=c, nc=${first.nc}, cnonce=${first.cnonce}`);
  auth.learn("nextnonce=d, nc=00000009, cnonce=one");
  const nonceAfter = (nonce: string) =>
    answer(auth, `Digest realm=r, nonce=${nonce}, qop=auth`).nonce;
  assertEquals([nonceAfter("a"), nonceAfter("b")], ['"c"', '"b"']);
});

test("HttpAuthDigest.learn accepts the rspauth of each of its concurrent answers", () => {
  const auth = mufasa();
  const challenge = "Digest realm=r, nonce=n, qop=auth";
  const sent = Array.from(
    { length: 20 },
    (_, i) =>
      answer(auth, challenge, { method: "GET", target: `/${i}` }, `c${i}`),
  );
  for (const params of sent.toReversed()) {
    auth.learn(rspauth(params));
    // In any case, with nc and cnonce in any form.
    auth.learn(
      rspauth(params).replaceAll(/[0-9a-f]{32}/g, (hex) => hex.toUpperCase()),
    );
  }
  auth.learn(`rspauth=${expected(sent[3]!, { method: "" })}`);
});

for (
  const [what, change] of [
    ["is for another password", () => ({ password: "other" })],
    ["is for another request", () => ({ uri: '"/other"' })],
    ["is the response", () => ({ method: "GET" })],
    ["is for another nonce", () => ({ nonce: '"other"' })],
    ["belongs to another count", () => ({ nc: "00000002" })],
    ["belongs to another cnonce", () => ({ cnonce: '"other"' })],
  ] as const
) {
  test(`HttpAuthDigest.learn throws InvalidAuthenticationInfo if rspauth ${what}`, () => {
    const auth = mufasa();
    const params = answer(auth, "Digest realm=r, nonce=n, qop=auth");
    const { password, method, ...changed } = change() as Partial<
      Record<string, string>
    >;
    const info = rspauth({ ...params, ...changed } as RawParams, {
      ...(password && { password }),
      ...(method && { method }),
    });
    assertNotVerified(() => auth.learn(`${info}, nextnonce="new"`));
    // Nothing was learned from it.
    const next = answer(auth, "Digest realm=r, nonce=n, qop=auth");
    assertEquals([next.nonce, next.nc], ['"n"', "00000002"]);
  });
}

test("HttpAuthDigest.learn checks rspauth of auth-int only with the body", () => {
  const auth = mufasa();
  const params = answer(auth, "Digest realm=r, nonce=n, qop=auth-int");
  const body = toBytes("response");
  const info = rspauth(params, { body });
  auth.learn(info);
  auth.learn(info, { body });
  assertNotVerified(() => auth.learn(info, { body: toBytes("") }));
  // The server may protect the response in another way than the request was.
  auth.learn(rspauth({ ...params, qop: "auth" }));
});

test("HttpAuthDigest.learn throws for an rspauth that nobody asked for", () => {
  assertNotVerified(() => mufasa().learn(`rspauth="${"0".repeat(32)}"`));
});

test("HttpAuthDigest.supports tells which challenges answer accepts", () => {
  for (
    const [value, reason] of [
      ["Digest nonce=n", null],
      ['Digest nonce="", realm="", qop="x,auth", algorithm=md5', null],
      ["Basic realm=r, nonce=n", 'its scheme is "basic"'],
      ["Digest realm=r", "it has no nonce"],
      ["Digest abc==", "it has no nonce"],
      [
        "Digest nonce=n, algorithm=SHA-512",
        'its algorithm "sha-512" is unknown',
      ],
      ["Digest nonce=n, algorithm=-sess", 'its algorithm "-sess" is unknown'],
      [
        'Digest nonce=n, qop="x, y"',
        "it offers no known quality of protection",
      ],
    ] as const
  ) {
    const challenge = parse(value);
    assertEquals(HttpAuthDigest.supports(challenge), reason === null, value);
    if (reason === null) answer(mufasa(), value);
    else {
      const message = `Cannot answer the challenge: ${reason}`;
      assertThrows(() => answer(mufasa(), value), TypeError, message);
    }
  }
});

test("HttpAuthDigest throws a TypeError for what no field can carry", () => {
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

test("HttpAuthDigest remembers a bounded number of nonces and answers", () => {
  const auth = mufasa();
  const first = answer(auth, "Digest realm=r, nonce=first, qop=auth");
  for (let i = 0; i < 2000; i++) {
    answer(auth, `Digest realm=r, nonce=n${i}, qop=auth`);
    auth.learn(`nextnonce="next${i}"`);
  }
  // The first one is forgotten, as its count shows, and so is its answer.
  assertNotVerified(() => auth.learn(rspauth(first)));
  const again = answer(auth, "Digest realm=r, nonce=first, qop=auth");
  assertEquals(again.nc, "00000001");
  // One that is in use is not.
  for (let i = 0; i < 300; i++) {
    answer(auth, `Digest realm=r, nonce=m${i}, qop=auth`);
    answer(auth, "Digest realm=r, nonce=first, qop=auth");
  }
  assertEquals(
    answer(auth, "Digest realm=r, nonce=first, qop=auth").nc,
    "0000012e",
  );
});

{
  const word = fc.constantFrom(
    ...['"', "\\", ",", "=", " ", "Digest", "nonce", "realm", "qop", "auth"],
    ...[
      "algorithm",
      "SHA-256",
      "-sess",
      "rspauth",
      "nextnonce",
      "nc",
      "cnonce",
    ],
    ...["\x00", "\xff", "\u4e2d", "00000001", "auth-int", "MD5"],
  );
  const text = fc.array(fc.oneof(word, fc.string()), { maxLength: 30 }).map(
    (words) => words.join(""),
  );
  property(
    "HttpAuthDigest survives challenges and infos of any text",
    500,
    fc.tuple(text, text),
    ([value, info]) => {
      const auth = mufasa();
      const challenges = HttpChallenge.parseAll(`Digest nonce=n, ${value}`);
      for (const challenge of challenges.filter(HttpAuthDigest.supports)) {
        const cnonce = "c";
        const params = parseRaw(auth.answer(challenge, GET, { cnonce }));
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
}

test("HttpAuthDigest shows the username and not the password", () => {
  const auth = mufasa();
  answer(auth, "Digest realm=r, nonce=n, qop=auth");
  assert(auth.password instanceof Secret);
  assertEquals(
    Deno.inspect(auth),
    'HttpAuthDigest { username: "Mufasa", password: [redacted] }',
  );
  assertStringIncludes(JSON.stringify(auth), '"[redacted]"');
});
