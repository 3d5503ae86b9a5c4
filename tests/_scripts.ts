// Tests of pure machines as data. A script is a list of events, each with its outcome:
//
//   {"name": ..., "rule": ..., "options": {...}, "script": ["EVENT > OUTCOME"]}
//
// The rule is a section of docs/policies.md. Options that are functions have words,
// which each file knows. `3x EVENT > OUTCOME` is one line for three events.

import { assert, assertEquals } from "@std/assert";
import { test } from "./_pure.ts";

/** One test. */
export interface Script {
  readonly name: string;
  readonly rule: string;
  /** The request of a call, and its cookies. */
  readonly request?: { readonly url?: string; readonly headers?: object };
  readonly cookies?: readonly string[];
  readonly options?: object;
  readonly words?: readonly string[];
  readonly script: readonly string[];
}

const KEYS = [
  ...["name", "rule", "request", "cookies", "options", "words", "script"],
];

/** Plays scripts. */
export interface Player<Options> {
  /** The subject of the tests' names. */
  readonly subject: string;
  /** The meanings of the words. */
  readonly words?: Readonly<Record<string, Options>>;
  /** Starts a script. Returns a function that plays an event and shows its outcome. */
  start(options: Options, script: Script): (event: string) => string;
}

/** Registers scripts as tests. */
export function testScripts<Options extends object>(
  scripts: readonly Script[],
  { subject, words = {}, start }: Player<Options>,
): void {
  for (const script of scripts) {
    test(`${script.rule}: ${subject} ${script.name}`, () => {
      // A misspelled key would have no effect.
      for (const key of Object.keys(script)) assert(KEYS.includes(key), key);
      const known = (script.words ?? []).map((word) => {
        if (!(word in words)) throw new Error(`Unknown word: ${word}`);
        return words[word];
      });
      const play = start(Object.assign({}, script.options, ...known), script);
      for (const line of script.script) {
        const [, times = "1", event, outcome] = /^(?:(\d+)x )?(.*) >(?: (.*))?$/
          .exec(line)!;
        for (let i = 0; i < Number(times); i++) {
          assertEquals(play(event!), outcome ?? "", `After "${event}"`);
        }
      }
    });
  }
}
