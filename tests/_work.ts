// Cost without a clock: how many bytes are allocated and copied while something
// runs, and how often an array is looked at.

/** Bytes that went through the constructor and `set` of `Uint8Array`. */
export interface Work {
  allocated: number;
  /** The largest of the arrays that were allocated. */
  largest: number;
  copied: number;
}

/** Runs a function while a check sees the arguments of each new array. */
function watchArrays<T>(check: (args: unknown[]) => void, fn: () => T): T {
  const RealArray = globalThis.Uint8Array;
  globalThis.Uint8Array = new Proxy(RealArray, {
    construct(target, args: unknown[]) {
      check(args);
      return Reflect.construct(target, args, target);
    },
  });
  try {
    return fn();
  } finally {
    globalThis.Uint8Array = RealArray;
  }
}

/** Counts the bytes that a synchronous function allocates and copies. */
export function countWork(fn: () => void): Work {
  const work: Work = { allocated: 0, largest: 0, copied: 0 };
  const { prototype } = Uint8Array;
  const realSet = prototype.set;
  prototype.set = function (source: ArrayLike<number>, at?: number) {
    work.copied += source.length;
    realSet.call(this, source, at);
  };
  const count = ([length]: unknown[]) => {
    if (typeof length !== "number") return;
    work.allocated += length;
    work.largest = Math.max(work.largest, length);
  };
  try {
    watchArrays(count, fn);
  } finally {
    // The original is inherited.
    delete (prototype as { set?: unknown }).set;
  }
  return work;
}

/** An array that counts how often one of its bytes is looked at. */
export function countLooks(
  bytes: Uint8Array<ArrayBuffer>,
): { bytes: Uint8Array<ArrayBuffer>; looks: () => number } {
  let looks = 0;
  const proxy = new Proxy(bytes, {
    get(target, key) {
      const value = Reflect.get(target, key, target);
      if (typeof value === "number" && key !== "length") looks++;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { bytes: proxy, looks: () => looks };
}

/** Runs a function during which every allocation of a `Uint8Array` fails. */
export function withoutMemory<T>(fn: () => T): T {
  return watchArrays(([source]) => {
    // Views need no memory.
    if (source instanceof ArrayBuffer) return;
    throw new RangeError("Array buffer allocation failed");
  }, fn);
}
