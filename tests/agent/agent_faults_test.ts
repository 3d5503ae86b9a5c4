// The agent under random faults (docs/policies.md, "Pool" and "Sending again"). Only
// counts that must be exact are checked.

import { assert, assertEquals } from "@std/assert";
import { HttpError, HttpRequest } from "@pimalaya/io-http";
import { HttpAgent } from "@pimalaya/io-http/agent";
import { Random } from "../soak/plans.ts";
import { settle } from "./_clock.ts";
import { Network, ok, type Reply } from "./_network.ts";

/** Runs calls, a fixed number at once. */
async function runAll(
  count: number,
  atOnce: number,
  run: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  // The agent's timers do not keep the test alive.
  const alive = setInterval(() => {}, 1000);
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count) await run(next++);
  }));
  clearInterval(alive);
}

/** Checks that nothing is in use, and closes the agent. */
async function finish(agent: HttpAgent, network: Network): Promise<void> {
  // Connections that were opened for calls served by others may still arrive.
  for (let turn = 0; turn < 20; turn++) await settle();
  const { busy, connecting, waiting } = agent.stats();
  assertEquals([busy, connecting, waiting], [0, 0, 0]);
  await agent.close();
  await settle();
  assertEquals(network.open, 0);
}

Deno.test("Sending again: HttpAgent sends nothing twice that must not be, for any behavior of the server", async () => {
  const random = new Random(7);
  const fates: (() => Reply)[] = [
    () => ({ then: "close" }),
    () => ({ then: "reset" }),
    () => ({ then: "stall" }),
    () => ({ write: ok("body").slice(0, random.below(60)), then: "close" }),
    () => ({ write: ok("body").slice(0, random.below(60)), then: "reset" }),
    () => ({ write: ok("body"), then: "close" }),
    () => ({ write: ok("body"), then: "reset" }),
    () => ok("body", { Connection: "close" }),
    () => ok("body") + "unsolicited",
  ];
  const network = new Network(() =>
    random.below(4) > 0 ? ok("body") : random.pick(fates)()
  );
  const limits = { maxConnections: 12, maxConnectionsPerOrigin: 8 };
  const agent = new HttpAgent({
    connector: network,
    pool: limits,
    timeouts: { head: 20, body: 20 },
  });
  const outcomes = new Map<string, boolean>();
  await runAll(4000, 64, async (index) => {
    const method = random.below(2) === 0 ? "GET" : "POST";
    const id = `/${method}-${index}`;
    const url = `http://${index % 3}.example${id}`;
    const end = await agent.send(new HttpRequest(method, url))
      .catch((error) => error);
    outcomes.set(id, !(end instanceof Error));
    if (end instanceof Error) assert(end instanceof HttpError, `${end}`);
    else assertEquals(end.response.text(), "body");
  });

  const arrivals = Map.groupBy(network.requests, ({ target }) => target);
  assertEquals(outcomes.size, 4000);
  for (const [id, isOk] of outcomes) {
    const count = arrivals.get(id)?.length ?? 0;
    assert(count <= (id.startsWith("/GET") ? 2 : 1), `${id}: ${count} times`);
    if (isOk) assert(count >= 1);
  }
  assert(network.peak <= limits.maxConnections, `${network.peak} at once`);
  await finish(agent, network);
});

Deno.test("Pool: HttpAgent keeps its limits when 1,000 calls are aborted at random instants", async () => {
  const random = new Random(11);
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn++) {
      await (turn % 4 === 3 ? settle() : Promise.resolve());
    }
  };
  const network = new Network(() => ({
    write: ok("body"),
    after: turns(random.below(8)),
  }));
  const connect = network.connect.bind(network);
  // As the agent counts them: the far ends learn of an abort a little later.
  let peak = 0;
  network.connect = async (...args) => {
    const { open, connecting } = agent.stats();
    peak = Math.max(peak, open + connecting);
    await turns(random.below(12));
    return await connect(...args);
  };
  const limits = { maxConnections: 6, maxConnectionsPerOrigin: 4 };
  const agent = new HttpAgent({ connector: network, pool: limits });
  const reason = new Error("enough");
  let aborted = 0;
  await runAll(1000, 40, async (index) => {
    const controller = new AbortController();
    const { signal } = controller;
    const url = `http://${index % 3}.example/`;
    const call = index % 2 === 0
      ? agent.send(url, { signal })
      : agent.exchange(url, { signal }).then((exchange) => exchange.text());
    turns(random.below(30)).then(() => controller.abort(reason));
    const end = await call.catch((error) => error);
    if (end instanceof Error) {
      assertEquals(end, reason);
      aborted++;
    }
  });
  assert(aborted > 100 && aborted < 1000, `${aborted} were aborted`);
  assert(peak > 1 && peak <= limits.maxConnections, `${peak} at once`);
  for (let host = 0; host < 3; host++) {
    const { response } = await agent.send(`http://${host}.example/`);
    assertEquals(response.text(), "body");
  }
  await finish(agent, network);
});
