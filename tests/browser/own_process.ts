/** Programs of this repository that make the pages for the tests in a browser. */

/** The repository. */
const ROOT = new URL("../../", import.meta.url).pathname;
/** Where the screenshots of all tests are kept. */
export const SCREENSHOTS = `${ROOT}dist/screenshots`;

/**
 * Runs a script of this repository in `folder`, the only place where it may write, and returns what it printed. Throws
 * an Error with its messages if it fails.
 */
export async function printedBy(folder: string, script: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "--no-prompt", "--no-check", "--allow-net=127.0.0.1", "--allow-read"],
      ...[`--allow-write=${folder}`, `${ROOT}${script}`, ...args],
    ],
    cwd: folder,
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${script} ${args.join(" ")} failed: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}
