// llhttp as undici ships it: Node's own parser, compiled to WebAssembly. It
// reports the places of a message's parts in its memory through callbacks.

import wasm from "undici/lib/llhttp/llhttp_simd-wasm.js";

const TYPE_RESPONSE = 2;
const OK = 0;
const CAPACITY = 65536;

/** Receives the parts; offsets are into {@linkcode Llhttp.memory}. */
export interface LlhttpHandler {
  /** The reason phrase, a field name or a field value, in order. */
  onText(start: number, end: number): void;
  /** Some of the body. */
  onBody(start: number, end: number): void;
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize?(): void;
  malloc(length: number): number;
  llhttp_alloc(type: number): number;
  llhttp_execute(parser: number, start: number, length: number): number;
}

/** One parser, which reads one response after the other. */
export class Llhttp {
  /** The parser's memory, into which the input is copied. */
  readonly memory: Uint8Array<ArrayBuffer>;
  /** The offset of the input in it. */
  readonly inputStart: number;
  /** How many messages were read to their end. */
  messages = 0;
  readonly #exports: Exports;
  readonly #parser: number;
  readonly #input: Uint8Array;

  constructor(handler: LlhttpHandler) {
    const module = new WebAssembly.Module(wasm);
    const onText = (_parser: number, at: number, length: number) => {
      handler.onText(at, at + length);
      return OK;
    };
    const { exports } = new WebAssembly.Instance(module, {
      env: {
        wasm_on_url: () => OK,
        wasm_on_status: onText,
        wasm_on_message_begin: () => OK,
        wasm_on_header_field: onText,
        wasm_on_header_value: onText,
        wasm_on_headers_complete: () => OK,
        wasm_on_body: (_parser: number, at: number, length: number) => {
          handler.onBody(at, at + length);
          return OK;
        },
        wasm_on_message_complete: () => {
          this.messages++;
          return OK;
        },
      },
    });
    this.#exports = exports as unknown as Exports;
    this.#exports._initialize?.();
    this.#parser = this.#exports.llhttp_alloc(TYPE_RESPONSE);
    this.inputStart = this.#exports.malloc(CAPACITY);
    const memory = this.#exports.memory.buffer as ArrayBuffer;
    this.memory = new Uint8Array(memory);
    this.#input = new Uint8Array(memory, this.inputStart, CAPACITY);
  }

  /**
   * Parses input of at most 64 KiB.
   *
   * @throws {Error} If it is not HTTP.
   */
  execute(bytes: Uint8Array): void {
    this.#input.set(bytes);
    const code = this.#exports.llhttp_execute(
      this.#parser,
      this.inputStart,
      bytes.length,
    );
    if (code !== OK) throw new Error(`llhttp failed with code ${code}`);
  }
}
