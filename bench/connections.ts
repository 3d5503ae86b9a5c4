// How many small requests a second go over connections that are kept open.

import { printGroup } from "./_group.ts";
import { type Contender, type Effort, measure } from "./_measure.ts";
import {
  BARE_BYOB,
  BARE_CONN,
  BARE_STREAMS,
  type Exchanger,
  FETCH,
  NODE_HTTP,
  OURS,
  type Peer,
  UNDICI,
} from "./_peers_net.ts";
import { startServer } from "./_servers.ts";
import { perSecond, ratioRows, type Row, type Target } from "./_table.ts";

const BODY_LENGTH = 11;
const EFFORT: Effort = {
  rounds: 11,
  sampleMilliseconds: 500,
  warmUpMilliseconds: 1000,
};

if (import.meta.main) {
  await using server = await startServer(0);
  await printGroup(
    "connections: small keep-alive requests through HttpClient.send to " +
      `${server.name} in another process, over TCP on the loopback ` +
      "interface; one after the other on each connection; requests a second",
    () => measureConnections(`${server.origin}/small`),
  );
}

async function measureConnections(url: string): Promise<Row[]> {
  return [
    ...await measureAtOnce("1 connection", url, 1, [
      [BARE_STREAMS, { atLeast: 0.95 }],
      [FETCH, { atLeast: 1.3 }],
      [BARE_BYOB, null],
      [BARE_CONN, null],
    ]),
    ...await measureAtOnce("64 connections at once", url, 64, [
      [BARE_BYOB, { atLeast: 0.85 }],
      [FETCH, { atLeast: 2.3 }],
      [UNDICI, { atLeast: 1.9 }],
      [NODE_HTTP, { atLeast: 1.5 }],
      [BARE_CONN, null],
    ]),
  ];
}

async function measureAtOnce(
  what: string,
  url: string,
  connections: number,
  peers: readonly (readonly [Peer, Target | null])[],
): Promise<Row[]> {
  const contenders: Contender[] = [];
  for (const peer of [OURS, ...peers.map(([peer]) => peer)]) {
    const exchangers = await peer.open(url, connections);
    contenders.push({
      name: peer.name,
      run: (times) => sendAll(exchangers, times),
    });
  }
  const [ours, ...others] = await measure(contenders, EFFORT);
  return ratioRows(
    what,
    ours!,
    others.map((result, i) => [result, peers[i]![1]]),
    perSecond,
  );
}

/** Sends that many requests in all, as many at once as there are connections. */
async function sendAll(
  exchangers: readonly Exchanger[],
  times: number,
): Promise<void> {
  let left = times;
  await Promise.all(exchangers.map(async (exchanger) => {
    while (left > 0) {
      left--;
      const length = await exchanger.exchange();
      if (length !== BODY_LENGTH) throw new Error(`Body of ${length} bytes`);
    }
  }));
}
