// Checks that streaming takes constant memory: `exchange` downloads and uploads 1 GiB,
// each in its own process, which must not grow by 64 MiB.
//
// The download has a BYOB reader, whose buffer is reused. A default reader gets a new
// array for each piece, and the JavaScript engine collects them only when some 64 MiB
// have piled up, with any client: that figure is shown next to the one of a bare
// default reader, over the socket itself.
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

/** Moves one body. Returns whether the process stayed below the limit. */
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
