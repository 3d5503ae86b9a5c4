// Many exchanges, and many clients: memory and open files are afterwards what
// they were before. Client and server are processes of their own, so that
// nothing else counts.

import { assert, assertEquals } from "@std/assert";
import type { Report } from "./_load_client.ts";
import { bounded } from "./_peer.ts";

// 100 bytes an exchange would be as much.
const MAX_GROWN_BYTES = 1_000_000;
// The runtime opens some of its own, when it likes.
const MAX_GROWN_FILES = 20;
// Of that, 4 KiB are the buffer of the pending read.
const MAX_IDLE_CLIENT_BYTES = 24 * 1024;
const CLIENTS = 1000;

function run(file: string, ...args: string[]): Deno.ChildProcess {
  const { href } = new URL(file, import.meta.url);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--v8-flags=--expose-gc", href, ...args],
    stdout: "piped",
  }).spawn();
}

/** Runs client and server, and gives what the client reports. */
async function load(): Promise<Report> {
  await using server = run("_load_server.ts");
  const lines = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: port = "" } = await lines.read();
  await using client = run(
    "_load_client.ts",
    `http://127.0.0.1:${port.trim()}/`,
  );
  const [report, { success }] = await Promise.all([
    new Response(client.stdout).text(),
    client.status,
  ]);
  await lines.cancel();
  assertEquals(success, true);
  return JSON.parse(report);
}

Deno.test(
  "10,000 exchanges, and 1,000 clients at once, leave memory and open files as they were",
  bounded(async () => {
    const { before, afterExchanges, duringClients, afterClients } =
      await load();
    for (const { bytes, files } of [afterExchanges, afterClients]) {
      const grown = bytes - before.bytes;
      assert(grown < MAX_GROWN_BYTES, `${grown} bytes are left`);
      const opened = files - before.files;
      assert(opened < MAX_GROWN_FILES, `${opened} files are left open`);
    }
    const idle = (duringClients.bytes - afterExchanges.bytes) / CLIENTS;
    assert(idle < MAX_IDLE_CLIENT_BYTES, `An idle client takes ${idle} bytes`);
    if (Deno.build.os !== "linux") return;
    const opened = duringClients.files - before.files;
    assert(opened >= CLIENTS, `${opened} files were open for the clients`);
  }),
);
