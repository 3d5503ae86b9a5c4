// The chart of the README: bars for the rows that matter most.

import type { Measured } from "./_report.ts";
import type { Row } from "./_table.ts";

// Row, peer, and runtime; the label says the same in few words.
const BARS = [
  ["agent.fetch and text(), 64 at once", "fetch", "Deno"],
  ["agent.send, 64 at once", "undici request", "Deno"],
  ["send, 64 connections", "undici request", "Node"],
  ["agent.fetch and text(), 64 at once", "fetch", "Node"],
  ["100 MB down, agent.fetch", "fetch", "Deno"],
  ["5 fields", "llhttp", "Deno"],
] as const;

const WIDTH = 720;
const LABEL_WIDTH = 400;
const BAR_HEIGHT = 18;
const STEP = 34;
const TOP = 44;

/** Draws the chart as an SVG that follows the reader's light or dark mode. */
export function drawChart(measured: readonly Measured[]): string {
  const bars = BARS.flatMap(([what, peer, runtime]) => {
    const row = findRow(measured, what, peer, runtime);
    return row === null ? [] : [{ row, runtime }];
  });
  const most = Math.max(2, ...bars.map(({ row }) => row.value.median));
  const scale = (WIDTH - LABEL_WIDTH - 60) / most;
  const height = TOP + bars.length * STEP + 10;
  const one = LABEL_WIDTH + scale;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">
<title id="title">Speed of this package as a multiple of its peers</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.bar { fill: #2f6f4f; }
.one { stroke: #8c959f; stroke-dasharray: 4 3; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.bar { fill: #57ab7f; }
.one { stroke: #7d8590; }
}
</style>
<text x="0" y="18" font-weight="600">Speed as a multiple of the peer's</text>
<line class="one" x1="${one}" y1="${TOP - 14}" x2="${one}" y2="${height - 6}"/>
<text x="${one}" y="${TOP - 18}" text-anchor="middle">1</text>
${bars.map(({ row, runtime }, i) => drawBar(row, runtime, i, scale)).join("\n")}
</svg>
`;
}

function drawBar(row: Row, runtime: string, i: number, scale: number): string {
  const y = TOP + i * STEP;
  const width = row.value.median * scale;
  const end = LABEL_WIDTH + width;
  return `<text x="0" y="${y + 14}">${escape(row.what)}, ${runtime}</text>
<rect class="bar" x="${LABEL_WIDTH}" y="${y}" width="${
    width.toFixed(1)
  }" height="${BAR_HEIGHT}" rx="2"/>
<text x="${(end + 6).toFixed(1)}" y="${y + 14}">${
    row.value.median.toFixed(1)
  } × ${escape(row.peer)}</text>`;
}

function findRow(
  measured: readonly Measured[],
  what: string,
  peer: string,
  runtime: string,
): Row | null {
  for (const group of measured) {
    if (!group.runtime.startsWith(runtime)) continue;
    const row = group.rows.find((row) =>
      row.what.includes(what) && row.peer.startsWith(peer)
    );
    if (row !== undefined) return row;
  }
  return null;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
