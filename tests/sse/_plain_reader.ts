// Reads a whole event stream the plain way, without limits, to compare with.

import type { PlainStep } from "../_cuts.ts";

/** A step in short, as the vectors have it. */
export type Seen =
  | readonly [event: string, data: string, id: string]
  | { readonly retry: number }
  | { readonly error: string }
  | "Ok"
  | "Ok, incomplete";

/** Returns a step of the parser in short. */
export function seenOf(step: PlainStep): Seen {
  const { type, event, data, id, milliseconds, error } = step;
  if (type === "Event") return [`${event}`, `${data}`, `${id}`];
  if (type === "Retry") return { retry: Number(milliseconds) };
  if (type === "Err") return { error: `${error}` };
  return step.incomplete ? "Ok, incomplete" : "Ok";
}

/** The steps of WHATWG HTML §9.2.6 over a whole stream. */
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
