// Helpers of the tests of pure folders.

/** Registers a test that may do no I/O: opening a socket makes it fail. */
export function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

/** The end of file, as it may be passed at any time. */
export function endOfFile(): null {
  return null;
}

/** Transfers the buffer of an array, as byte streams do with their chunks. */
export function transfer(array: Uint8Array): void {
  const buffer = array.buffer as ArrayBuffer;
  structuredClone(buffer, { transfer: [buffer] });
}
