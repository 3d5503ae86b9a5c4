// How fast a body of 100 MB goes down and up, and how much memory it takes
// where it is held.

import { printGroup, runScript } from "./_group.ts";
import { type Effort, measure, spreadOf } from "./_measure.ts";
import {
  byobDownload,
  connBufferedDownload,
  connDownload,
  connUpload,
  type Download,
  fetchBufferedDownload,
  fetchDownload,
  fetchUpload,
  ourBufferedDownload,
  ourByobDownload,
  ourDownload,
  ourUpload,
  streamDownload,
  undiciDownload,
} from "./_peers_transfer.ts";
import { startCannedServer, startServer } from "./_servers.ts";
import { bytesPerSecond, ratioRows, type Row } from "./_table.ts";

const BODY_BYTES = 100_000_000;
const PEAK_CHILD = new URL("./_peak_child.ts", import.meta.url);
const PEAK_ROUNDS = 3;
const EFFORT: Effort = {
  rounds: 11,
  sampleMilliseconds: 400,
  warmUpMilliseconds: 500,
};
const format = bytesPerSecond(BODY_BYTES);

if (import.meta.main) {
  await using server = await startServer(BODY_BYTES);
  await using canned = await startCannedServer();
  const download = {
    url: `${server.origin}/bytes/${BODY_BYTES}`,
    length: BODY_BYTES,
  };
  const upload = { url: `${canned.origin}/`, length: BODY_BYTES };
  await printGroup(
    `transfer: a body of 100 MB over one TCP connection on the loopback ` +
      `interface; downloads from ${server.name}, uploads to ${canned.name}`,
    async () => [
      ...await measureDownload(download),
      ...await measureBufferedDownload(download),
      ...await measurePeak(download),
      ...await measureUpload(upload),
    ],
  );
}

async function measureDownload(download: Download): Promise<Row[]> {
  const [oursByob, byob, ours, fetch, undici, stream, conn] = await measure([
    await ourByobDownload(download),
    await byobDownload(download),
    await ourDownload(download),
    fetchDownload(download),
    undiciDownload(download),
    await streamDownload(download),
    await connDownload(download),
  ], EFFORT);
  return [
    ...ratioRows(
      "download streamed by exchange, BYOB reader",
      oursByob!,
      [[byob!, { atLeast: 0.9 }], [conn!, null]],
      format,
    ),
    ...ratioRows(
      "download streamed by exchange, default reader",
      ours!,
      [
        [fetch!, { atLeast: 1.2 }],
        [undici!, null],
        [stream!, null],
        [byob!, null],
      ],
      format,
    ),
  ];
}

async function measureBufferedDownload(download: Download): Promise<Row[]> {
  const [ours, fetch, conn] = await measure([
    await ourBufferedDownload(download),
    fetchBufferedDownload(download),
    await connBufferedDownload(download),
  ], EFFORT);
  return ratioRows(
    "download buffered by send",
    ours!,
    [[fetch!, { atLeast: 3 }], [conn!, null]],
    format,
  );
}

/** Has one download made by a process that does nothing else. */
async function measurePeak({ url, length }: Download): Promise<Row[]> {
  const growths: { ours: number; fetch: number }[] = [];
  for (let round = 0; round < PEAK_ROUNDS; round++) {
    const ours = Number(await runScript(PEAK_CHILD, ["io-http", url]));
    const fetch = Number(await runScript(PEAK_CHILD, ["fetch", url]));
    growths.push({ ours: ours / length, fetch: fetch / length });
  }
  const ours = spreadOf(growths.map(({ ours }) => ours));
  const fetch = spreadOf(growths.map(({ fetch }) => fetch));
  return [{
    what: "peak memory of that, in bodies",
    ours: ours.median.toFixed(2),
    peer: "fetch().arrayBuffer()",
    theirs: fetch.median.toFixed(2),
    value: ours,
    unit: "bodies",
    target: { atMost: 1.5 },
  }];
}

async function measureUpload(upload: Download): Promise<Row[]> {
  const [ours, fetch, conn] = await measure([
    await ourUpload(upload),
    fetchUpload(upload),
    await connUpload(upload),
  ], EFFORT);
  return ratioRows(
    "upload streamed by exchange, chunked",
    ours!,
    [[fetch!, { atLeast: 1 }], [conn!, null]],
    format,
  );
}
