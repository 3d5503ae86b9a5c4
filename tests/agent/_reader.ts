// Reads text from the far end of a connection, one char per byte.

import { toText } from "../_text.ts";

/** Text that arrives in pieces. */
export class TextReader {
  readonly #read: () => Promise<Uint8Array | null>;
  #text = "";

  /** @param read Returns the next piece, `null` at the end. */
  constructor(read: () => Promise<Uint8Array | null>) {
    this.#read = read;
  }

  /** Reads up to the end of a text. */
  async until(mark: string): Promise<string> {
    while (!this.#text.includes(mark)) await this.#need();
    return this.take(this.#text.indexOf(mark) + mark.length);
  }

  /** Reads a number of bytes. */
  async take(length: number): Promise<string> {
    while (this.#text.length < length) await this.#need();
    const taken = this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
    return taken;
  }

  /** Reads up to the end of file. */
  async toEnd(): Promise<string> {
    while (await this.#more());
    return this.#text;
  }

  async #need(): Promise<void> {
    if (!await this.#more()) throw new Error(`It ended after "${this.#text}"`);
  }

  async #more(): Promise<boolean> {
    const piece = await this.#read();
    this.#text += piece === null ? "" : toText(piece);
    return piece !== null;
  }
}
