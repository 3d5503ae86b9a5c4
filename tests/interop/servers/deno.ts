// `Deno.serve`, of the Deno that runs the tests.

import type { Installed, Server } from "../_server.ts";
import { startDeno } from "./_origin.ts";

/** `Deno.serve`. */
export const deno: Server = {
  name: "Deno.serve",
  find: () => Promise.resolve(INSTALLED),
  cannot: {
    refused: "it asks for the body before the handler has answered",
  },
  persists: true,
  saysClose: true,
  validators: ["ETag", "Last-Modified"],
};

const INSTALLED: Installed = {
  version: `Deno ${Deno.version.deno}`,
  start: startDeno,
};
