/** For `deno run --preload`: the program takes itself for a compiled one. */
Object.defineProperty(Deno, "build", { value: { ...Deno.build, standalone: true } });
