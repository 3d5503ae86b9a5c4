import { assert, assertEquals, assertThrows } from "@std/assert";
import { HttpRequest } from "../../rfc9110/request.ts";
import { WellKnown } from "../../well_known/well_known.ts";
import { test } from "../_pure.ts";

for (
  const [name, make] of [
    ["HttpRequest", (url: string) => HttpRequest.get(url)],
    ["WellKnown", (url: string) => new WellKnown(url, "caldav")],
  ] as const
) {
  for (
    const url of ["http://me:hunter2@exa mple.com/", "ftp://me:hunter2@h/"]
  ) {
    test(`${name} rejects ${url} without repeating its password`, () => {
      const error = assertThrows(() => make(url), TypeError, "Invalid URL");
      assert(!error.message.includes("hunter2"), error.message);
      assertEquals(error.cause, undefined);
    });
  }
}
