// Maps of a limited size.

/** Makes an entry the newest of a map, and drops the oldest if there are too many. */
export function keepNewest<Value>(
  map: Map<string, Value>,
  key: string,
  value: Value,
  max: number,
): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > max) map.delete(map.keys().next().value!);
}
