// What comes over an idle socket: it is nobody's answer (RFC 9112 §9.2).

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { HttpError } from "@pimalaya/io-http";
import { HttpClient } from "@pimalaya/io-http/client";
import { tcpPair } from "./_buffered.ts";
import { get, rejection } from "./_exchange.ts";

const HI = new TextEncoder().encode(
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
);

/** One exchange over a socket; the peer then does something while it is idle. */
async function afterOne(
  peerDoes: (peer: Deno.Conn) => unknown,
  test: (client: HttpClient) => Promise<unknown>,
): Promise<void> {
  const { near, far } = await tcpPair();
  const client = new HttpClient(near);
  try {
    const sending = client.send(get());
    await far.read(new Uint8Array(1000));
    await far.write(HI);
    assertEquals((await sending).response.text(), "hi");
    assertEquals(client.reusable, true);
    await peerDoes(far);
    // Until what it did has arrived here.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await test(client);
    assertEquals(client.reusable, false);
  } finally {
    await client.close();
    try {
      far.close();
    } catch {
      // It was closed above.
    }
  }
}

for (const call of ["send", "exchange"] as const) {
  Deno.test(`${call} does not take what came to an idle socket for its answer`, async () => {
    await afterOne(
      (peer) => peer.write(HI),
      (client) =>
        assertRejects(
          () => client[call](get()),
          TypeError,
          "bytes came without a request",
        ),
    );
  });

  Deno.test(`${call} writes nothing to an idle socket that its peer has closed`, async () => {
    await afterOne(
      (peer) => peer.close(),
      async (client) => {
        const error = await assertRejects(
          () => client[call](get()),
          HttpError,
          "the connection ended before the request",
        );
        assertEquals(error.code, "UnexpectedEof");
      },
    );
  });
}

for (let turns = 0; turns < 8; turns++) {
  Deno.test(`send rejects when it is aborted ${turns} turns into its look at the socket`, async () => {
    await afterOne(() => {}, async (client) => {
      const controller = new AbortController();
      const reason = new Error("Enough");
      const sending = client.send(get(), { signal: controller.signal });
      for (let turn = 0; turn < turns; turn++) await null;
      controller.abort(reason);
      assertStrictEquals(await rejection(sending), reason);
    });
  });
}
