import { assertEquals } from "@std/assert";
import { checkWords } from "../../../tools/check/words.ts";
import { files, lines } from "../_fixture.ts";

// Joined here, for no file may hold such a name in one piece.
const HOST = ["registry", "example", "org"].join(".");

Deno.test({
  name: "checkWords rejects the host of a registry in any file",
  permissions: "none",
  fn() {
    const problems = checkWords(
      files({ "deno.lock": `{\n"tarball": "https://${HOST}/a.tgz"\n}` }),
    );
    assertEquals(lines(problems), [
      `deno.lock:2 No file may name the host of a registry, as ${HOST} is one`,
    ]);
  },
});

Deno.test({
  name: "checkWords accepts other hosts, and specifiers",
  permissions: "none",
  fn() {
    const text = "https://example.com npm:undici registry. deb.";
    assertEquals(checkWords(files({ "README.md": text })), []);
  },
});
