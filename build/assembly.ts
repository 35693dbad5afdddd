/**
 * `deno task assembly` compiles the loops in assembly/ to WebAssembly and writes them as text into src/, or into the
 * folder that its argument names, so that the program need not read them from a file. The same sources give the same
 * bytes.
 *
 * The compiler is a hundred times as large as everything that the program uses, and everything that deno.lock lists is
 * fetched with the program. So the compiler has its own lock file, assembly/deno.lock, and is imported by a name that
 * Deno learns only at run time. To change a version, change it here, run the task with --frozen=false, and commit both
 * files.
 *
 * The optimiser is itself a large WebAssembly module. The task makes V8 compile only the functions that are called, and
 * without optimising them, because that takes longer than running them.
 *
 * @module
 */

/**
 * The largest function that is inlined, in instructions. A function that reads a field is fastest within the loop,
 * where its arguments are known.
 */
const INLINED_SIZE = 200;
/** The same for a function that is called in one place: any size. */
const ANY_SIZE = 100_000;

/**
 * Each source in assembly/, the file of src/ that it becomes, and up to which size a function is inlined that is called
 * in one place. Which size is faster was measured.
 */
const MODULES: readonly (readonly [source: string, target: string, oneCallerSize: number])[] = [
  ["csv_rows.ts", "formats/csv_rows_module.ts", ANY_SIZE],
  ["kline_rows.ts", "formats/kline_rows_module.ts", INLINED_SIZE],
  ["binance_messages.ts", "exchanges/binance/message_module.ts", ANY_SIZE],
];

const ASC = "npm:assemblyscript@0.28.20/asc";
/** The version that this version of AssemblyScript requires. */
const BINARYEN = "npm:binaryen@131.0.0-nightly.20260721";

const ASSEMBLY = new URL("../assembly/", import.meta.url);
const SRC = new URL("../src/", import.meta.url);
/** Pages of 64 kB, for the text that is read, the columns, and the compiler's own data below them. */
const MEMORY_PAGES = "4";
const MEMORY = ["--initialMemory", MEMORY_PAGES, "--maximumMemory", MEMORY_PAGES];
const FLAGS = ["--runtime", "stub", "--noAssert", "--enable", "simd", ...MEMORY];

/** The part of AssemblyScript that is used. */
interface Asc {
  main(
    args: readonly string[],
    files: {
      readonly readFile: (name: string) => string | null;
      readonly writeFile: (name: string, contents: Uint8Array | string) => void;
      readonly listFiles: () => readonly string[];
    },
  ): Promise<{ readonly error: Error | null; readonly stderr: unknown }>;
}

/** The part of Binaryen, its optimiser, that is used. */
interface Binaryen {
  readBinary(bytes: Uint8Array): { optimize(): void; emitBinary(): Uint8Array };
  setOptimizeLevel(level: number): void;
  setShrinkLevel(level: number): void;
  setAlwaysInlineMaxSize(size: number): void;
  setFlexibleInlineMaxSize(size: number): void;
  setOneCallerInlineMaxSize(size: number): void;
}

/**
 * Compiles `source` of assembly/ and returns the bytes of the module, in which functions that are called in one place
 * are inlined up to `oneCallerSize`. Throws an Error with the compiler's messages.
 */
async function compile(source: string, oneCallerSize: number): Promise<Uint8Array> {
  const asc: Asc = (await import(ASC)).default;
  const binaryen: Binaryen = (await import(BINARYEN)).default;
  let compiled = new Uint8Array();
  const { error, stderr } = await asc.main([source, "--outFile", "module.wasm", ...FLAGS], {
    readFile: (name) => readIfPresent(new URL(name, ASSEMBLY)),
    writeFile: (_, contents) => {
      if (contents instanceof Uint8Array) compiled = contents.slice();
    },
    listFiles: () => [],
  });
  if (error !== null) throw new Error(`assembly/${source} does not compile:\n${stderr}`);
  binaryen.setOptimizeLevel(4);
  binaryen.setShrinkLevel(0);
  binaryen.setAlwaysInlineMaxSize(INLINED_SIZE);
  binaryen.setFlexibleInlineMaxSize(INLINED_SIZE);
  binaryen.setOneCallerInlineMaxSize(oneCallerSize);
  const module = binaryen.readBinary(compiled);
  // The second pass simplifies what the first one inlines.
  module.optimize();
  module.optimize();
  return module.emitBinary();
}

function readIfPresent(path: URL): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function moduleText(source: string, bytes: Uint8Array): string {
  return `/** assembly/${source} as WebAssembly: \`deno task assembly\` writes this file. */
export const MODULE = Uint8Array.fromBase64(
  "${bytes.toBase64()}",
);
`;
}

if (import.meta.main) {
  const folder = Deno.args[0] === undefined ? SRC : new URL(`file://${Deno.realPathSync(Deno.args[0])}/`);
  for (const [source, target, oneCallerSize] of MODULES) {
    const bytes = await compile(source, oneCallerSize);
    const path = new URL(target, folder);
    Deno.mkdirSync(new URL(".", path), { recursive: true });
    Deno.writeTextFileSync(path, moduleText(source, bytes));
    console.log(`${target}: ${bytes.length} bytes`);
  }
}
