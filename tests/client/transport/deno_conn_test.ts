import { assertEquals } from "@std/assert";
import { HttpClient } from "../../../client/mod.ts";
import { HttpRequest } from "../../../mod.ts";

/** What is not the very connection, but looks like it, by how it is made. */
const LOOK_ALIKES: Record<string, (conn: Deno.Conn) => Deno.Conn> = {
  // Native members reject an object that only inherits them, so that its `ref`
  // and `unref` throw.
  "inherits from": (conn) =>
    Object.create(conn, {
      readable: { get: () => conn.readable },
      writable: { get: () => conn.writable },
    }),
  "is a Proxy of": (conn) =>
    new Proxy(conn, { get: (target, name) => Reflect.get(target, name) }),
};

for (const [how, wrap] of Object.entries(LOOK_ALIKES)) {
  Deno.test(`HttpClient drives what ${how} a Deno.Conn through its streams`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    using server = await listener.accept();
    const client = new HttpClient(wrap(conn));

    const request = HttpRequest.get(`http://127.0.0.1:${port}/`);
    for (const isFirst of [true, false]) {
      const sending = client.send(request);
      await server.read(new Uint8Array(1024));
      await server.write(
        new TextEncoder().encode("HTTP/1.1 204 No Content\r\n\r\n"),
      );
      assertEquals((await sending).reused, !isFirst);
    }
    await client.close();
  });
}
