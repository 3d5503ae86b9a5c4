// docs/policies.md, "Credentials". The events of the scripts are
// those of `_calls.ts`, and:
//
//   call URL           another call with the same options
//   other URL          one whose credentials another function finds
//   asks A + B         a 401 with challenges
//   proxy asks A + B   a 407 with challenges
//   give X             the credentials that were asked for
//   uri                the target that a digest covers

import { assertEquals, assertNotEquals } from "@std/assert";
import { HttpAuthBasic, HttpAuthBearer, Secret } from "@pimalaya/io-http";
import {
  HttpCallMemory,
  type HttpCallOptions,
  type HttpCredential,
} from "@pimalaya/io-http/agent";
import { HttpAuthDigest } from "@pimalaya/io-http/auth/digest";
import { test } from "../_pure.ts";
import { testScripts } from "../_scripts.ts";
import scripts from "../vectors/call_credentials.json" with { type: "json" };
import { Driven, playEvent, show } from "./_calls.ts";

const HTTPS = "https://a.test/";
const HTTP = "http://a.test/";
const PASSWORD = { username: "u", password: "p" };

const CHALLENGES: Record<string, string> = {
  basic: 'Basic realm="r"',
  token: 'Bearer realm="r"',
  "invalid token": 'Bearer realm="r", error="invalid_token"',
};

/** `digest NONCE, MORE` is a challenge, too. */
function challengeOf(text: string): string {
  const [, nonce, more = ""] = /^digest (\w+)(.*)/.exec(text) ?? [];
  return nonce === undefined
    ? CHALLENGES[text]!
    : `Digest realm="r", nonce="${nonce}", qop="auth"${more}`;
}

function challenge(driven: Driven, challenges: string, proxy = false): Driven {
  const name = proxy ? "Proxy-Authenticate" : "WWW-Authenticate";
  const values = challenges === "" ? [] : challenges.split(" + ");
  const fields = values.map((text) => [name, challengeOf(text)] as const);
  return driven.respond(proxy ? 407 : 401, fields);
}

const CREDENTIALS: Record<string, HttpCredential | null> = {
  none: null,
  basic: new HttpAuthBasic("u", "p"),
  password: PASSWORD,
  another: { username: "u", password: new Secret("new") },
};

function credentialOf(name: string): HttpCredential | null {
  if (name === "digest") return new HttpAuthDigest("u", "p");
  const [, token] = /^token (\w+)/.exec(name) ?? [];
  return token === undefined ? CREDENTIALS[name]! : new HttpAuthBearer(token);
}

// A function is not run by the call, so any will do.
function asking(more: HttpCallOptions = {}): HttpCallOptions {
  return { credentials: () => null, memory: new HttpCallMemory(), ...more };
}

testScripts<HttpCallOptions>(scripts, {
  subject: "A call",
  start(more) {
    const options = asking(more);
    let driven: Driven | null = null;
    return (event) => {
      const [, verb, rest] = /^(proxy asks|\w+) ?(.*)/.exec(event)!;
      if (verb === "call") driven = new Driven(rest!, options);
      else if (verb === "other") {
        driven = new Driven(rest!, { ...options, credentials: () => null });
      } else if (verb === "asks") challenge(driven!, rest!);
      else if (verb === "proxy asks") challenge(driven!, rest!, true);
      else if (verb === "give") driven!.credentials(credentialOf(rest!));
      else if (verb === "uri") {
        const value = driven!.sent("authorization")!;
        return / uri="([^"]*)"/.exec(value)![1]!;
      } else return playEvent(driven!, event);
      return show(driven!.step);
    };
  },
});

test("Credentials: A call asks nobody without credentials", () => {
  const driven = challenge(new Driven(HTTPS), "basic");
  assertEquals(show(driven.step), "401 after 1");
});

test("Credentials: A call asks for the origin or the proxy, with its challenges", () => {
  const asked = (driven: Driven) => {
    if (driven.step.type !== "WantsCredentials") return show(driven.step);
    const { url, proxy, challenges, attempt } = driven.step.ask;
    const schemes = challenges.map(({ scheme }) => scheme);
    return [url.href, proxy, schemes, attempt];
  };
  const origin = challenge(new Driven(`${HTTPS}x?y`, asking()), "basic");
  assertEquals(asked(origin), [`${HTTPS}x?y`, false, ["basic"], 1]);
  const options = asking({ proxy: "http://p.test" });
  const proxy = challenge(new Driven(HTTP, options), "basic + token", true);
  assertEquals(asked(proxy), ["http://p.test/", true, ["basic", "bearer"], 1]);
});

test("Credentials: A call answers a challenge to a one-shot body that was not used", () => {
  const waiting = new Driven(HTTPS, asking({ replayable: false }))
    .respond(401, { "WWW-Authenticate": "Basic" }, { bodyUsed: false });
  assertEquals(show(waiting.step), "ask 1");
});

test("Credentials: Calls with one nonce use different counts, and one digest", () => {
  const options = asking();
  const calls = Array.from({ length: 20 }, () => new Driven(HTTPS, options));
  for (const call of calls) challenge(call, "digest 1");
  for (const call of calls) call.credentials(new HttpAuthDigest("u", "p"));
  const counts = calls.map((call) =>
    /nonce="1", nc=([0-9a-f]{8})/.exec(call.sent("authorization") ?? "")?.[1]
  );
  const expected = calls.map((_, i) => (i + 1).toString(16).padStart(8, "0"));
  assertEquals(counts, expected);
});

test("Credentials: A call takes random cnonces", () => {
  const cnonce = (random: () => number) => {
    const driven = challenge(new Driven(HTTPS, asking({ random })), "digest 1");
    const sent = driven.credentials(PASSWORD).sent("authorization")!;
    return /cnonce="([0-9a-f]{32})"/.exec(sent)?.[1];
  };
  let state = 0;
  const random = () => (state = (state + 0.618) % 1);
  assertNotEquals(cnonce(random), cnonce(random));
});

test("Credentials: A call uses the token that another call has refreshed", () => {
  const options = asking();
  const call = () => new Driven(HTTPS, options);
  challenge(call(), "token").credentials(new HttpAuthBearer("1"));
  const [first, second] = [call(), call()];
  challenge(first, "invalid token").credentials(new HttpAuthBearer("2"));
  challenge(second, "invalid token");
  assertEquals(show(second.step), "GET / as Bearer 2");
});

test("Credentials: A call fails with a 407 that nobody answers, and its response", () => {
  const driven = new Driven(HTTP, { proxy: "http://p.test" });
  const { step } = challenge(driven, "basic", true);
  assertEquals(step.type === "Err" && step.error.response?.status, 407);
});
