// One turn of the runtime's event loop.

// Deno and browsers deliver what has arrived after one timer (or 64 immediates),
// Bun after two immediates, Node after one. A timer takes a millisecond on Node.
const immediate = "Deno" in globalThis
  ? undefined
  : (globalThis as { setImmediate?: (callback: () => void) => unknown })
    .setImmediate;

/** Waits until the runtime has delivered what a socket has received so far. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (immediate === undefined) setTimeout(resolve, 0);
    else immediate(() => immediate(resolve));
  });
}
