import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { defaultConnector } from "../../../client/connect/default.ts";
import { denoConnector } from "../../../client/connect/deno.ts";
import { nodeConnector } from "../../../client/connect/node.ts";

/** Runs a test as if this were another runtime. */
function inRuntime(globals: Record<string, unknown>, run: () => void): void {
  const saved = Object.entries(Object.getOwnPropertyDescriptors(globalThis))
    .filter(([name]) => ["Deno", "navigator", "process"].includes(name));
  for (const [name] of saved) {
    const value = globals[name];
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  try {
    run();
  } finally {
    for (const [name, descriptor] of saved) {
      Object.defineProperty(globalThis, name, descriptor);
    }
  }
}

const WORKERS = { userAgent: "Cloudflare-Workers" };

Deno.test("defaultConnector returns the runtime's connector", () => {
  assertStrictEquals(defaultConnector(), denoConnector);
  const process = { getBuiltinModule: () => ({ connect() {} }) };
  inRuntime({ process }, () => {
    assertStrictEquals(defaultConnector(), nodeConnector);
  });
  inRuntime({ process, navigator: WORKERS }, () => {
    const connector = defaultConnector();
    assertEquals([denoConnector, nodeConnector].includes(connector), false);
  });
});

Deno.test("defaultConnector throws an error with the remedy if it finds no sockets", () => {
  for (
    const [globals, message] of [
      [{}, "pass the option `connector`"],
      [{ navigator: WORKERS }, "cloudflareConnector(connect)"],
      [{ navigator: WORKERS, process: {} }, "cloudflareConnector(connect)"],
    ] as const
  ) {
    inRuntime(globals, () => {
      assertThrows(defaultConnector, TypeError, message);
    });
  }
});
