// A line that shows the progress of a download, on a terminal.

const REDRAW_MILLISECONDS = 100;

/** Counts the bytes that pass through, and shows the count. */
export class ProgressLine extends TransformStream<Uint8Array, Uint8Array> {
  /** The number of bytes that have passed. */
  bytes = 0;
  readonly #total: number | null;
  readonly #start = performance.now();
  #drawn = 0;

  /** Takes the value of `Content-Length`, or `null` if it is unknown. */
  constructor(contentLength: string | null) {
    super({
      transform: (piece, controller) => {
        this.#count(piece.length);
        controller.enqueue(piece);
      },
      flush: () => this.#draw("\n"),
    });
    this.#total = contentLength === null ? null : Number(contentLength);
  }

  #count(length: number): void {
    this.bytes += length;
    const now = performance.now();
    if (now - this.#drawn < REDRAW_MILLISECONDS) return;
    this.#drawn = now;
    this.#draw("");
  }

  #draw(end: string): void {
    if (!Deno.stderr.isTerminal()) return;
    const seconds = (performance.now() - this.#start) / 1000;
    const rate = this.bytes / seconds;
    const parts = [inMegabytes(this.bytes), `${inMegabytes(rate)}/s`];
    if (this.#total !== null) {
      const percent = Math.floor(100 * this.bytes / (this.#total || 1));
      const left = Math.ceil((this.#total - this.bytes) / rate);
      parts.unshift(`${percent}%`.padStart(4));
      parts.push(`${left} s left`);
    }
    // Back to the start of the line, whose rest is erased.
    const line = `\r\x1b[K${parts.join("  ")}${end}`;
    Deno.stderr.writeSync(new TextEncoder().encode(line));
  }
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`.padStart(9);
}
