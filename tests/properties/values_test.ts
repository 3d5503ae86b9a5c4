// The parsers of field values around authentication.

import { fc } from "../_fast_check.ts";
import { HttpAuthBasic, HttpAuthBearer, HttpChallenge } from "../../mod.ts";
import { equal } from "../_sweep.ts";
import { AUTH } from "../_vectors.ts";
import { mutated, oneOf } from "./_mutations.ts";
import { checkMessage, must, orTypeError, property } from "./_property.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TOKEN68 = /^[A-Za-z0-9\-._~+/]+=*$/;
const FIELD_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;
// Shorter ones occur in a message by chance.
const MIN_SECRET = 6;

const CHALLENGE_WORDS =
  (',| |\t|=|==|"|\\|\\"|\\\\|a=b|a="b"|,b=c|realm="|Basic |Digest |' +
    'Bearer error="invalid_token"|Negotiate YII=|NTLM|, ,|/|;|\0|\x7f|\xff|' +
    "\u0100|\u2028").split("|");
const CREDENTIAL_WORDS =
  ("Basic |basic\t|Bearer |BEARER  | |\t|=|==|===|:|QQ|Og==|QTpi|QTpiOmM=|/|" +
    "+|-|_|~|.|\0|\n|\xff|\u0100|\ud800|77u/|4oKs|wyg=|7aCA").split("|");

const credentials = mutated(
  oneOf(
    AUTH.flatMap((vector) =>
      "parseBasic" in vector
        ? [vector.parseBasic]
        : "parseBearer" in vector
        ? [vector.parseBearer]
        : []
    ),
  ),
  CREDENTIAL_WORDS,
);

property(
  "HttpChallenge.parseAll returns valid challenges, which read the same again",
  600,
  mutated(
    oneOf(
      AUTH.flatMap((vector) =>
        "challenges" in vector ? [vector.challenges] : []
      ),
    ),
    CHALLENGE_WORDS,
  ),
  (value) => {
    const challenges = HttpChallenge.parseAll(value);
    for (const challenge of challenges) checkChallenge(challenge);
    const written = challenges.map(write).join(", ");
    const again = HttpChallenge.parseAll(written);
    equal("read again", again.map(partsOf), challenges.map(partsOf));
  },
);

parser(
  "Basic",
  (value) => HttpAuthBasic.fromAuthorization(value),
  ({ username, password }) => [username, password.expose()],
);

parser(
  "Bearer",
  (value) => HttpAuthBearer.fromAuthorization(value),
  ({ token }) => [token.expose()],
);

function checkChallenge({ scheme, token68, params }: HttpChallenge): void {
  const isName = (text: string) =>
    TOKEN.test(text) && text === text.toLowerCase();
  must(isName(scheme), `The scheme is ${scheme}`);
  if (token68 !== null) {
    must(params.size === 0, "There are parameters besides a token68");
    must(TOKEN68.test(token68), `The token68 is ${token68}`);
  }
  for (const [name, text] of params) {
    must(isName(name), `The name of a parameter is ${name}`);
    must(FIELD_TEXT.test(text), `A parameter is ${text}`);
  }
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

function parser<T extends { toAuthorization(): string }>(
  scheme: string,
  parse: (value: string) => T,
  read: (parsed: T) => string[],
): void {
  property(
    `${scheme} credentials are a silent TypeError, or read the same again`,
    300,
    fc.oneof(credentials, fc.string({ unit: "binary" })),
    (value) => {
      const parsed = orTypeError(() => parse(value));
      if (parsed instanceof TypeError) {
        checkMessage(parsed.message);
        checkSilent(parsed.message, value);
        return;
      }
      const written = parsed.toAuthorization();
      must(written.startsWith(`${scheme} `), "It has another scheme");
      equal("read again", read(parse(written)), read(parsed));
      // Only one base64 text reads the same, so no other is accepted.
      equal("written again", written.split(" ")[1], value.split(/ +/)[1]);
    },
  );
}

/** Checks that a message repeats nothing of a value. */
function checkSilent(message: string, value: string): void {
  for (let at = 0; at + MIN_SECRET <= value.length; at++) {
    const part = value.slice(at, at + MIN_SECRET);
    // Words of the message may be in the value by chance.
    if (/^[a-z4678 -]*$/i.test(part)) continue;
    must(!message.includes(part), `The message repeats ${part}`);
  }
}
