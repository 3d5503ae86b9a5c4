// Downloads a body into memory once, and prints by how many bytes the process
// grew for it at most.
//
//   _peak_child.ts io-http|fetch URL

import { GrowthWatch } from "./_process_memory.ts";
import { fetchHeldDownload, heldDownload, transfer } from "./_transfers.ts";

const [name, url] = Deno.args as [string, string];
const length = Number(url.slice(url.lastIndexOf("/") + 1));
const move = name === "fetch" ? fetchHeldDownload : heldDownload;
const contender = await transfer(name, move, url, length);

const watch = new GrowthWatch();
await contender.run(1);
console.log(watch.stop());
