/** The pages show the program's real output. */
import { assert, assertEquals } from "@std/assert";
import { placesIn } from "../../build/docs/pages.ts";
import { PAGES, ROOT } from "./pages.ts";

/** The output of `deno task docs`, by path. */
async function made(): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write"],
      ...[new URL("build/docs.ts", ROOT).pathname, "--print"],
    ],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("every sample and the picture of the terminal match the program's output; deno task docs updates them", async () => {
  const files = await made();
  const withPlaces = [...PAGES].filter(([, page]) => placesIn(page).length > 0).map(([path]) => path);
  assertEquals(Object.keys(files).sort(), [...withPlaces, "docs/terminal.svg"].sort());
  for (const [path, text] of Object.entries(files)) {
    assertEquals(Deno.readTextFileSync(new URL(path, ROOT)), text, path);
  }
});

Deno.test("README has at most 200 lines", () => {
  const lines = PAGES.get("README.md")!.trimEnd().split("\n").length;
  assert(lines <= 200, `README.md has ${lines} lines`);
});
