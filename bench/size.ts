// How large the pure entry point is, bundled and minified as a user would.

import { gzipSync } from "node:zlib";
import { printGroup } from "./_group.ts";
import { spreadOf } from "./_measure.ts";
import type { Row } from "./_table.ts";

const TITLE = "size: all of the pure entry point, mod.ts, after " +
  "`deno bundle --minify`";

const ENTRY = new URL("../mod.ts", import.meta.url);

if (import.meta.main) await printGroup(TITLE, measureSize);

async function measureSize(): Promise<Row[]> {
  const bundle = await makeBundle();
  const zipped = gzipSync(bundle, { level: 9 });
  return [
    makeRow("minified", bundle.length, 36),
    makeRow("minified, then gzip -9", zipped.length, 12),
  ];
}

function makeRow(what: string, bytes: number, atMost: number): Row {
  return {
    what,
    ours: `${bytes} bytes`,
    peer: "",
    theirs: "",
    value: spreadOf([bytes / 1024]),
    unit: "KiB",
    target: { atMost },
  };
}

async function makeBundle(): Promise<Uint8Array> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--minify", ENTRY.href],
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return stdout;
}
