// Values that take time to load, and are needed more than once.

/**
 * Returns a function that loads a value when it is first called, in a promise until
 * the value is there. After a failure, the next call loads it again.
 */
export function loadOnce<Value extends object>(
  load: () => Value | Promise<Value>,
): () => Value | Promise<Value> {
  let known: Value | Promise<Value> | null = null;
  return () => {
    if (known !== null) return known;
    const loading = known = load();
    if (loading instanceof Promise) {
      // Handles a failure that comes when nobody waits for the value anymore.
      loading.then((value) => known = value, () => known = null);
    }
    return loading;
  };
}
