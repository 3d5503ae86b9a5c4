// How much memory this process holds, and the most that it held.

const MIB = 1024 * 1024;
const POLL_MILLISECONDS = 5;

/** Formats an amount of memory. */
export function formatMib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

/** Watches how the process grows. */
export class GrowthWatch {
  readonly #before: number;
  #peak: number;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor() {
    resetPeak();
    this.#before = this.#peak = Deno.memoryUsage().rss;
    // If the system keeps no peak, looking often is the next best way.
    this.#timer = setInterval(() => this.#look(), POLL_MILLISECONDS);
  }

  /** The memory of the process when the watch was started. */
  get before(): number {
    return this.#before;
  }

  /** Stops watching, and returns the growth at its peak. */
  stop(): number {
    clearInterval(this.#timer);
    this.#look();
    this.#peak = Math.max(this.#peak, readPeak() ?? 0);
    return this.#peak - this.#before;
  }

  #look(): void {
    this.#peak = Math.max(this.#peak, Deno.memoryUsage().rss);
  }
}

/** On Linux, starts the kernel's own record of the peak anew. */
function resetPeak(): void {
  if (Deno.build.os !== "linux") return;
  Deno.writeTextFileSync("/proc/self/clear_refs", "5");
}

function readPeak(): number | null {
  if (Deno.build.os !== "linux") return null;
  const status = Deno.readTextFileSync("/proc/self/status");
  const [, kib] = /^VmHWM:\s+(\d+) kB/m.exec(status) ?? [];
  return kib === undefined ? null : Number(kib) * 1024;
}
