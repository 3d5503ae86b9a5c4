/**
 * What a client works over.
 *
 * @module
 */

/**
 * A connection as a pair of Web Streams: a `Deno.Conn`, a Cloudflare socket, a
 * pipe in memory.
 *
 * Byte streams are read with a BYOB reader, others with a default reader.
 */
export interface ByteStream {
  /** What the peer sends. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What is sent to the peer. */
  readonly writable: WritableStream<Uint8Array>;
}
