/** A folder of a test's own in `./data`, where Penstock keeps its files, and one outside of that. */

/** Runs `use` with both, by their paths from the working folder and whole; they are gone afterwards. */
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

/** Every file under `folder`, by its path, with what is in it: what nobody may have touched. */
export function contentOf(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) Object.assign(found, { [path]: "" }, contentOf(path));
    else found[path] = Deno.readTextFileSync(path);
  }
  return found;
}
