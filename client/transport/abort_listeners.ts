// Listening to a signal that many calls may share, such as that of a shutdown.
//
// The runtimes search all listeners of a signal whenever one is added: on each of them,
// 40,000 take some 7 s. So each signal has a single listener, which calls all of ours.

interface Listeners {
  readonly callbacks: Set<() => void>;
  readonly callAll: () => void;
}

const listenersOf = new WeakMap<AbortSignal, Listeners>();

/**
 * Calls back when a signal aborts, which it has not yet.
 *
 * @returns A function that undoes this.
 */
export function addAbortListener(
  signal: AbortSignal,
  callback: () => void,
): () => void {
  let listeners = listenersOf.get(signal);
  if (listeners === undefined) {
    const callbacks = new Set<() => void>();
    const callAll = () => {
      for (const callback of callbacks) attempt(callback);
    };
    listeners = { callbacks, callAll };
    listenersOf.set(signal, listeners);
    signal.addEventListener("abort", callAll);
  }
  const { callbacks, callAll } = listeners;
  callbacks.add(callback);
  return () => {
    if (!callbacks.delete(callback) || callbacks.size > 0) return;
    listenersOf.delete(signal);
    signal.removeEventListener("abort", callAll);
  };
}

/** Reports the error of a callback, as the runtime does, and lets the others run. */
function attempt(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
