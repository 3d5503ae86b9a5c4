// docs/proxies.md, "Choosing a proxy".

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { HttpProxies } from "../../proxy/mod.ts";
import { test } from "../_pure.ts";
import { property } from "../properties/_property.ts";
import vectors from "../vectors/no_proxy.json" with { type: "json" };
import variables from "../vectors/proxy_env.json" with { type: "json" };

const PROXY = "http://proxy.test:3128/";

/** Returns whether the hosts of these URLs are reached without a proxy. */
function bypasses(noProxy: string | string[], ...hosts: string[]): boolean[] {
  const proxies = new HttpProxies({ all: PROXY, noProxy });
  return hosts.map((host) => {
    const url = new URL(host.includes("://") ? host : `http://${host}/path`);
    return proxies.match(url) === null;
  });
}

const ORIGINS = ["http://origin.test/", "https://origin.test/"];

for (const { name, env, http, https, invalid } of variables) {
  test(`Proxies: HttpProxies.fromEnv ${name}`, () => {
    if (invalid !== undefined) {
      const make = [
        () => HttpProxies.fromEnv(env),
        () => new HttpProxies({ https: env.ALL_PROXY }),
      ];
      for (const each of make) {
        const { message } = assertThrows(each, TypeError);
        assertEquals(message, `Invalid proxy for https URLs: ${invalid}`);
      }
      return;
    }
    const proxies = HttpProxies.fromEnv(env);
    const found = ORIGINS.map((url) => proxies.match(new URL(url)));
    assertEquals(found.map((proxy) => proxy?.href ?? null), [http, https]);
  });
}

test("Proxies: HttpProxies returns a URL that is the caller's to change, and none for other URLs", () => {
  const proxies = new HttpProxies({ all: new URL("https://proxy.test") });
  const origin = new URL("http://origin.test/");
  for (let i = 0; i < 2; i++) {
    const proxy = proxies.match(origin)!;
    assertEquals(proxy.href, "https://proxy.test/");
    proxy.hostname = "other";
  }
  assertEquals(proxies.match(new URL("ws://origin.test/")), null);
});

for (const { name, noProxy, direct, proxied } of vectors) {
  test(`Proxies: HttpProxies reads no_proxy: ${name}`, () => {
    const all = [...direct, ...proxied];
    const expected = all.map((_, index) => index < direct.length);
    assertEquals(bypasses(noProxy, ...all), expected);
    assertEquals(bypasses(noProxy.split(" "), ...all), expected);
  });
}

// An independent reader: entries are made from what they mean, and their meaning
// is calculated with big integers and lists of labels.

interface Made {
  readonly text: string;
  matches(
    host: { address: bigint | null; v6: boolean; labels: string[] },
  ): boolean;
}

const byte = fc.constantFrom<bigint[]>(
  0n,
  1n,
  2n,
  0xan,
  0xfn,
  0x7fn,
  0x80n,
  0xffn,
);
const v4 = fc.tuple(byte, byte, byte, byte).map((parts) =>
  parts.reduce((sum, part) => (sum << 8n) | part, 0n)
);
// Never an IPv4-mapped address, which is IPv4 and has a row above.
const v6 = fc.array(byte, { minLength: 15, maxLength: 15 }).map((parts) =>
  parts.reduce((sum, part) => (sum << 8n) | part, 0x20n)
);
const labels = fc.array(fc.constantFrom("a", "b", "xn--bcher-kva"), {
  minLength: 1,
  maxLength: 4,
});

function showV4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((at) => (value >> at) & 0xffn).join(".");
}

function showV6(value: bigint): string {
  const hex = value.toString(16).padStart(32, "0");
  return hex.match(/.{4}/g)!.join(":");
}

const network = fc.oneof(
  fc.record({ v6: fc.constant(false), base: v4, bits: fc.nat({ max: 32 }) }),
  fc.record({ v6: fc.constant(true), base: v6, bits: fc.nat({ max: 128 }) }),
).map(({ v6, base, bits }): Made => {
  const shift = BigInt((v6 ? 128 : 32) - bits);
  return {
    text: v6 ? `[${showV6(base)}]/${bits}` : `${showV4(base)}/${bits}`,
    matches: (host) =>
      host.address !== null && host.v6 === v6 &&
      host.address >> shift === base >> shift,
  };
});
const domain = fc.record({
  start: fc.constantFrom("", ".", "*."),
  name: labels,
  end: fc.constantFrom("", "."),
}).map(({ start, name, end }): Made => ({
  text: start + name.join(".").toUpperCase() + end,
  matches: ({ address, labels }) => {
    const rest = labels.slice(-name.length);
    const more = labels.length - name.length;
    return address === null && more >= (start === "*." ? 1 : 0) &&
      rest.join() === name.join();
  },
}));
const host = fc.oneof(
  v4.map((address) => ({
    text: showV4(address),
    address,
    v6: false,
    labels: [] as string[],
  })),
  v6.map((address) => ({
    text: `[${showV6(address)}]`,
    address,
    v6: true,
    labels: [] as string[],
  })),
  labels.map((labels) => ({
    text: labels.join("."),
    address: null,
    v6: false,
    labels,
  })),
);

{
  const port = fc.constantFrom(null, 80, 8080);
  const entry = fc.tuple(fc.oneof(network, domain), port);
  property(
    "Proxies: HttpProxies matches what an independent reader of no_proxy does",
    2000,
    fc.tuple(fc.array(entry), host, port),
    ([entries, host, port]) => {
      const noProxy = entries.map(([{ text }, port]) =>
        port === null ? text : `${text}:${port}`
      );
      const expected = entries.some(([made, own]) =>
        (own === null || own === (port ?? 80)) && made.matches(host)
      );
      const url = port === null ? host.text : `${host.text}:${port}`;
      assertEquals(bypasses(noProxy.join(), url), [expected]);
    },
  );
}

test("Proxies: HttpProxies shows its proxies without their credentials", () => {
  const proxies = new HttpProxies({ http: "user:hush@a.test:3128" });
  const shown = "http://[redacted]@a.test:3128/";
  assertEquals(
    Deno.inspect(proxies),
    `HttpProxies { http: "${shown}", https: null }`,
  );
  assertEquals(JSON.stringify(proxies), `{"http":"${shown}","https":null}`);
});

{
  const char = fc.constantFrom(..."*.:/[]%0123a,@?#\\ \u00e4\ud83d");
  const text = fc.array(char, { maxLength: 20 }).map((chars) => chars.join(""));
  property(
    "Proxies: HttpProxies accepts a no_proxy of any text",
    2000,
    fc.oneof(text, fc.string({ unit: "binary" })),
    (noProxy) => {
      const [isBypassed] = bypasses(noProxy, "host.test");
      assert(!isBypassed || noProxy.includes("*"));
    },
  );
}
