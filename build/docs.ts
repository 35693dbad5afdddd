/**
 * `deno task docs` makes the samples on the pages and the picture of the terminal again. With `--print` it changes no
 * file, and prints all of them as one JSON object of contents by path.
 */
import { fixSurroundings, print } from "./docs/fixed_surroundings.ts";
import { filledPage, placesIn } from "./docs/pages.ts";

const ROOT = new URL("../", import.meta.url);
const PICTURE = "docs/terminal.svg";

/** The text of each page that has places for samples, by its path from the root. */
function pages(): Map<string, string> {
  const names = [...Deno.readDirSync(new URL("docs/", ROOT))].map(({ name }) => `docs/${name}`);
  const found = new Map<string, string>();
  for (const path of ["README.md", ...names.filter((name) => name.endsWith(".md")).sort()]) {
    const text = Deno.readTextFileSync(new URL(path, ROOT));
    if (placesIn(text).length > 0) found.set(path, text);
  }
  return found;
}

if (import.meta.main) {
  fixSurroundings();
  // Imported only here, so that no module of the program can keep the real clock.
  const { makeSamples } = await import("./docs/samples.ts");
  const folder = Deno.makeTempDirSync({ prefix: "penstock-docs-" });
  const made: Record<string, string> = {};
  try {
    Deno.chdir(folder);
    const { texts, picture } = await makeSamples();
    for (const [path, text] of pages()) made[path] = filledPage(text, texts);
    made[PICTURE] = picture;
  } finally {
    Deno.chdir(ROOT);
    Deno.removeSync(folder, { recursive: true });
  }
  if (Deno.args.includes("--print")) print(JSON.stringify(made));
  else {
    for (const [path, text] of Object.entries(made)) {
      const place = new URL(path, ROOT);
      let before: string | null = null;
      try {
        before = Deno.readTextFileSync(place);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
      if (before === text) continue;
      Deno.writeTextFileSync(place, text);
      print(`rewrote ${path}\n`);
    }
  }
  // The exchange's last connections may still be closing.
  Deno.exit(0);
}
