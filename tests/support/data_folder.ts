/** A test's own folder in `./data`, where Penstock keeps its files, and one outside. */

/**
 * Runs `use` with a relative path inside `./data` and an absolute one outside; both folders are removed
 * afterwards.
 */
export async function inDataFolder(
  use: (inside: string, outside: string) => void | Promise<void>,
): Promise<void> {
  const outside = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "penstock_" }));
  const inside = `data/test_${crypto.randomUUID()}`;
  Deno.mkdirSync(inside, { recursive: true });
  try {
    await use(inside, outside);
  } finally {
    for (const folder of [inside, outside]) Deno.removeSync(folder, { recursive: true });
  }
}

/** The content of every file under `folder`, by its path: to show that nothing touched them. */
export function contentOf(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) Object.assign(found, { [path]: "" }, contentOf(path));
    else found[path] = Deno.readTextFileSync(path);
  }
  return found;
}
