/**
 * Proxies, without I/O: which one to use, and how to connect through a SOCKS5
 * proxy. To connect through an HTTP proxy, send CONNECT with `Http11Send` of
 * `@pimalaya/io-http`. The agent does all of this with its option `proxy`.
 *
 * @example Follow the rules of the environment
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HttpProxies } from "@pimalaya/io-http/proxy";
 *
 * const proxies = HttpProxies.fromEnv({
 *   ALL_PROXY: "socks5://localhost:1080",
 *   NO_PROXY: "*.example.org:8080",
 * });
 *
 * assertEquals(
 *   proxies.match(new URL("http://www.example.org/"))?.href,
 *   "socks5://localhost:1080",
 * );
 * assertEquals(proxies.match(new URL("http://www.example.org:8080/")), null);
 * ```
 *
 * @module
 */

export { Secret } from "../rfc9110/secret.ts";
export { HttpProxies, type HttpProxiesOptions } from "./proxies.ts";
export {
  type Socks5Address,
  Socks5Connect,
  type Socks5ConnectResult,
  type Socks5Options,
} from "./socks5.ts";
