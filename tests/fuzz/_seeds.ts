// Inputs to start from, and words to put into them: those of the vectors, and
// for responses those of the generators of the properties as well.

import fc from "fast-check";
import {
  FRAGMENTS,
  nearlyChunked,
  nearlyResponse,
} from "../properties/_generators.ts";
import { CASES } from "../sse/_cases.ts";
import { bytesOf } from "../sse/_streams.ts";
import { toText } from "../_text.ts";
import { AUTH, CHUNKED, expand, RESPONSES } from "../_vectors.ts";

// Vectors of limits are long, and slow to run in every cut.
const MAX_SEED_LENGTH = 2048;
const CHUNKED_HEAD = "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n";
const GENERATED = { seed: 9100, numRuns: 200 };

function short(inputs: readonly string[]): string[] {
  return inputs.filter(({ length }) => length <= MAX_SEED_LENGTH);
}

/** Whole responses, valid or not. */
export const RESPONSE_SEEDS: readonly string[] = short([
  ...Object.values(RESPONSES).flat().map(({ wire }) => expand(wire)),
  ...CHUNKED.map(({ wire }) => CHUNKED_HEAD + expand(wire)),
  ...fc.sample(nearlyResponse, GENERATED),
]);

/** Chunked bodies, valid or not. */
export const CHUNKED_SEEDS: readonly string[] = short([
  ...CHUNKED.map(({ wire }) => expand(wire)),
  ...fc.sample(nearlyChunked, GENERATED),
]);

/** What responses are made of. */
export const RESPONSE_WORDS: readonly string[] = [
  ...FRAGMENTS,
  "HTTP/1.",
  "HTTP/1.1 200\n\n",
  "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
  "HTTP/1.1 303 See Other\r\n",
  "Connection: keep-alive, close\r\n",
  "Transfer-Encoding: ,\r\n",
  "Trailer: A\r\n",
  "Set-Cookie: a=secret\r\n",
  "www-authenticate: Basic realm=x\r\n",
  "A: 1\r\n",
  "A:\r\n",
  " \r\n",
  "\t x\n",
  ';a="b;\\"c"',
  "000000000000000a",
  "1fffffffffffff",
];

/** Event streams, one char for each byte. */
export const EVENT_SEEDS: readonly string[] = short(
  CASES.map(({ stream }) => toText(bytesOf(stream))),
);

/** What event streams are made of. */
export const EVENT_WORDS: readonly string[] =
  ("data|event|id|retry|: |:|\n|\r|\r\n|\n\n|\r\r|\0|1|0|x\n|data: x\n\n|" +
    "id: 1\n|event: e\n|retry: 10\n|: comment\n|\xef\xbb\xbf|\xc3\xa9|\xc3|" +
    "\xe2\x82|\xf0\x9f\x98\x80|\xed\xa0\x80|\x80|\xff").split("|");

/** Challenges, as field values. */
export const CHALLENGE_SEEDS: readonly string[] = AUTH.flatMap((vector) =>
  "challenges" in vector ? [vector.challenges] : []
);

/** What challenges are made of. */
export const CHALLENGE_WORDS: readonly string[] =
  ('|,| |\t|=|==|"|\\|\\"|\\\\|a=b|a="b"|,b=c|realm="|Basic |Digest |' +
    'Bearer error="invalid_token"|Negotiate YII=|NTLM|, ,|/|;|\0|\x7f|\xff|' +
    "\u0100|\u2028").split("|").slice(1);

/** Credentials, as field values. */
export const CREDENTIAL_SEEDS: readonly string[] = AUTH.flatMap((vector) =>
  "parseBasic" in vector
    ? [vector.parseBasic]
    : "parseBearer" in vector
    ? [vector.parseBearer]
    : []
);

/** What credentials are made of. */
export const CREDENTIAL_WORDS: readonly string[] = [
  ..."Basic |basic\t|Bearer |BEARER  | |\t|=|==|===|:|QQ|Og==|QTpi|QTpiOmM="
    .split(
      "|",
    ),
  ..."/|+|-|_|~|.|\0|\n|\xff|\u0100|\ud800|77u/|4oKs|wyg=|7aCA".split("|"),
];
