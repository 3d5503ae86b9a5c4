import { assertEquals, assertRejects } from "@std/assert";
import { loadOnce } from "../../agent/load_once.ts";

Deno.test("loadOnce loads a value until one is there, which it then returns itself", async () => {
  let loads = 0;
  const never = new Promise<{ number: number }>(() => {});
  const load = loadOnce(() =>
    ++loads === 1 ? never : Promise.resolve({ number: loads })
  );
  assertEquals([load(), load()].every((it) => it instanceof Promise), true);
  const value = await load();
  assertEquals([load() === value, loads], [true, 3]);
  const known = { number: 0 };
  assertEquals(loadOnce(() => known)() === known, true);
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
