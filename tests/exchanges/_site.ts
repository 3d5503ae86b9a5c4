// The site of every server of these exchanges:
//
//   /hello            a sized body, with validators and ranges
//   /lines            a body that each server sends chunked, if it can
//   /large            100 MB
//   /moved            a redirect to /moved/, which is /hello
//   /private/hello    the same behind Basic authentication
//   /echo, /empty     the posted body, and a 204

/** The authentication realm. */
export const REALM = "interop tests";
/** The user. The password is UTF-8 on the wire (RFC 7617). */
export const USER = "reader";
export const PASSWORD = "p:äss wörd";

const encoder = new TextEncoder();

/** The content of `/hello`. */
export const HELLO = encoder.encode(
  "Hello from a server that we did not write\n",
);
/** The content of `/lines`. */
export const LINES = encoder.encode(
  Array.from({ length: 8000 }, (_, i) => `This is line ${i}\n`).join(""),
);

/** The length of `/large`. */
export const LARGE_BYTES = 100_000_000;
const PIECE_BYTES = 100_000;

// The period is a prime, so that no two pieces are the same.
const largeByteAt = (i: number) => i % 65521 * 31 >> 3 & 0xff;

/** Yields the content of `/large`; `../runtimes/origin.mjs` sends the same. */
export function* largePieces(): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < LARGE_BYTES; at += PIECE_BYTES) {
    const piece = new Uint8Array(PIECE_BYTES);
    for (let i = 0; i < PIECE_BYTES; i++) piece[i] = largeByteAt(at + i);
    yield piece;
  }
}

/** Checks each byte of `/large`, which says even more than a digest. */
export async function checkLarge(
  body: ReadableStream<Uint8Array>,
): Promise<void> {
  // Not every browser can iterate over a stream.
  const reader = body.getReader();
  let length = 0;
  while (true) {
    const { value, done } = await reader.read();
    if (done) break;
    for (let i = 0; i < value.length; i++, length++) {
      if (value[i] === largeByteAt(length)) continue;
      throw new Error(`Byte ${length} of the large body differs`);
    }
  }
  if (length !== LARGE_BYTES) throw new Error(`The body has ${length} bytes`);
}
