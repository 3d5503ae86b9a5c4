// What the tests of the pure folders share.

/** Registers a test that may do no I/O: a socket would make it fail. */
export function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

/** The end of file, as it may be passed at any time. */
export function endOfFile(): null {
  return null;
}

/** Takes the buffer of an array away, as a byte stream does with what it gets. */
export function transfer(array: Uint8Array): void {
  const buffer = array.buffer as ArrayBuffer;
  structuredClone(buffer, { transfer: [buffer] });
}
