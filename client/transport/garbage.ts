// Objects that are collected as garbage. Workers with a compatibility date before May
// 2025 have neither of the classes: nothing notices there, and a request that has
// ended takes its sockets with it anyway.

/** Calls back with a value when an object is collected. */
export type Registry<Value> = Pick<
  FinalizationRegistry<Value>,
  "register" | "unregister"
>;

/** A reference that does not keep its object alive. */
export type Ref<Value extends object> = Pick<WeakRef<Value>, "deref">;

/** Creates a registry, which never calls back if the runtime has none. */
export function makeRegistry<Value>(
  callback: (value: Value) => void,
): Registry<Value> {
  return "FinalizationRegistry" in globalThis
    ? new FinalizationRegistry(callback)
    : { register() {}, unregister: () => false };
}

/** Creates a reference, which keeps the object alive if the runtime has no other. */
export function makeRef<Value extends object>(value: Value): Ref<Value> {
  return "WeakRef" in globalThis ? new WeakRef(value) : { deref: () => value };
}
