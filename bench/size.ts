// The size of the package in a minified bundle, of a program that imports all of an
// entry point, and of one that imports one class.

import { gzipSync } from "node:zlib";
import { bundleEntry } from "./_bundle.ts";
import { printGroup } from "./_group.ts";
import { spreadOf } from "./_measure.ts";
import type { Row } from "./_table.ts";

const TITLE = "size: after `deno bundle --minify`";

if (import.meta.main) await printGroup(TITLE, measureSizes);

async function measureSizes(): Promise<Row[]> {
  const all = await bundleEntry('export * from "@pimalaya/io-http";');
  const agent = await sizeOf("HttpAgent", "@pimalaya/io-http/agent");
  const undici = await sizeOf("Agent", "undici");
  return [
    makeRow("the pure entry point", all.length, 40),
    makeRow("the same with gzip", gzipSync(all, { level: 9 }).length, 14),
    makeRow("Http11Send alone", await sizeOf("Http11Send"), 28),
    makeRow("SseParser alone", await sizeOf("SseParser"), 8),
    makeRow("the agent", agent, 100),
    {
      ...makeRow("the agent, ours / peer", agent),
      peer: "undici",
      theirs: `${undici} bytes`,
      value: spreadOf([agent / undici]),
      unit: "",
    },
  ];
}

async function sizeOf(
  name: string,
  from = "@pimalaya/io-http",
): Promise<number> {
  const text = `export { ${name} } from "${from}";`;
  return (await bundleEntry(text)).length;
}

function makeRow(what: string, bytes: number, atMost?: number): Row {
  return {
    what,
    ours: `${bytes} bytes`,
    peer: "",
    theirs: "",
    value: spreadOf([bytes / 1024]),
    unit: "KiB",
    target: atMost === undefined ? null : { atMost },
  };
}
