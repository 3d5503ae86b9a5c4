// Values that take time to load, and are needed more than once.

/**
 * Returns a function that loads a value, in a promise until the value is there. Each
 * call before that loads it on its own: on Workers, a promise never settles once the
 * request that made it has ended, and would keep all others waiting.
 */
export function loadOnce<Value extends object>(
  load: () => Value | Promise<Value>,
): () => Value | Promise<Value> {
  let known: Value | null = null;
  return () => {
    if (known !== null) return known;
    const loading = load();
    if (!(loading instanceof Promise)) return known = loading;
    const loaded = loading.then((value) => known = value);
    // Handles a failure that comes when nobody waits for the value anymore.
    loaded.catch(() => {});
    return loaded;
  };
}
