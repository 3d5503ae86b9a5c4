// Publishes as a dry run, even if JSR cannot be reached.
//
// `deno publish` takes the modules of `tools/links/` for unpublished modules of this
// package, because they are inside its folder. So the published files are copied to
// another folder, which also shows that they need nothing else.
//
//   deno task check:publish

import { readFiles } from "./check.ts";
import { type Config, isExcluded } from "./check/source.ts";

const root = new URL("../", import.meta.url);
const config: Config = JSON.parse(
  Deno.readTextFileSync(new URL("deno.json", root)),
);
const folder = Deno.makeTempDirSync();
let code: number;
try {
  for (const { path, text } of readFiles(root)) {
    if (isExcluded(path, config)) continue;
    const copy = `${folder}/${path}`;
    Deno.mkdirSync(copy.slice(0, copy.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(copy, text);
  }
  Deno.copyFileSync(new URL("deno.lock", root), `${folder}/deno.lock`);
  const links = config.links.map((link) => new URL(link, root).pathname);
  const copied = JSON.stringify({ ...config, links }, null, 2);
  Deno.writeTextFileSync(`${folder}/deno.json`, copied);
  const publish = new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty", "--quiet"],
    cwd: folder,
  });
  ({ code } = await publish.spawn().status);
} finally {
  Deno.removeSync(folder, { recursive: true });
}
Deno.exit(code);
