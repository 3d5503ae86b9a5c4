// Libraries without I/O, over replies in memory.

import type { HttpCoroutine } from "@pimalaya/io-http";
import { toBytes, toText } from "../_text.ts";

/**
 * Runs a coroutine over replies, then the end of file, up to its first step that is
 * not I/O. Returns its output, and that step.
 */
export function overMemory<Step extends { readonly type: string }>(
  coroutine: HttpCoroutine<Step>,
  ...replies: string[]
): { written: string; step: Step } {
  let written = "";
  let step = coroutine.resume();
  while (step.type === "WantsRead" || step.type === "WantsWrite") {
    if ("bytes" in step) {
      written += toText(step.bytes as Uint8Array);
      step = coroutine.resume();
    } else {
      const text = replies.shift();
      step = coroutine.resume(text === undefined ? null : toBytes(text));
    }
  }
  return { written, step };
}

/** Formats a response. */
export function reply(status: string, body = "", fields = ""): string {
  const length = `Content-Length: ${body.length}\r\n`;
  return `HTTP/1.1 ${status}\r\n${fields}${length}\r\n${body}`;
}
