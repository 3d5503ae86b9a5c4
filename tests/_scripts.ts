// Tests as scripts:
//
//   does what its name says [word, word]
//     event > what follows from it; event > what follows from that
//     3x event > what follows from it each time
//
// The words stand for options, of which each file has its own.

/** One test. */
export interface Script {
  readonly name: string;
  readonly words: readonly string[];
  /** The events, each with what follows from it. */
  readonly lines: readonly string[];
}

/** Parses scripts: a line that is not indented starts one. */
export function parseScripts(text: string): Script[] {
  const scripts: (Script & { lines: string[] })[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    if (line.startsWith(" ")) {
      for (const part of line.split(";")) {
        const [, times = "1", rest] = /^(?:(\d+)x )?(.*)$/.exec(part.trim())!;
        const lines = Array<string>(Number(times)).fill(rest!);
        scripts.at(-1)!.lines.push(...lines);
      }
    } else {
      const [, name, words] = /^(.*?)(?: \[(.*)\])?$/.exec(line)!;
      const list = words?.split(", ") ?? [];
      scripts.push({ name: name!, words: list, lines: [] });
    }
  }
  return scripts;
}

/** Looks up the options of words. */
export function optionsOf<Options>(
  words: readonly string[],
  options: Readonly<Record<string, Options>>,
): Partial<Options> {
  for (const word of words) {
    if (!(word in options)) throw new Error(`Unknown word: ${word}`);
  }
  return Object.assign({}, ...words.map((word) => options[word]));
}
