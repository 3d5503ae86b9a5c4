// An empty module: the cost of an import itself.

export {};
