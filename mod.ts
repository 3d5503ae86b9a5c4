/**
 * An HTTP/1.x client engine that does no I/O of its own.
 *
 * Every exchange is a coroutine: each step says what it needs next, and the
 * caller owns the transport. Everything here is pure and runs on every
 * JavaScript runtime. `@pimalaya/io-http/client` drives it over one connection,
 * and `@pimalaya/io-http/agent` over many.
 *
 * See {@linkcode HttpCoroutine} for the contract, and the module
 * `@pimalaya/io-http/rfc9112` for the life of an exchange.
 *
 * @example One exchange, driven by hand
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Http11Send, HttpRequest } from "@pimalaya/io-http";
 *
 * // A transport that answers every request with the same bytes.
 * const transport = {
 *   write(_bytes: Uint8Array) {},
 *   read: () =>
 *     new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
 * };
 *
 * const send = new Http11Send(HttpRequest.get("http://example.com/"));
 * let step = send.resume();
 * while (step.type === "WantsRead" || step.type === "WantsWrite") {
 *   if (step.type === "WantsWrite") {
 *     transport.write(step.bytes);
 *     step = send.resume();
 *   } else {
 *     step = send.resume(transport.read());
 *   }
 * }
 * if (step.type === "Err") throw step.error;
 *
 * assertEquals(step.response.status, 200);
 * assertEquals(step.response.text(), "hi");
 * assertEquals(step.keepAlive, true);
 * ```
 *
 * @module
 */

export * from "./auth/mod.ts";
export * from "./coroutine.ts";
export * from "./error.ts";
export * from "./rfc1945/mod.ts";
export * from "./rfc9110/mod.ts";
export * from "./rfc9112/mod.ts";
export * from "./sse/mod.ts";
export * from "./well_known/mod.ts";
