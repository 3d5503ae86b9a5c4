import { assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { md5 } from "../../../auth/digest/md5.ts";
import { sha256 } from "../../../auth/digest/sha256.ts";
import { sha512_256 } from "../../../auth/digest/sha512_256.ts";
import { test } from "../../_pure.ts";
import { toBytes } from "../../_text.ts";
import { property } from "../../properties/_property.ts";

const TWO_BLOCKS_OF_64 =
  "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
const TWO_BLOCKS_OF_128 =
  "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn" +
  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
const MILLION = "a".repeat(1_000_000);

// RFC 1321 §A.5, and the examples that NIST publishes for FIPS 180-4.
const VECTORS = [
  [md5, "md5", [
    ["", "d41d8cd98f00b204e9800998ecf8427e"],
    ["a", "0cc175b9c0f1b6a831c399e269772661"],
    ["abc", "900150983cd24fb0d6963f7d28e17f72"],
    ["message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
    ["abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"],
    [
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
      "d174ab98d277d9f5a5611c2c9f419d9f",
    ],
    ["1234567890".repeat(8), "57edf4a22be3c955ac49da2e2107b67a"],
  ]],
  [sha256, "sha256", [
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      TWO_BLOCKS_OF_64,
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
    [
      MILLION,
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    ],
  ]],
  [sha512_256, "sha512-256", [
    ["abc", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"],
    [
      TWO_BLOCKS_OF_128,
      "3928e184fb8690f840da3988121d31be65cb9d3ef83ee6146feac861e19b563a",
    ],
    [
      MILLION,
      "9a59a052930187a97038cae692f30708aa6491923ef5194394dc68d56c74fb21",
    ],
  ]],
] as const;

for (const [hash, name, vectors] of VECTORS) {
  test(`${hash.name} returns the hashes that its standard prints`, () => {
    for (const [text, expected] of vectors) {
      assertEquals(encodeHex(hash(toBytes(text))), expected);
    }
  });

  test(`${hash.name} returns what node:crypto does for every kind of tail`, () => {
    const message = new Uint8Array(300).map((_, i) => i * 7);
    for (let length = 0; length <= message.length; length++) {
      const part = message.subarray(length % 5, length);
      assertEquals(
        encodeHex(hash(part)),
        createHash(name).update(part).digest("hex"),
      );
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
