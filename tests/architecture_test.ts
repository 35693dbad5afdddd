/**
 * Checks the architecture: which imports are allowed, what the pure folders may touch, and the names and lengths of
 * files. The checker takes the sources as a map, so it can be tested on made-up files too.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";

/** Which folders the files of a folder may import from, besides main.ts, which may import from all of them. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  domain: ["domain"],
  config: ["domain", "config"],
  stages: ["domain", "stages"],
  exchanges: ["domain", "stages", "exchanges"],
  formats: ["domain", "stages", "exchanges", "formats"],
  feeds: ["domain", "stages", "exchanges", "formats", "feeds"],
  simulator: ["domain", "stages", "exchanges", "formats", "feeds", "simulator"],
  stores: ["domain", "stages", "exchanges", "formats", "stores"],
  views: ["domain", "stages", "exchanges", "formats", "views"],
  commands: [
    ...["domain", "config", "stages", "exchanges", "formats"],
    ...["feeds", "simulator", "stores", "views"],
  ],
};

/** Files that a folder may import besides: options name the exchanges and the strategies that there are. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  config: [
    "src/exchanges/hosts.ts",
    "src/stages/strategies/known_strategies.ts",
    "src/stages/strategies/strategy_kind.ts",
  ],
};

/** The same input has to give the same output here, so nothing from outside may come in. */
const PURE_FOLDERS = ["domain", "config", "stages", "exchanges", "formats"];
const IMPURE: readonly [RegExp, string][] = [
  [/(?<![.\w$])Deno\b/, "Deno"],
  [/(?<![.\w$])console\b/, "console"],
  [/(?<![.\w$])Date\.now\b/, "Date.now"],
  [/\bnew Date(?!\w|\s*\(\s*[^\s)])/, "new Date()"],
  [/(?<![.\w$])Temporal\.Now\b/, "Temporal.Now"],
  [/(?<![.\w$])performance\b\s*\./, "performance"],
  [/(?<![.\w$])Math\.random\b/, "Math.random"],
  [/(?<![.\w$])(setTimeout|setInterval|setImmediate|queueMicrotask)\b/, "a timer"],
  [/(?<![.\w$])fetch\s*\(/, "fetch"],
  [/(?<![.\w$])crypto\b\s*\./, "crypto"],
  [/(?<![.\w$])async\s/, "async"],
  [/(?<![.\w$])await\s/, "await"],
];

const VAGUE_NAMES = ["utils.ts", "types.ts", "helpers.ts", "mod.ts", "index.ts"];
const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*\.ts$/;

const LINE_LIMIT = 400;
/** Files that may be longer than the limit, each with the reason why. */
const LONG_FILES: Readonly<Record<string, string>> = {};

/** Imports the strategy file that the user names, and nothing else. */
const USERS_MODULE = "src/feeds/files/strategy_file.ts";

const REGEX_BEFORE =
  /(^|[=(,:[!&|?{};+\-*%<>~^]|\b(return|typeof|case|in|of|do|else|void|throw|yield|await))\s*$/;

/**
 * The source with comments, the contents of string literals and regular expressions replaced by blanks. Quotes,
 * line breaks and every position stay, as does the code inside a template's `${}`.
 */
function codeOnly(source: string): string {
  const out = source.split("");
  const blank = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (out[i] !== "\n") out[i] = " ";
  };
  /** Braces open within each template expression that the position is in. */
  const templates: number[] = [];
  let i = 0;

  /** From after a backtick or a template expression to the end of the literal part. */
  const template = () => {
    const start = i;
    while (i < source.length && source[i] !== "`" && !source.startsWith("${", i)) {
      i += source[i] === "\\" ? 2 : 1;
    }
    blank(start, Math.min(i, source.length));
    if (source[i] === "`") i++;
    else {
      templates.push(0);
      i += 2;
    }
  };

  while (i < source.length) {
    const char = source[i]!;
    const open = templates.length - 1;
    if (source.startsWith("//", i)) {
      const start = i;
      i = source.indexOf("\n", i);
      if (i < 0) i = source.length;
      blank(start, i);
    } else if (source.startsWith("/*", i)) {
      const start = i;
      const end = source.indexOf("*/", i + 2);
      i = end < 0 ? source.length : end + 2;
      blank(start, i);
    } else if (char === '"' || char === "'") {
      const start = ++i;
      while (i < source.length && source[i] !== char && source[i] !== "\n") i += source[i] === "\\" ? 2 : 1;
      blank(start, Math.min(i, source.length));
      i++;
    } else if (char === "`") {
      i++;
      template();
    } else if (char === "/" && REGEX_BEFORE.test(out.slice(Math.max(0, i - 80), i).join(""))) {
      const start = ++i;
      let inClass = false;
      while (i < source.length && source[i] !== "\n" && (inClass || source[i] !== "/")) {
        if (source[i] === "[") inClass = true;
        else if (source[i] === "]") inClass = false;
        i += source[i] === "\\" ? 2 : 1;
      }
      blank(start, Math.min(i, source.length));
      i++;
    } else if (char === "{" && open >= 0) {
      templates[open] = templates[open]! + 1;
      i++;
    } else if (char === "}" && open >= 0) {
      i++;
      if (templates[open] === 0) {
        templates.pop();
        template();
      } else templates[open] = templates[open]! - 1;
    } else i++;
  }
  return out.join("");
}

const STATIC_IMPORT = /(?<![.\w$])(?:import|export)\b(?:[\w$\s{},*]*?\bfrom)?\s*(["'])/g;
const DYNAMIC_IMPORT = /(?<![.\w$])import\s*\(\s*(["'`]?)/g;

/** The imports of a source; null for an `import()` of something that is not a literal. */
function importsOf(source: string): (string | null)[] {
  const code = codeOnly(source);
  const found: [number, string | null][] = [];
  for (const pattern of [STATIC_IMPORT, DYNAMIC_IMPORT]) {
    for (const match of code.matchAll(pattern)) {
      const quote = match[1]!;
      const start = match.index + match[0].length;
      const literal = quote === "" ? null : source.slice(start, code.indexOf(quote, start));
      found.push([match.index, literal?.includes("${") ? null : literal]);
    }
  }
  return found.sort(([a], [b]) => a - b).map(([, specifier]) => specifier);
}

const RE_EXPORT = /\bexport\s+(?:type\s+)?(?:\*(?:\s+as\s+[\w$]+)?|\{[^}]*\})\s*from\s*(["'])\s*\1\s*;?/g;
const IMPORT = /\bimport\s+[\w$\s{},*]*?\bfrom\s*(["'])\s*\1\s*;?/g;
const EXPORT_LIST = /\bexport\s+(?:type\s+)?\{[^}]*\}\s*;?/g;

/** Whether a source only re-exports from other files. */
function isBarrel(source: string): boolean {
  const code = codeOnly(source);
  const rest = code.replace(RE_EXPORT, "").replace(IMPORT, "").replace(EXPORT_LIST, "");
  return /\bexport\b/.test(code) && rest.trim() === "";
}

/** The folder directly under src that a path is in; "" for other files. */
function layerOf(path: string): string {
  return path.match(/^src\/([^/]+)\//)?.[1] ?? "";
}

/** The command a path belongs to: `src/commands/run.ts` and all of `src/commands/run/` are one. */
function commandOf(path: string): string {
  return path.match(/^src\/commands\/([^/.]+)/)?.[1] ?? "";
}

function relativeProblem(from: string, specifier: string): string | undefined {
  const to = new URL(specifier, `file:///${from}`).pathname.slice(1);
  if (/^(tests|std)\//.test(to)) return "the program imports nothing of tests or std";
  if (from === "main.ts") return undefined;
  const layer = layerOf(from);
  const target = layerOf(to);
  if (target === "") return "nothing imports upward: only files within src's folders can be imported";
  if (layer === "commands" && target === "commands") {
    return commandOf(from) === commandOf(to) ? undefined : "a command imports no other command";
  }
  const allowed = LAYERS[layer] ?? [];
  return allowed.includes(target) || ALSO[layer]?.includes(to)
    ? undefined
    : `${layer} may import only ${allowed.join(", ")}`;
}

function packageProblem(from: string, specifier: string, packages: readonly string[]): string | undefined {
  if (specifier.startsWith("node:")) {
    return PURE_FOLDERS.includes(layerOf(from)) ? `${layerOf(from)} imports no node: module` : undefined;
  }
  const known = packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
  return known ? undefined : "packages are those of deno.json's imports, or node: modules";
}

/**
 * Everything in the sources that breaks a rule, one line each.
 *
 * `files` are the sources of main.ts and of everything under src by path, `packages` the names in deno.json's imports.
 */
function violations(files: ReadonlyMap<string, string>, packages: readonly string[]): string[] {
  const found: string[] = [];
  for (const [path, source] of files) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const layer = layerOf(path);
    const report = (rule: string) => found.push(`${path}: ${rule}`);

    if (path !== "main.ts" && !Object.hasOwn(LAYERS, layer)) {
      report(`only the folders ${Object.keys(LAYERS).join(", ")} are directly under src`);
    }
    if (!name.endsWith(".ts")) continue;
    if (VAGUE_NAMES.includes(name)) report(`the name ${name} does not say what is in the file`);
    if (!SNAKE_CASE.test(name)) report("file names are snake_case");
    if (isBarrel(source)) report("no file only re-exports");

    const lines = source.trimEnd().split("\n").length;
    if (lines > LINE_LIMIT && !Object.hasOwn(LONG_FILES, path)) {
      report(`${lines} lines are more than ${LINE_LIMIT}, and the file is not among the exceptions`);
    }
    for (const specifier of importsOf(source)) {
      if (specifier === null) {
        if (path !== USERS_MODULE) report("import() of something that is not a literal cannot be checked");
        continue;
      }
      const problem = /^\.{0,2}\//.test(specifier)
        ? relativeProblem(path, specifier)
        : packageProblem(path, specifier, packages);
      if (problem !== undefined) report(`imports "${specifier}", but ${problem}`);
    }
    if (PURE_FOLDERS.includes(layer)) {
      codeOnly(source).split("\n").forEach((line, index) => {
        for (const [pattern, what] of IMPURE) {
          if (pattern.test(line)) found.push(`${path}:${index + 1}: uses ${what}, but ${layer} is pure`);
        }
      });
    }
  }
  for (const circle of circlesIn(files)) found.push(`${circle.join(" → ")}: imports go in a circle`);
  for (const path of Object.keys(LONG_FILES)) {
    if (!files.has(path)) found.push(`${path}: is among the exceptions for long files, but does not exist`);
  }
  return found;
}

/** The circles of imports, each from a file back to it; of circles that share files one is enough. */
function circlesIn(files: ReadonlyMap<string, string>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const follow = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    if (at >= 0) found.push([...way.slice(at), path]);
    if (at >= 0 || done.has(path)) return;
    for (const specifier of importsOf(files.get(path) ?? "")) {
      if (specifier === null || !specifier.startsWith(".")) continue;
      follow(new URL(specifier, `file:///${path}`).pathname.slice(1), [...way, path]);
    }
    done.add(path);
  };
  for (const path of files.keys()) follow(path, []);
  return found;
}

function readTree(folder: URL, prefix: string, into: Map<string, string>): void {
  for (const entry of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (entry.isDirectory) readTree(new URL(`${entry.name}/`, folder), `${prefix}${entry.name}/`, into);
    else into.set(prefix + entry.name, Deno.readTextFileSync(new URL(entry.name, folder)));
  }
}

const ROOT = new URL("../", import.meta.url);
const PACKAGES = ["@std/log", "decimal.js"];

/** The result of `violations()` for one made-up file. */
function check(path: string, source: string): string[] {
  return violations(new Map([[path, source]]), PACKAGES);
}

Deno.test("violations() finds none in the program", () => {
  const files = new Map<string, string>();
  for (const { name } of Deno.readDirSync(ROOT)) {
    if (name === "main.ts") files.set(name, Deno.readTextFileSync(new URL(name, ROOT)));
  }
  readTree(new URL("src/", ROOT), "src/", files);
  const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  assertEquals(violations(files, Object.keys(config.imports)), []);
});

Deno.test("violations() names file, import and rule of an import against the direction", () => {
  assertEquals(check("src/domain/money.ts", `import { a } from "../stages/average.ts";\na();\n`), [
    `src/domain/money.ts: imports "../stages/average.ts", but domain may import only domain`,
  ]);
  const forbidden: [string, string][] = [
    ["src/domain/a.ts", "../config/b.ts"],
    ["src/config/a.ts", "../stages/b.ts"],
    ["src/config/a.ts", "../exchanges/b.ts"],
    ["src/stages/a.ts", "../formats/b.ts"],
    ["src/exchanges/a.ts", "../formats/b.ts"],
    ["src/views/a.ts", "../config/b.ts"],
    ["src/stores/a.ts", "../simulator/b.ts"],
    ["src/stages/a.ts", "../feeds/b.ts"],
    ["src/stages/deep/a.ts", "../../views/b.ts"],
    ["src/feeds/a.ts", "../stores/b.ts"],
    ["src/feeds/a.ts", "../views/b.ts"],
    ["src/stores/a.ts", "../feeds/b.ts"],
    ["src/views/a.ts", "../stores/b.ts"],
    ["src/views/a.ts", "../commands/b.ts"],
    ["src/views/a.ts", "../../main.ts"],
    ["src/commands/run.ts", "./demo.ts"],
    ["src/commands/run/a.ts", "../demo/b.ts"],
    ["src/feeds/a.ts", "../../tests/b.ts"],
    ["src/feeds/a.ts", "../../std/log/mod.ts"],
    ["main.ts", "./std/log/mod.ts"],
  ];
  for (const [path, specifier] of forbidden) {
    for (
      const form of [
        `import x from "S";`,
        `import "S";`,
        `export * from "S";\nexport const b = 1;`,
        `await import("S");`,
      ]
    ) {
      const found = check(path, `${form.replace("S", specifier)}\nexport const a = 1;\n`);
      assertStringIncludes(found.join("\n"), `${path}: imports "${specifier}", but `);
    }
  }
});

Deno.test("violations() allows the imports that go one way", () => {
  const allowed: [string, string][] = [
    ["src/domain/a.ts", "./b.ts"],
    ["src/config/a.ts", "../exchanges/hosts.ts"],
    ["src/simulator/a.ts", "../feeds/b.ts"],
    ["src/stages/a.ts", "../domain/b.ts"],
    ["src/feeds/a.ts", "../stages/b.ts"],
    ["src/stores/a.ts", "../domain/b.ts"],
    ["src/views/deep/a.ts", "../../stages/b.ts"],
    ["src/views/a.ts", "node:buffer"],
    ["src/views/a.ts", "@std/log/setup"],
    ["src/commands/run.ts", "../feeds/b.ts"],
    ["src/commands/run.ts", "./run/b.ts"],
    ["main.ts", "./src/commands/run.ts"],
    ["main.ts", "./deno.json"],
  ];
  for (const [path, specifier] of allowed) {
    assertEquals(check(path, `import type { A } from "${specifier}";\nexport const a: A = 1;\n`), []);
  }
});

Deno.test("violations() finds imports that go in a circle, of types too", () => {
  const files = new Map([
    ["src/domain/a.ts", `import { b } from "./b.ts";\nexport const a = b;\n`],
    ["src/domain/b.ts", `import { c } from "./deep/c.ts";\nexport const b = c;\n`],
    ["src/domain/deep/c.ts", `import type { A } from "../a.ts";\nexport const c: A = 1;\n`],
    ["src/domain/d.ts", `import { a } from "./a.ts";\nexport const d = a;\n`],
  ]);
  assertEquals(violations(files, PACKAGES), [
    "src/domain/a.ts → src/domain/b.ts → src/domain/deep/c.ts → src/domain/a.ts: imports go in a circle",
  ]);
});

Deno.test("violations() knows the packages, and takes no import that it cannot read", () => {
  for (
    const specifier of ["npm:decimal.js", "jsr:@std/log", "https://x.test/a.ts", "decimal.js-light", "fs"]
  ) {
    assertStringIncludes(
      check("src/feeds/a.ts", `import "${specifier}";`).join(),
      `imports "${specifier}", but packages`,
    );
  }
  assertStringIncludes(
    check("src/domain/a.ts", `import "node:fs";`).join(),
    "domain imports no node: module",
  );
  assertStringIncludes(check("src/feeds/a.ts", "const a = import(name);").join(), "not a literal");
  assertStringIncludes(check("src/feeds/a.ts", "const a = import(`./${name}.ts`);").join(), "not a literal");
});

Deno.test("violations() finds what is impure in code, and only in code", () => {
  const impure = [
    "Deno.readTextFileSync(a)",
    "console.log(a)",
    "Date.now()",
    "new Date()",
    "new Date",
    "performance.now()",
    "Math.random()",
    "setTimeout(a, 1)",
    "fetch(a)",
    "crypto.getRandomValues(a)",
    "async () => {}",
    "await a",
    "`time ${`and ${Date.now()}`}`",
    "a / Date.now() / b",
  ];
  for (const code of impure) {
    assertEquals(
      check("src/stages/a.ts", `export const b = 1;\nexport const c = ${code};\n`).length,
      1,
      code,
    );
    assertEquals(check("src/feeds/a.ts", `export const c = ${code};\n`), [], code);
  }
  const pure = [
    "new Date(1)",
    "new Date( millis )",
    `"Date.now()"`,
    `'it\\'s Deno.env'`,
    "`await ${a} Math.random() ${{ b: { c } }.b} Deno.env`",
    "/* fetch(a) */ 1 // console.log(a)",
    "/[/'\"]console.log\\//.test(a)",
    "[1, /`/, /console.x/]",
    "a.fetch(b)",
    "this.performance.now",
    "asynchronous + awaited",
  ];
  for (const code of pure) {
    assertEquals(check("src/stages/a.ts", `/** Deno.env */\nexport const c = ${code};\n`), [], code);
  }
});

Deno.test("violations() finds vague names, other folders, other spelling, long files and barrels", () => {
  const source = "export const a = 1;\n";
  assertStringIncludes(check("src/domain/utils.ts", source).join(), "the name utils.ts");
  assertStringIncludes(check("src/lib/money.ts", source).join(), "only the folders");
  assertStringIncludes(check("src/money.ts", source).join(), "only the folders");
  assertStringIncludes(check("src/domain/moneyText.ts", source).join(), "snake_case");
  assertStringIncludes(check("src/domain/money-text.ts", source).join(), "snake_case");
  assertEquals(check("src/views/page.css", "a {}"), []);
  assertEquals(check("src/domain/long.ts", source.repeat(400)), []);
  assertStringIncludes(check("src/domain/long.ts", source.repeat(401)).join(), "401 lines are more than 400");
  const barrels = [
    `/** All. */\nexport * from "./a.ts";\nexport { b, type C } from "./b.ts";\nexport type { D } from "./d.ts";\n`,
    `import { a } from "./a.ts";\nexport { a };\n`,
    `export * as a from './a.ts'`,
  ];
  for (const barrel of barrels) assertEquals(check("src/domain/all.ts", barrel).length, 1, barrel);
  assertEquals(check("src/domain/all.ts", `export { b } from "./b.ts";\nexport const a = 1;\n`), []);
});
