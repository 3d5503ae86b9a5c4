// docs/proxies.md, "Choosing a proxy".

import { assert, assertEquals, assertThrows } from "@std/assert";
import { fc } from "../_fast_check.ts";
import { HttpProxies, type HttpProxiesOptions } from "../../proxy/mod.ts";
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
  const text = origin.href as unknown as URL;
  assertThrows(() => proxies.match(text), TypeError, "Invalid url");
  const options = origin.href as HttpProxiesOptions;
  assertThrows(() => new HttpProxies(options), TypeError, "Invalid options");
});

for (const { name, noProxy, direct, proxied } of vectors) {
  test(`Proxies: HttpProxies reads no_proxy: ${name}`, () => {
    const all = [...direct, ...proxied];
    const expected = all.map((_, index) => index < direct.length);
    assertEquals(bypasses(noProxy, ...all), expected);
    assertEquals(bypasses(noProxy.split(" "), ...all), expected);
  });
}

// An independent reader: entries are generated from their meaning, which is calculated
// with big integers and lists of labels.

interface Host {
  readonly text: string;
  readonly address: { readonly bits: 32 | 128; readonly value: bigint } | null;
  readonly labels: readonly string[];
}

interface Entry {
  readonly text: string;
  matches(host: Host): boolean;
}

const BYTES = [0n, 1n, 2n, 0xan, 0xfn, 0x7fn, 0x80n, 0xffn];

/** Numbers of random bytes, of a given length, after a given one. */
function addresses(length: number, first: bigint): fc.Arbitrary<bigint> {
  const bytes = fc.constantFrom(...BYTES);
  return fc.array(bytes, { minLength: length, maxLength: length })
    .map((parts) => parts.reduce((sum, part) => (sum << 8n) | part, first));
}

// Never an IPv4-mapped address, which is IPv4 and has a row above.
const address = fc.oneof(
  addresses(4, 0n).map((value) => ({ bits: 32, value } as const)),
  addresses(15, 0x20n).map((value) => ({ bits: 128, value } as const)),
);
const label = fc.constantFrom("a", "b", "xn--bcher-kva");
const labels = fc.array(label, { minLength: 1, maxLength: 4 });

function show({ bits, value }: NonNullable<Host["address"]>): string {
  const hex = value.toString(16).padStart(bits / 4, "0");
  return bits === 32
    ? hex.match(/../g)!.map((byte) => parseInt(byte, 16)).join(".")
    : `[${hex.match(/..../g)!.join(":")}]`;
}

const network = fc.tuple(address, fc.nat({ max: 128 }))
  .map(([base, most]): Entry => {
    const length = most % (base.bits + 1);
    const shift = BigInt(base.bits - length);
    return {
      text: `${show(base)}/${length}`,
      matches: ({ address }) =>
        address?.bits === base.bits &&
        address.value >> shift === base.value >> shift,
    };
  });
const domain = fc.record({
  start: fc.constantFrom("", ".", "*."),
  name: labels,
  end: fc.constantFrom("", "."),
}).map(({ start, name, end }): Entry => ({
  text: start + name.join(".").toUpperCase() + end,
  matches: ({ address, labels }) => {
    const rest = labels.slice(-name.length);
    const more = labels.length - name.length;
    return address === null && more >= (start === "*." ? 1 : 0) &&
      rest.join() === name.join();
  },
}));
const host = fc.oneof(
  address.map((address): Host => ({
    text: show(address),
    address,
    labels: [],
  })),
  labels.map((labels): Host => ({
    text: labels.join("."),
    address: null,
    labels,
  })),
);
const port = fc.constantFrom(null, 80, 8080);
const entry = fc.tuple(fc.oneof(network, domain), port);

property(
  "Proxies: HttpProxies matches what an independent reader of no_proxy does",
  2000,
  fc.tuple(fc.array(entry), host, port),
  ([entries, host, port]) => {
    const withPort = (text: string, port: number | null) =>
      port === null ? text : `${text}:${port}`;
    const noProxy = entries.map(([{ text }, port]) => withPort(text, port));
    const expected = entries.some(([entry, own]) =>
      (own === null || own === (port ?? 80)) && entry.matches(host)
    );
    const url = withPort(host.text, port);
    assertEquals(bypasses(noProxy.join(), url), [expected]);
  },
);

test("Proxies: HttpProxies shows its proxies without their credentials", () => {
  const proxies = new HttpProxies({ http: "user:hush@a.test:3128" });
  const shown = "http://[redacted]@a.test:3128/";
  const inspected = `HttpProxies { http: "${shown}", https: null }`;
  assertEquals(Deno.inspect(proxies), inspected);
  assertEquals(JSON.stringify(proxies), `{"http":"${shown}","https":null}`);
});

// In quadratic time, it would take an hour. A redirect can lead to such a host.
test("Proxies: HttpProxies takes linear time for a name of many dots", () => {
  const dots = ".".repeat(2 ** 20);
  assertEquals(bypasses(`${dots}x,y.test`, `${dots}y.test`), [true]);
});

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
