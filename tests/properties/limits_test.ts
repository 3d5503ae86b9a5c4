// What a peer sends without end is refused once a limit is passed, by no more
// than one piece of input, and is not held beyond that.

import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import {
  Http11Receive,
  Http11Send,
  type HttpErrorCode,
  type HttpLimits,
  HttpRequest,
} from "../../mod.ts";
import { test } from "../_pure.ts";
import { toBytes } from "../_text.ts";
import { countWork } from "../_work.ts";

const GET = HttpRequest.get("http://example.com/");
const CODED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** What has a limit: what comes before, what then comes without end. */
interface Flood {
  readonly limit: keyof HttpLimits;
  readonly code: HttpErrorCode;
  readonly before: string;
  /** Each of them is repeated; all that is repeated counts. */
  readonly units: readonly string[];
  /** How many bytes of `before` count too. */
  readonly counted?: number;
}

const STATUS_LINE = "HTTP/1.1 200 OK\r\n";

const FLOODS: readonly Flood[] = [
  {
    limit: "maxHeadBytes",
    code: "HeadTooLarge",
    before: STATUS_LINE,
    units: ["A: 1\r\n", "\xe9", "A", "A:\n"],
    counted: STATUS_LINE.length,
  },
  {
    limit: "maxHeadBytes",
    code: "HeadTooLarge",
    before: "",
    units: ["\r\n", "\n"],
  },
  {
    limit: "maxTrailerBytes",
    code: "TrailersTooLarge",
    before: `${CODED}0\r\n`,
    units: ["A: 1\r\n", "A", "\xff", "A:\n", "bad"],
  },
  {
    limit: "maxChunkExtensionBytes",
    code: "ChunkExtensionsTooLarge",
    before: `${CODED}1`,
    units: [";", " ", ";a=b", "\t"],
  },
  {
    limit: "maxBodyBytes",
    code: "BodyTooLarge",
    before: `${STATUS_LINE}\r\n`,
    units: ["x", "\0\xff"],
  },
];

const floods = fc.constantFrom(...FLOODS).chain((flood) =>
  fc.record({
    flood: fc.constant(flood),
    unit: fc.constantFrom(...flood.units),
    limit: fc.integer({ min: 100, max: 5000 }),
    size: fc.integer({ min: 1, max: 300 }),
  })
);

test("A limit is passed by no more than one piece of input", () => {
  fc.assert(
    fc.property(floods, ({ flood, unit, limit, size }) => {
      const send = new Http11Send(GET, { [flood.limit]: limit });
      send.resume();
      if (flood.before !== "") send.resume(toBytes(flood.before));
      const endless = toBytes(unit.repeat(Math.ceil(6000 / unit.length)));
      let passed = flood.counted ?? 0;
      let code = "";
      const { allocated } = countWork(() => {
        for (let at = 0; code === ""; at += size) {
          const step = send.resume(endless.subarray(at, at + size));
          if (step.type === "Err") code = step.error.code;
          else passed += size;
        }
      });
      assertEquals(code, flood.code);
      // A line is not judged before its end, so it may be some bytes less.
      assertLessOrEqual(passed, limit + 2);
      assert(passed + size + unit.length + 2 >= limit);
      assertLessOrEqual(allocated, 8 * (limit + size) + 4096);
    }),
    { seed: 9801, numRuns: 300 },
  );
});

test("A limit is not passed by what is as large as it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), (length) => {
      const value = "x".repeat(length);
      const head = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n` +
        `A: ${value}\r\n\r\n`;
      const limits = {
        maxHeadBytes: head.length,
        maxTrailerBytes: `A: ${value}\r\n`.length,
        maxChunkExtensionBytes: 2 * `;${value}`.length,
        maxBodyBytes: length + 1,
      };
      const body = `${(length + 1).toString(16)};${value}\r\n${value}x\r\n`;
      const wire = `${head}${body}0;${value}\r\nA: ${value}\r\n\r\n`;
      assertEquals(end(wire, limits), "Ok");
      for (const name of Object.keys(limits) as (keyof typeof limits)[]) {
        const tight = { ...limits, [name]: limits[name] - 1 };
        const code = FLOODS.find(({ limit }) => limit === name)!.code;
        assertEquals(end(wire, tight), code);
      }
    }),
    { seed: 9802, numRuns: 100 },
  );
});

test("Interim responses are counted one by one", () => {
  const counts = fc.tuple(fc.nat({ max: 6 }), fc.nat({ max: 6 }));
  fc.assert(
    fc.property(counts, ([sent, maxInterimResponses]) => {
      const interim = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(sent);
      const wire = toBytes(`${interim}HTTP/1.1 204 No Content\r\n\r\n`);
      const receive = new Http11Receive(GET, { maxInterimResponses });
      let step = receive.resume(wire);
      let seen = 0;
      while (step.type === "Interim") {
        seen++;
        step = receive.resume();
      }
      assertEquals(seen, Math.min(sent, maxInterimResponses));
      assertEquals(step.type, sent <= maxInterimResponses ? "Head" : "Err");
    }),
    { seed: 9803, numRuns: 60 },
  );
});

function end(wire: string, limits: Partial<HttpLimits>): string {
  const send = new Http11Send(GET, limits);
  send.resume();
  const step = send.resume(toBytes(wire));
  return step.type === "Err" ? step.error.code : step.type;
}
