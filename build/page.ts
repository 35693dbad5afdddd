/**
 * `deno task page` bundles the scripts in web/ for browsers, and writes them as text into src/, or into the folder that
 * its argument names, so that the program need not read them from a file. The same sources give the same bytes.
 *
 * web/deno.json and web/deno.lock name the packages that only the pages use.
 *
 * @module
 */

const WEB = new URL("../web/", import.meta.url);
const SRC = new URL("../src/", import.meta.url);

/** The pages. Each has one script, the common style and its own, and a module in src/. */
const PAGES = [
  {
    what: "the report's page",
    script: "report.ts",
    style: "report.css",
    packages: ["uPlot"],
    target: "views/report/page_parts.ts",
  },
  {
    what: "the live page",
    script: "live.ts",
    style: "live.css",
    packages: ["uPlot", "decimal.js"],
    target: "views/page/page_parts.ts",
  },
] as const;

/** What a command of Deno prints in web/. Throws an Error with Deno's messages if it fails. */
async function printed(command: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [command, "--quiet", "--config=deno.json", "--frozen", ...args],
    cwd: WEB,
  }).output();
  if (!success) throw new Error(`deno ${command} ${args.join(" ")}:\n${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}

/** The script of a page, for browsers, without comments and spaces. */
function bundled(script: string): Promise<string> {
  return printed("bundle", "--platform=browser", "--minify", script);
}

/** A style sheet without comments and unneeded spaces. */
function compact(style: string): string {
  return style.replace(/\/\*[^]*?\*\//g, "").replace(/\s*\n\s*/g, "").replace(/\s*([{};])\s*/g, "$1").trim();
}

/** What the packages provide in addition to their scripts. */
interface PackageParts {
  /** By package. They must be part of every copy. */
  readonly licenses: Readonly<Record<string, string>>;
  readonly chartStyle: string;
}

if (import.meta.main) {
  const folder = Deno.args[0] === undefined ? SRC : new URL(`file://${Deno.realPathSync(Deno.args[0])}/`);
  const parts: PackageParts = JSON.parse(
    await printed("run", "--no-prompt", "--allow-read", "page_packages.ts"),
  );
  const common = parts.chartStyle + Deno.readTextFileSync(new URL("base.css", WEB));
  for (const { what, script: entry, style: own, packages, target } of PAGES) {
    // A browser reads \r\n as \n, which would change the hash of the script.
    const licenses = packages.map((name) =>
      `/* This page contains ${name}.\n${parts.licenses[name]!.replaceAll("\r\n", "\n").trim()} */\n`
    );
    const script = licenses.join("") + await bundled(entry);
    const style = compact(common + Deno.readTextFileSync(new URL(own, WEB)));
    const path = new URL(target, folder);
    Deno.mkdirSync(new URL(".", path), { recursive: true });
    Deno.writeTextFileSync(
      path,
      `/** The parts of web/ that ${what} contains: \`deno task page\` writes this file. */
export const SCRIPT = ${JSON.stringify(script)};
export const STYLE = ${JSON.stringify(style)};
`,
    );
    console.log(`${target}: ${script.length} characters of script, ${style.length} of style`);
  }
}
