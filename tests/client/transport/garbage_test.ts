// Runtimes that do not tell what they have collected.

import { assertEquals } from "@std/assert";
import { runProgram } from "../_client.ts";

Deno.test("an agent streams a body although the runtime has no FinalizationRegistry and no WeakRef", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("hi"),
  );
  const { port } = server.addr;
  assertEquals(
    await runProgram(`
      delete globalThis.FinalizationRegistry;
      delete globalThis.WeakRef;
      const { HttpAgent } = await import("@pimalaya/io-http/agent");
      await using agent = new HttpAgent();
      const response = await agent.fetch("http://127.0.0.1:${port}/");
      console.log(await response.clone().text(), await response.text());`),
    "hi hi\n",
  );
});
