// Nothing: what an import costs in itself.

export {};
