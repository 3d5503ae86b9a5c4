// The arguments of tasks that run for a time, with a seed: `600 --seed 7`.

/** The parsed arguments. */
export interface TimedArgs {
  /** How long to run, or `null` for the default. */
  readonly seconds: number | null;
  readonly seed: number;
  /** Other options, such as `--node`. */
  readonly flags: readonly string[];
}

/** Parses the arguments; returns `null` if they are invalid. */
export function parseTimedArgs(
  args: readonly string[],
  known: readonly string[] = [],
  seed: number = Date.now() % 2 ** 31,
): TimedArgs | null {
  const rest = [...args];
  const at = rest.indexOf("--seed");
  const [, text = `${seed}`] = at < 0 ? [] : rest.splice(at, 2);
  const flags = rest.filter((arg) => arg.startsWith("--"));
  const [seconds = null, ...more] = rest.filter((arg) => !flags.includes(arg));
  const parsed = {
    seconds: seconds === null ? null : Number(seconds),
    seed: Number(text),
    flags,
  };
  const isValid = (parsed.seconds === null || parsed.seconds > 0) &&
    Number.isSafeInteger(parsed.seed) && more.length === 0 &&
    flags.every((flag) => known.includes(flag));
  return isValid ? parsed : null;
}
