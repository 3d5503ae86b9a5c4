// What a valid response says is what its reader tells, and what follows it is
// `remaining`, to the byte.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  Http11Receive,
  Http11ReceiveHead,
  Http11Send,
  HttpRequest,
} from "../../mod.ts";
import { drive, type PlainStep } from "../_cuts.ts";
import { test } from "../_pure.ts";
import { toBytes } from "../_text.ts";
import { binary, type Message, message, places } from "./_generators.ts";

const GET = HttpRequest.get("http://example.com/");

const closed = message.filter(({ open }) => !open);

function cutsOf(length: number, places: readonly number[]): number[] {
  const cuts = new Set(places.map((place) => 1 + place % (length - 1)));
  return [...cuts].sort((a, b) => a - b);
}

/** Reads with a streaming and a buffering reader, to their last steps. */
function readBoth(wire: string, places: readonly number[], eof: boolean) {
  const input = toBytes(wire);
  const cuts = cutsOf(input.length, places);
  const read = [new Http11Receive(GET), new Http11Send(GET)] as const;
  const [streamed, buffered] = read.map((coroutine) =>
    drive(coroutine, input, cuts, { eof }).steps
  );
  return { streamed: streamed!, buffered: buffered! };
}

function find(steps: readonly PlainStep[], type: string): PlainStep {
  return steps.find((step) => step.type === type) ?? { type: `No ${type}` };
}

function expectedHead({ status, reason, headers }: Message) {
  return { version: "HTTP/1.1", status, reason, headers };
}

test("A reader returns the status, fields, body and trailers of a response", () => {
  fc.assert(
    fc.property(message, places, (message, places) => {
      const { body, trailers, open, wire } = message;
      const { streamed, buffered } = readBoth(wire, places, open);
      const head = expectedHead(message);
      assertEquals(find(streamed, "Head").response, {
        ...{ ...head, body: "", trailers: [] },
      });
      const data = streamed.find(({ type }) => type === "Data");
      assertEquals(data?.bytes ?? "", body);
      assertEquals(find(streamed, "Ok").trailers, trailers);
      const end = find(buffered, "Ok");
      assertEquals(end.response, { ...head, body, trailers });
      assertEquals([end.remaining, end.interim], ["", []]);
    }),
    { seed: 9401, numRuns: 400 },
  );
});

test("A reader returns exactly what follows a response as remaining", () => {
  const after = fc.oneof(binary, message.map(({ wire }) => wire));
  fc.assert(
    fc.property(closed, after, places, ({ wire }, after, places) => {
      const { streamed, buffered } = readBoth(wire + after, places, false);
      assertEquals(find(streamed, "Ok").remaining, after);
      assertEquals(find(buffered, "Ok").remaining, after);
    }),
    { seed: 9402, numRuns: 400 },
  );
});

test("A reader returns one response after the other of what is remaining", () => {
  fc.assert(
    fc.property(fc.array(closed, { maxLength: 5 }), (messages) => {
      let rest = messages.map(({ wire }) => wire).join("");
      for (const message of messages) {
        const { steps } = drive(new Http11Send(GET), toBytes(rest), []);
        const { response, remaining } = find(steps, "Ok");
        const { body, trailers } = message;
        assertEquals(response, { ...expectedHead(message), body, trailers });
        rest = `${remaining}`;
      }
      assertEquals(rest, "");
    }),
    { seed: 9403, numRuns: 100 },
  );
});

test("A reader wants more of a response that is not whole, and no Ok", () => {
  fc.assert(
    fc.property(closed, fc.nat(), ({ wire }, place) => {
      const short = toBytes(wire.slice(0, place % wire.length));
      for (const coroutine of [new Http11Receive(GET), new Http11Send(GET)]) {
        const { steps } = drive(coroutine, short, []);
        assertEquals(steps.at(-1), { type: "WantsRead" });
      }
      for (const coroutine of [new Http11Receive(GET), new Http11Send(GET)]) {
        const { steps } = drive(coroutine, short, [], { eof: true });
        assertEquals(steps.at(-1), { type: "Err", error: "UnexpectedEof" });
      }
    }),
    { seed: 9404, numRuns: 200 },
  );
});

test("Http11ReceiveHead returns the fields in order, with case and duplicates", () => {
  fc.assert(
    fc.property(message, binary, (message, after) => {
      const { wire, headers } = message;
      const head = /^[^]*?\n\r?\n/.exec(wire)![0];
      const { steps } = drive(
        new Http11ReceiveHead(),
        toBytes(head + after),
        [],
      );
      const { response, remaining } = find(steps, "Ok");
      assertEquals(response, {
        ...{ ...expectedHead(message), headers, body: "", trailers: [] },
      });
      assertEquals(remaining, after);
    }),
    { seed: 9405, numRuns: 200 },
  );
});
