// The hashes of Digest, against RFC 1321 §A.5, the examples that NIST publishes for
// FIPS 180-4, and node:crypto.

import { assert, assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { fc } from "../../_fast_check.ts";
import { createHash } from "node:crypto";
import { md5, sha256, sha512_256 } from "../../../auth/digest/hashes.ts";
import { test } from "../../_pure.ts";
import { toBytes } from "../../_text.ts";
import { expand, type Wire } from "../../_vectors.ts";
import { property } from "../../properties/_property.ts";
import vectors from "../../vectors/hashes.json" with { type: "json" };

for (
  const [hash, name] of [
    [md5, "md5"],
    [sha256, "sha256"],
    [sha512_256, "sha512-256"],
  ] as const
) {
  test(`${hash.name} returns the hashes that its standard prints`, () => {
    const own = vectors.filter((vector) => vector.hash === hash.name);
    for (const { message, expect } of own) {
      const bytes = toBytes(expand(message as Wire));
      assertEquals(encodeHex(hash(bytes)), expect);
    }
    assert(own.length >= 3);
  });

  test(`${hash.name} returns what node:crypto does for every kind of tail`, () => {
    const message = new Uint8Array(300).map((_, i) => i * 7);
    for (let length = 0; length <= message.length; length++) {
      const part = message.subarray(length % 5, length);
      const expected = createHash(name).update(part).digest("hex");
      assertEquals(encodeHex(hash(part)), expected);
    }
  });

  property(
    `${hash.name} returns what node:crypto does for random bytes`,
    200,
    fc.uint8Array({ maxLength: 2000 }),
    (message) => {
      const expected = createHash(name).update(message).digest("hex");
      assertEquals(encodeHex(hash(message)), expected);
    },
  );
}
