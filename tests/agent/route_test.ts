import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { HttpCallMemory } from "../../agent/memory.ts";
import {
  findRoute,
  type HttpConnectTo,
  type RouteOptions,
} from "../../agent/route.ts";

const connector = { connect: () => Promise.reject(new Error("never")) };
const OPTIONS: RouteOptions = {
  connector,
  tls: {},
  credentials: null,
  memory: new HttpCallMemory(),
  random: () => 0.5,
};
const PROXY = new URL("http://user:secret@proxy.example:3128");

function key(
  url = "https://a.example/x",
  options: Partial<RouteOptions> = {},
  proxy: URL | null = null,
  connectTo: HttpConnectTo | null = null,
): string {
  return findRoute(new URL(url), { ...OPTIONS, ...options }, proxy, connectTo)
    .key;
}

Deno.test("a pool key differs if anything that a connection depends on does", () => {
  const https = "https://a.example/";
  const keys = [
    key(),
    key("http://a.example/"),
    key("https://b.example/"),
    key("https://a.example:8443/"),
    key("http://a.example:443/"),
    key(https, { connector: { ...connector } }),
    key(https, { connector: null }),
    key(https, { tls: { caCerts: ["CA"] } }),
    key(https, { tls: { cert: "CERT", key: "KEY" } }),
    key(https, { tls: { cert: "CERT", key: "OTHER" } }),
    key(https, { tls: { alpnProtocols: ["http/1.1"] } }),
    key(https, { tls: { serverName: "b.example" } }),
    key(https, {}, null, { hostname: "b.example" }),
    key(https, {}, null, { port: 8443 }),
    key(https, {}, null, { unixPath: "/run/a.sock" }),
    key(https, {}, PROXY),
    key(https, {}, new URL("http://user:other@proxy.example:3128")),
    key(https, {}, new URL("https://user:secret@proxy.example:3128")),
    key(https, { credentials: () => null }, PROXY),
    key("http://a.example/", {}, PROXY),
    key("http://a.example/", {}, new URL("socks5://proxy.example")),
  ];
  assertEquals(new Set(keys).size, keys.length);
});

Deno.test("a pool key compares the rest by value", () => {
  assertEquals(key("https://a.example/?q#f"), key("https://A.example:443/"));
  assertEquals(
    key(undefined, { tls: { caCerts: ["CA"] } }),
    key(undefined, { tls: { caCerts: ["CA"] } }),
  );
  assertEquals(key(undefined, {}, null, {}), key());
  assertEquals(
    key(undefined, {}, null, { hostname: "a.example", port: 443 }),
    key(),
  );
});

Deno.test("http origins behind one HTTP proxy share connections, others do not", () => {
  const socks = new URL("socks5://proxy.example");
  for (const proxy of [PROXY, new URL("https://proxy.example")]) {
    assertEquals(
      key("http://a.example/", {}, proxy),
      key("http://b.example:81/", {}, proxy),
    );
    assertNotEquals(
      key("https://a.example/", {}, proxy),
      key("https://b.example/", {}, proxy),
    );
  }
  assertNotEquals(
    key("http://a.example/", {}, socks),
    key("http://b.example/", {}, socks),
  );
});

Deno.test("a route names the host without brackets and the port of the scheme", () => {
  const of = (url: string) => {
    const { hostname, port, isTls } = findRoute(
      new URL(url),
      OPTIONS,
      null,
      null,
    );
    return [hostname, port, isTls];
  };
  assertEquals(of("http://[::1]/"), ["::1", 80, false]);
  assertEquals(of("https://a.example/"), ["a.example", 443, true]);
  assertEquals(of("https://a.example:8443/"), ["a.example", 8443, true]);
});

Deno.test("connectTo rejects a Unix socket together with a host or port", () => {
  for (const more of [{ hostname: "a" }, { port: 1 }]) {
    assertThrows(
      () => key(undefined, {}, null, { unixPath: "/run/a.sock", ...more }),
      TypeError,
      "has no host or port",
    );
  }
});
