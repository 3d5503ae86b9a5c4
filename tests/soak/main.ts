// Calls a server that misbehaves at random, as fast as possible. Checks that every call
// settles in one of the ways that its plan allows, that the server's counts agree, and
// that no memory or connection is left behind.
//
//   deno task soak                   60 s on Deno and 30 s on Node 24
//   deno task soak 600               600 s on each
//   deno task soak 60 --seed 7       the calls of the seed 7 again
//   deno task soak 60 --node         on Node 24 only; or --deno

import { fileURLToPath } from "node:url";
import { parseTimedArgs } from "../matrix/args.ts";
import { bundle, Child, findProgram } from "../matrix/programs.ts";
import type { Report } from "./run.ts";

if (import.meta.main) Deno.exit(await main(Deno.args) ? 0 : 1);

async function main(args: readonly string[]): Promise<boolean> {
  const parsed = parseTimedArgs(args, ["--deno", "--node"]);
  if (parsed === null) {
    console.error("Usage: deno task soak [seconds] [--seed number] [--deno]");
    return false;
  }
  const { seed, flags } = parsed;
  const deno = ["run", "-A", "--no-config", "--v8-flags=--expose-gc"];
  const runtimes = [
    ["Deno", "--deno", Deno.execPath(), deno, 60],
    ["Node 24", "--node", "node24/bin/node", ["--expose-gc"], 30],
  ] as const;
  const script = await Deno.makeTempFile({ suffix: ".mjs" });
  let isOk = true;
  try {
    await bundle(new URL("./run.ts", import.meta.url), script);
    for (const [name, flag, path, own, usual] of runtimes) {
      if (flags.length > 0 && !flags.includes(flag)) continue;
      const program = await findProgram(path);
      const seconds = parsed.seconds ?? usual;
      if (program === null) {
        console.log(`${name} is not installed`);
        isOk &&= Deno.env.get("CI") !== "true";
        continue;
      }
      console.log(`${name}, for ${seconds} s with --seed ${seed}`);
      const command = [program, ...own, script];
      isOk = await soak(command, seconds, seed) && isOk;
    }
  } finally {
    await Deno.remove(script);
  }
  return isOk;
}

/** Runs the callers on one runtime; returns whether nothing was wrong. */
async function soak(
  [program, ...args]: string[],
  seconds: number,
  seed: number,
): Promise<boolean> {
  const node = await findProgram("node", "node24/bin/node");
  if (node === null) throw new Error("The server needs Node");
  const file = fileURLToPath(new URL("./server.mjs", import.meta.url));
  const { child, printed: { ports } } = await Child.printing<
    { ports: number[] }
  >(node, [file]);
  await using _ = child;
  const ca = fileURLToPath(new URL("../certs/ca.pem", import.meta.url));
  const progress = showProgress(seconds);
  const { success, stdout, stderr } = await new Deno.Command(program!, {
    args: [...args, ...ports.map(String), `${seconds}`, `${seed}`],
    env: { DENO_CERT: ca, NODE_EXTRA_CA_CERTS: ca },
    stdin: "null",
    signal: AbortSignal.timeout(1000 * seconds + 120_000),
  }).output();
  clearInterval(progress);
  const text = new TextDecoder().decode(stdout);
  const line = text.match(/^\{"calls".*$/m)?.[0];
  if (!success || line === undefined) {
    console.error(`It failed: ${text}${new TextDecoder().decode(stderr)}`);
    return false;
  }
  const { calls, dropped, outcomes, growth, faults }: Report = JSON.parse(line);
  const list = Object.entries(outcomes).sort(([, a], [, b]) => b - a)
    .map(([outcome, count]) => `${count} ${outcome}`);
  console.log(`${calls} calls, ${dropped} dropped unread: ${list.join(", ")}`);
  console.log(`The heap grew by ${(growth / 1e6).toFixed(1)} MB`);
  for (const fault of faults) console.error(fault);
  return faults.length === 0;
}

function showProgress(seconds: number) {
  if (!Deno.stdout.isTerminal()) return undefined;
  const started = performance.now();
  return setInterval(() => {
    const passed = ((performance.now() - started) / 1000).toFixed(0);
    const text = `\r${passed} of ${seconds} s\r`;
    Deno.stdout.writeSync(new TextEncoder().encode(text));
  }, 1000);
}
