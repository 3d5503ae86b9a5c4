// Imports the named module, and prints how many milliseconds it took.

const start = performance.now();
await import(Deno.args[0]!);
console.log(performance.now() - start);
