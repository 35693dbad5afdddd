/** What tasks build into src/ matches its sources, byte for byte. */
import { assertEquals, assertGreater } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** The relative paths of all files in `folder`. */
function filesIn(folder: string, below = ""): string[] {
  return [...Deno.readDirSync(`${folder}/${below}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(folder, `${below}${name}/`) : [`${below}${name}`]
  );
}

/** Runs a task that writes into src/, with another folder in its place, and compares each file that it writes. */
async function assertBuilt(task: string): Promise<void> {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const folder = Deno.makeTempDirSync({ prefix: "penstock_built_" });
  try {
    const [, ...args] = tasks[task].command
      .replace("--allow-write=src", `--allow-write=${folder}`)
      .split(" ");
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
        `src/${path} is not what its source is built to: run deno task ${task}, and commit it`,
      );
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("deno task assembly makes the modules in src/ from their sources, byte for byte", async () => {
  await assertBuilt("assembly");
});

Deno.test("deno task page makes the scripts of pages in src/ from their sources, byte for byte", async () => {
  await assertBuilt("page");
});
