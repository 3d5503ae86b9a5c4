// The body of 100 MB, which no case holds in memory.

import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { HttpRequest } from "@pimalaya/io-http";
import type { Run, Session } from "../_session.ts";

/** Streams the body through a hash. */
export async function checkLarge(run: Run, session: Session): Promise<void> {
  const exchange = await session.client.exchange(
    HttpRequest.get(session.url("/large")),
    { signal: run.signal },
  );
  assertEquals(exchange.response.status, 200);
  const hash = createHash("sha256");
  let length = 0;
  for await (const piece of exchange.body) {
    hash.update(piece);
    length += piece.length;
  }
  assertEquals(length, run.site.large.length);
  assertEquals(hash.digest("hex"), run.site.large.digest);
  const { keepAlive } = await exchange.closed;
  assertEquals(keepAlive, run.server.persists);
  if (keepAlive) await session.checkInStep();
}
