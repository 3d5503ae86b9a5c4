import { assertEquals, assertRejects } from "@std/assert";
import { loadOnce } from "../../agent/load_once.ts";

Deno.test("loadOnce loads a value once, and returns it itself once it is there", async () => {
  let loads = 0;
  const load = loadOnce(() => Promise.resolve({ number: ++loads }));
  const [first, second] = [load(), load()];
  assertEquals(first instanceof Promise && first === second, true);
  const value = await first;
  assertEquals([load() === value, value.number], [true, 1]);
});

Deno.test("loadOnce loads a value again after a failure, which need not be handled", async () => {
  let loads = 0;
  const load = loadOnce(async () => {
    if (++loads < 3) throw new Error("offline");
    return await Promise.resolve({ loads });
  });
  load();
  await new Promise((resolve) => setTimeout(resolve, 0));
  await assertRejects(async () => await load(), Error, "offline");
  assertEquals(await load(), { loads: 3 });
});
