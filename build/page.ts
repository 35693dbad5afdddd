/**
 * `deno task page` bundles the scripts in web/ for browsers, and writes them as text into src/, or into the folder that
 * its argument names, so that the program has them without reading a file. The same sources give the same bytes.
 *
 * web/deno.json and web/deno.lock name what only the pages use.
 *
 * @module
 */

const WEB = new URL("../web/", import.meta.url);
const SRC = new URL("../src/", import.meta.url);
const TARGET = "views/report/page_parts.ts";

/** What Deno prints in web/. Throws an Error with its messages if it fails. */
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

/** A style sheet without comments and needless spaces. */
function compact(style: string): string {
  return style.replace(/\/\*[^]*?\*\//g, "").replace(/\s*\n\s*/g, "").replace(/\s*([{};])\s*/g, "$1").trim();
}

/** What the package of the charts has besides its script. Its license asks to be part of every copy. */
async function chartPackage(): Promise<{ readonly license: string; readonly style: string }> {
  return JSON.parse(await printed("run", "--no-prompt", "chart_package.ts"));
}

if (import.meta.main) {
  const folder = Deno.args[0] === undefined ? SRC : new URL(`file://${Deno.realPathSync(Deno.args[0])}/`);
  const { license, style: chartStyle } = await chartPackage();
  const script = `/* This page draws its charts with uPlot.\n${license.trim()} */\n${await bundled(
    "report.ts",
  )}`;
  const style = compact(chartStyle + Deno.readTextFileSync(new URL("report.css", WEB)));
  const path = new URL(TARGET, folder);
  Deno.mkdirSync(new URL(".", path), { recursive: true });
  Deno.writeTextFileSync(
    path,
    `/** The parts of web/ that the report's page contains: \`deno task page\` writes this file. */
export const SCRIPT = ${JSON.stringify(script)};
export const STYLE = ${JSON.stringify(style)};
`,
  );
  console.log(`${TARGET}: ${script.length} characters of script, ${style.length} of style`);
}
