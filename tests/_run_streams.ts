// Runs the vectors of early responses, and of event streams.

import { toBytes } from "./_text.ts";
import type { EarlyVector, EventsVector } from "./_vectors.ts";
import { byteByByte, drive, offsets } from "./_cuts.ts";
import type { DriveOptions } from "./_cuts.ts";
import type { Api } from "./_run_responses.ts";
import { readPlainly, seenOf } from "./sse/_plain_reader.ts";
import { equal } from "./_sweep.ts";

/** Runs a vector of a response that comes before the request was written. */
export function runEarly(api: Api, vector: EarlyVector): void {
  const body = "x".repeat(vector.upload);
  const request = api.HttpRequest.post("http://a/", {
    headers: { Upgrade: "x" },
    body,
  });
  const send = new api.Http11Send(request);
  const [head, ...steps] = vector.inputs.map((input) => {
    const nothing = input === null ? null : undefined;
    const step = send.resume(input ? toBytes(input) : nothing);
    if (step.type === "WantsWrite") return step.bytes;
    if (step.type === "Err") return step.error.code;
    const { type } = step;
    return "closeReason" in step ? `${type} ${step.closeReason}` : type;
  });
  const [whole, ...later] = vector.expect.steps.includes("WantsWrite")
    ? [api.encodeHttp11Head(request), toBytes(body)]
    : [head];
  equal("head", head, whole);
  equal(
    "steps",
    steps,
    vector.expect.steps.map((step) =>
      step === "WantsWrite" ? later.shift() : step
    ),
  );
}

/** Runs a vector of events in every cut, and cut short at every offset. */
export function runEvents(api: Api, vector: EventsVector): void {
  const { maxEventBytes, expect } = vector;
  const input = toBytes(vector.stream);
  const each = byteByByte(input.length);
  const read = (
    bytes: Uint8Array,
    cuts: readonly number[],
    options: DriveOptions = {},
  ) => {
    const parser = new api.SseParser({ maxEventBytes });
    const { steps } = drive(parser, bytes, cuts, { ...options, eof: true });
    return { seen: steps.map(seenOf), lastEventId: parser.lastEventId };
  };
  const { events, lastEventId = "", incomplete, error } = expect;
  const last = error === undefined
    ? incomplete ? "Ok, incomplete" : "Ok"
    : { error };
  const expected = { seen: [...events, last], lastEventId };
  equal("whole", read(input, []), expected);
  equal("byte by byte", read(input, each, { nag: true }), expected);
  equal("unasked", read(input, each, { eager: true }), expected);
  for (const at of each) equal(`cut at ${at}`, read(input, [at]), expected);
  // The plain reader has no limits, and an event over one is found early.
  if (error === undefined) equal("plain reader", readPlainly(input), expected);
  if (maxEventBytes !== undefined) return;
  for (const at of [0, ...offsets(input.length, Infinity)]) {
    const short = input.subarray(0, at);
    const plain = readPlainly(short);
    equal(`end of file at ${at}`, read(short, []), plain);
    equal(
      `end of file at ${at}, byte by byte`,
      read(short, byteByByte(at)),
      plain,
    );
  }
}
