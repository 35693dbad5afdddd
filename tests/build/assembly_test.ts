/** The WebAssembly modules in src/ match the compiler's output for assembly/, byte for byte. */
import { assertEquals, assertGreater } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** The relative paths of all files in `folder`. */
function filesIn(folder: string, below = ""): string[] {
  return [...Deno.readDirSync(`${folder}/${below}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(folder, `${below}${name}/`) : [`${below}${name}`]
  );
}

Deno.test("deno task assembly makes the modules in src/ from their sources, byte for byte", async () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const folder = Deno.makeTempDirSync({ prefix: "penstock_assembly_" });
  try {
    const [, ...args] = tasks.assembly.command.replace("--allow-write=src", `--allow-write=${folder}`).split(
      " ",
    );
    const { code, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args, folder], cwd: ROOT })
      .output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const made = filesIn(folder);
    assertGreater(made.length, 0);
    for (const path of made) {
      const kept = Deno.readTextFileSync(new URL(`src/${path}`, ROOT));
      assertEquals(
        Deno.readTextFileSync(`${folder}/${path}`) === kept,
        true,
        `src/${path} is not what its source compiles to: run deno task assembly, and commit it`,
      );
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
