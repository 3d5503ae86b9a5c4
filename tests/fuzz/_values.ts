// The parsers of field values around authentication.

import { HttpAuthBasic, HttpAuthBearer, HttpChallenge } from "../../mod.ts";
import { equal } from "../_sweep.ts";
import {
  CHALLENGE_SEEDS,
  CHALLENGE_WORDS,
  CREDENTIAL_SEEDS,
  CREDENTIAL_WORDS,
} from "./_seeds.ts";
import { show } from "./_show.ts";
import { checkMessage, orTypeError, promise, type Target } from "./_target.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TOKEN68 = /^[A-Za-z0-9\-._~+/]+=*$/;
const FIELD_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;
// Shorter ones are found in a message by chance.
const MIN_SECRET = 6;

/** The targets that parse values. */
export const VALUES: readonly Target[] = [
  {
    name: "HttpChallenge.parseAll",
    seeds: CHALLENGE_SEEDS,
    words: CHALLENGE_WORDS,
    draw: () => ({
      run: runChallenges,
      show: (challenges) => {
        const parsed = HttpChallenge.parseAll(challenges).map(partsOf);
        const expect = { challenges: parsed };
        return show("auth", "RFC 9110 §11.6.1", { challenges, expect });
      },
    }),
  },
  credentials(
    "HttpAuthBasic.fromAuthorization",
    "Basic",
    (value) => HttpAuthBasic.fromAuthorization(value),
    ({ username, password }) => [username, password.expose()],
    (parseBasic) => show("auth", "RFC 7617 §2", { parseBasic, expect: {} }),
  ),
  credentials(
    "HttpAuthBearer.fromAuthorization",
    "Bearer",
    (value) => HttpAuthBearer.fromAuthorization(value),
    ({ token }) => [token.expose()],
    (parseBearer) => show("auth", "RFC 6750 §2.1", { parseBearer, expect: {} }),
  ),
];

function runChallenges(value: string): string {
  const challenges = HttpChallenge.parseAll(value);
  for (const { scheme, token68, params } of challenges) {
    promise(
      TOKEN.test(scheme) && scheme === scheme.toLowerCase(),
      `The scheme is ${scheme}`,
    );
    if (token68 !== null) {
      promise(params.size === 0, "There are parameters beside a token68");
      promise(TOKEN68.test(token68), `The token68 is ${token68}`);
    }
    for (const [name, text] of params) {
      promise(
        TOKEN.test(name) && name === name.toLowerCase(),
        `The name of a parameter is ${name}`,
      );
      promise(FIELD_TEXT.test(text), `A parameter is ${text}`);
    }
  }
  // What was read, written again, reads the same.
  const written = challenges.map(write).join(", ");
  const again = HttpChallenge.parseAll(written);
  equal("read again", again.map(partsOf), challenges.map(partsOf));
  for (const challenge of challenges) checkRedacted(challenge);
  return challenges.slice(0, 4).map(({ token68, params }) =>
    token68 === null ? Math.min(params.size, 3) : "token68"
  ).join(" ");
}

function partsOf({ scheme, token68, params }: HttpChallenge): object {
  return { scheme, token68, params: [...params] };
}

function write({ scheme, token68, params }: HttpChallenge): string {
  if (token68 !== null) return `${scheme} ${token68}`;
  const list = Array.from(
    params,
    ([name, text]) => `${name}="${text.replace(/["\\]/g, "\\$&")}"`,
  );
  return `${scheme} ${list.join(", ")}`;
}

function checkRedacted(challenge: HttpChallenge): void {
  const { scheme, token68, params } = challenge;
  const shown = JSON.stringify(challenge);
  const names = [scheme, ...params.keys()].join(" ");
  for (const secret of [token68 ?? "", ...params.values()]) {
    if (secret.length < MIN_SECRET || names.includes(secret)) continue;
    if ("[redacted]".includes(secret)) continue;
    promise(!shown.includes(secret), `A value is shown: ${shown}`);
  }
}

function credentials<T extends { toAuthorization(): string }>(
  name: string,
  scheme: string,
  parse: (value: string) => T,
  read: (parsed: T) => string[],
  showValue: (value: string) => ReturnType<typeof show>,
): Target {
  function run(value: string): string {
    const parsed = orTypeError(() => parse(value));
    if (parsed instanceof TypeError) {
      checkMessage(parsed.message);
      checkSilent(parsed.message, value);
      return parsed.message;
    }
    const written = parsed.toAuthorization();
    promise(written.startsWith(`${scheme} `), "It is written otherwise");
    equal("read again", read(parse(written)), read(parsed));
    // Base64 that reads the same is the same, so nothing else is accepted.
    equal("written again", written.split(" ")[1], value.split(/ +/)[1]);
    return scheme;
  }
  return {
    name,
    seeds: CREDENTIAL_SEEDS,
    words: CREDENTIAL_WORDS,
    draw: () => ({ run, show: showValue }),
  };
}

/** Checks that a message repeats nothing of a value. */
function checkSilent(message: string, value: string): void {
  for (let at = 0; at + MIN_SECRET <= value.length; at++) {
    const part = value.slice(at, at + MIN_SECRET);
    // Words of the message may stand in the value by chance.
    if (/^[a-z67 ]*$/i.test(part)) continue;
    promise(!message.includes(part), `The message repeats ${part}`);
  }
}
