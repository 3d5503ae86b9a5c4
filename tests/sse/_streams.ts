// Streams for the parser's tests, ways to feed them, and a plain reader of
// whole streams to compare the parser with.

import { SseParser, type SseParserOptions } from "@pimalaya/io-http/sse";

/** A step in short, as the tests compare it. */
export type Seen =
  | readonly [event: string, data: string, id: string]
  | { readonly retry: number }
  | { readonly error: string }
  | "Ok"
  | "Ok, incomplete";

/** A text as UTF-8; a char from U+DC80 to U+DCFF is the bare byte below it. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const parts = text.split(/([\udc80-\udcff])/u).map((part) =>
    /^[\udc80-\udcff]$/u.test(part)
      ? Uint8Array.of(part.charCodeAt(0) & 0xff)
      : new TextEncoder().encode(part)
  );
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** The char that {@linkcode bytesOf} turns into one byte. */
export function byte(value: number): string {
  return String.fromCharCode(0xdc00 | value);
}

/** Feeds pieces to a parser, each of them from a buffer that is then wiped. */
export function feed(
  parser: SseParser,
  pieces: Iterable<Uint8Array | null>,
): Seen[] {
  const seen: Seen[] = [];
  for (const piece of pieces) {
    const buffer = piece?.slice() ?? null;
    let step = parser.resume(buffer);
    buffer?.fill(0x0a);
    while (step.type === "Event" || step.type === "Retry") {
      seen.push(
        step.type === "Event"
          ? [step.event, step.data, step.id]
          : { retry: step.milliseconds },
      );
      step = parser.resume();
    }
    if (step.type === "WantsRead") continue;
    if (step.type === "Err") seen.push({ error: step.error.code });
    else seen.push(step.incomplete ? "Ok, incomplete" : "Ok");
    break;
  }
  return seen;
}

/** What a new parser makes of a stream in pieces, with its end of file. */
export function readAll(
  pieces: Iterable<Uint8Array>,
  options?: SseParserOptions,
): { seen: Seen[]; lastEventId: string } {
  const parser = new SseParser(options);
  const seen = feed(parser, [...pieces, null]);
  return { seen, lastEventId: parser.lastEventId };
}

/** The ways to cut bytes: not at all, after each byte, at each place once. */
export function* cuts(bytes: Uint8Array): Iterable<Uint8Array[]> {
  if (bytes.length === 0) return;
  yield [bytes];
  yield Array.from(bytes, (value) => Uint8Array.of(value));
  for (let at = 1; at < bytes.length; at++) {
    yield [bytes.subarray(0, at), bytes.subarray(at)];
  }
}

/** The steps of WHATWG HTML §9.2.6 over a whole stream, without limits. */
export function readPlainly(
  bytes: Uint8Array,
): { seen: Seen[]; lastEventId: string } {
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\r|\n/);
  const partial = lines.pop()!;
  const seen: Seen[] = [];
  let lastEventId = "";
  let [data, event, id]: [string, string, string] = ["", "", ""];
  for (const line of lines) {
    const [, name, value] = /^([^:]*)(?:: ?)?(.*)$/su.exec(line)!;
    if (line === "") {
      lastEventId = id;
      if (data !== "") seen.push([event || "message", data.slice(0, -1), id]);
      data = event = "";
    } else if (name === "data") data += `${value}\n`;
    else if (name === "event") event = value!;
    else if (name === "id" && !value!.includes("\0")) id = value!;
    else if (name === "retry" && /^[0-9]+$/.test(value!)) {
      seen.push({ retry: Math.min(Number(value), Number.MAX_SAFE_INTEGER) });
    }
  }
  const isPending = data + event !== "" || id !== lastEventId ||
    /^[^:]/.test(partial);
  seen.push(isPending ? "Ok, incomplete" : "Ok");
  return { seen, lastEventId };
}
