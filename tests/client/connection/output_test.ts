// The writes of one connection.

import { assertEquals } from "@std/assert";
import { Output } from "../../../client/connection/output.ts";
import type {
  Outgoing,
  Pending,
  Transport,
} from "../../../client/transport/transport.ts";
import { toBytes, toText } from "../../_text.ts";

Deno.test("Output writes everything that waited for a write together and in order", () => {
  const written: string[] = [];
  const pending: Pending<void>[] = [];
  const transport = {
    startWrite(data: Outgoing, write: Pending<void>) {
      written.push(
        typeof data === "string" ? data : data.map(toText).join(""),
      );
      pending.push(write);
    },
  };
  let done = 0;
  const output = new Output(transport as unknown as Transport, {
    written: () => done++,
    failWrite() {},
  });

  output.write("a");
  for (const text of ["b", "c"]) output.write([toBytes(text)]);
  output.write("d");
  pending.shift()!.resolve();
  assertEquals([written, done, output.isReady], [["a", "bcd"], 0, false]);

  pending.shift()!.resolve();
  assertEquals([written, done, output.isReady], [["a", "bcd"], 1, true]);
});
