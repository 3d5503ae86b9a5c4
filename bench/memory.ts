// Checks that streaming takes constant memory: a body of 1 GiB goes down and up
// through `exchange`, each in a process of its own that must not grow by 64 MiB.
//
// Down, that is with a BYOB reader, whose buffer goes round. A default reader
// gets a new array for each piece, and the engine lets some 64 MiB of those pile
// up before it collects them, whoever made them: that figure is shown beside the
// one of a bare default reader, over the socket itself.
//
//   deno task bench:memory

import { runScript } from "./_group.ts";
import type { Growth } from "./_memory_child.ts";
import { formatMib } from "./_process_memory.ts";
import { startCannedServer } from "./_servers.ts";

const BODY_BYTES = 2 ** 30;
const MAX_GROWTH_BYTES = 64 * 2 ** 20;
const CHILD = new URL("./_memory_child.ts", import.meta.url);

if (import.meta.main) {
  await using server = await startCannedServer();
  const down = await check("Download, BYOB reader", "down", server.origin);
  const up = await check("Upload", "up", server.origin);
  await check("Download, default reader", "down-default", server.origin);
  await check("The same from a bare socket", "down-bare", server.origin);
  if (!down || !up) Deno.exitCode = 1;
}

/** Moves one body, and tells whether the process stayed below the limit. */
async function check(
  what: string,
  direction: string,
  origin: string,
): Promise<boolean> {
  const output = await runScript(CHILD, [
    direction,
    origin,
    String(BODY_BYTES),
  ]);
  const { before, growth, seconds } = JSON.parse(output) as Growth;
  const isBounded = growth < MAX_GROWTH_BYTES;
  console.log(
    `${what} of ${formatMib(BODY_BYTES)} in ${seconds.toFixed(2)} s: ` +
      `${formatMib(before)} before, at most ${formatMib(growth)} more, ` +
      `${formatMib(MAX_GROWTH_BYTES)} allowed: ${isBounded ? "met" : "MISSED"}`,
  );
  return isBounded;
}
