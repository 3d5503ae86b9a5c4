// docs/policies.md, "Pool": which calls share a connection.

import { assertEquals, assertThrows } from "@std/assert";
import { HttpCallMemory } from "../../agent/memory.ts";
import {
  copyTls,
  findRoute,
  type HttpConnectTo,
  type RouteOptions,
} from "../../agent/route.ts";
import { test } from "../_pure.ts";

const connector = { connect: () => Promise.reject(new Error("never")) };
const OPTIONS: RouteOptions = {
  connector,
  tls: {},
  credentials: null,
  memory: new HttpCallMemory(),
  random: () => 0.5,
};
const PROXY = "http://user:secret@proxy.example:3128";
const HTTP = "http://a.example/";
const HTTPS = "https://a.example/";

function route(
  url: string,
  { proxy, connectTo, ...options }: Partial<RouteOptions> & {
    proxy?: string;
    connectTo?: HttpConnectTo;
  } = {},
) {
  const via = proxy === undefined ? null : new URL(proxy);
  const all = { ...OPTIONS, ...options };
  return findRoute(new URL(url), all, via, connectTo ?? null);
}

test("Pool: a pool key differs if anything that a connection depends on does", () => {
  const routes = [
    route(HTTPS),
    route(HTTP),
    route("https://b.example/"),
    route("https://a.example:8443/"),
    route("http://a.example:443/"),
    route(HTTPS, { connector: { ...connector } }),
    route(HTTPS, { connector: null }),
    route(HTTPS, { tls: { caCerts: ["CA"] } }),
    route(HTTPS, { tls: { cert: "CERT", key: "KEY" } }),
    route(HTTPS, { tls: { cert: "CERT", key: "OTHER" } }),
    route(HTTPS, { tls: { alpnProtocols: ["http/1.1"] } }),
    route(HTTPS, { tls: { serverName: "b.example" } }),
    route(HTTPS, { connectTo: { hostname: "b.example" } }),
    route(HTTPS, { connectTo: { port: 8443 } }),
    route(HTTPS, { connectTo: { unixPath: "/run/a.sock" } }),
    route(HTTPS, { proxy: PROXY }),
    route(HTTPS, { proxy: PROXY.replace("secret", "other") }),
    route(HTTPS, { proxy: PROXY.replace("http", "https") }),
    route(HTTPS, { proxy: PROXY, credentials: () => null }),
    route("https://b.example/", { proxy: PROXY }),
    route(HTTP, { proxy: PROXY }),
    route(HTTP, { proxy: "socks5://proxy.example" }),
    route("http://b.example/", { proxy: "socks5://proxy.example" }),
  ];
  assertEquals(new Set(routes.map(({ key }) => key)).size, routes.length);
});

test("Pool: a pool key compares the rest by value, and only the proxy of an http URL behind one", () => {
  const ca = () => ({ tls: { caCerts: ["CA"] } });
  const address = { hostname: "a.example", port: 443 };
  for (
    const [a, b] of [
      [route("https://a.example/?q#f"), route("https://A.example:443/")],
      [route(HTTPS, ca()), route(HTTPS, ca())],
      [route(HTTPS, { connectTo: {} }), route(HTTPS)],
      [route(HTTPS, { connectTo: address }), route(HTTPS)],
      ...[PROXY, "https://proxy.example"].map((proxy) =>
        [
          route(HTTP, { proxy }),
          route("http://b.example:81/", { proxy }),
        ] as const
      ),
    ] as const
  ) assertEquals(a.key, b.key);
});

test("Pool: a route names the host without brackets and the port of the scheme", () => {
  for (
    const [url, ...expected] of [
      ["http://[::1]/", { hostname: "::1", port: 80 }, undefined],
      [HTTPS, { hostname: "a.example", port: 443 }, "a.example"],
      ["https://[::1]:8443/", { hostname: "::1", port: 8443 }, "::1"],
    ] as const
  ) {
    const { target, tls } = route(url);
    assertEquals([target, tls?.serverName], expected);
  }
});

test("Pool: connectTo rejects a Unix socket together with a host or port", () => {
  for (const more of [{ hostname: "a" }, { port: 1 }]) {
    const connectTo = { unixPath: "/run/a.sock", ...more };
    assertThrows(() => route(HTTPS, { connectTo }), TypeError, "no host or");
  }
});

test("connectTo is rejected for an http URL to which a proxy connects", () => {
  const connectTo = { hostname: "b.example" };
  assertThrows(
    () => route(HTTP, { proxy: PROXY, connectTo }),
    TypeError,
    'connectTo to "http://a.example": its proxy "proxy.example:3128" connects',
  );
  const { target } = route(HTTPS, { proxy: PROXY, connectTo });
  assertEquals(target, { hostname: "b.example", port: 443 });
  assertEquals(route(HTTP, { proxy: PROXY, connectTo: {} }).isForwarded, true);
});

test("Pool: TLS options are copied, also from the getters of a class", () => {
  const members = {
    caCerts: ["CA"],
    cert: "CERT",
    key: "KEY",
    alpnProtocols: ["http/1.1"],
    serverName: "b.example",
  };
  class Tls {}
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(Tls.prototype, name, { get: () => value });
  }
  const copy = copyTls(new Tls());
  members.caCerts.push("other");
  assertEquals(copy, { ...members, caCerts: ["CA"] });
});
