/** Files that are found by what is in them. */
import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import {
  digestOf,
  InputFolder,
  namedInputs,
  unreadableFolder,
} from "../../../src/feeds/files/named_inputs.ts";
import { UnusableInput } from "../../../src/domain/market/unusable_input.ts";

const NEVER = new AbortController().signal;

async function inFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "penstock_named_" });
  try {
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("namedInputs() identifies files by their SHA-256, in order, and refuses endless ones", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a.csv`, "abc");
    await Deno.writeTextFile(`${folder}/b.csv`, "abd");
    const named = await namedInputs([`${folder}/b.csv`, `${folder}/a.csv`], NEVER);
    assertEquals(named.map(({ name, bytes }) => [name, bytes]), [["b.csv", 3], ["a.csv", 3]]);
    assertEquals(named[1]!.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assertNotEquals(digestOf(named), digestOf(named.toReversed()));
    await assertRejects(() => namedInputs([`${folder}/none.csv`], NEVER), UnusableInput);
    const { message } = await assertRejects(() => namedInputs(["/dev/null"], NEVER), UnusableInput);
    assertMatch(message, /can be read only once: give a file/);
  });
});

Deno.test("InputFolder finds files under any names and in folders within it, but none with other contents", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/deep/deeper`, { recursive: true });
    await Deno.writeTextFile(`${folder}/a.csv`, "abc");
    await Deno.writeTextFile(`${folder}/b.csv`, "abd");
    const files = await namedInputs([`${folder}/a.csv`, `${folder}/b.csv`], NEVER);
    const input = new InputFolder(folder);
    assertEquals(await input.find(files, NEVER), { paths: [`${folder}/a.csv`, `${folder}/b.csv`] });
    // Links that lead in a circle, to nothing and to themselves.
    await Deno.symlink(folder, `${folder}/deep/circle`);
    await Deno.symlink(`${folder}/nothing`, `${folder}/broken.csv`);
    await Deno.symlink("itself.csv", `${folder}/itself.csv`);
    await Deno.rename(`${folder}/a.csv`, `${folder}/deep/deeper/c.csv`);
    const found = await input.find(files, NEVER);
    assertMatch(JSON.stringify(found), /deeper\/c\.csv","[^"]*\/b\.csv"/);
    await Deno.writeTextFile(`${folder}/b.csv`, "abe");
    await Deno.utime(`${folder}/b.csv`, 1, 1);
    assertEquals(await input.find(files, NEVER), { missing: files[1]! });
    assertEquals(await new InputFolder(`${folder}/none`).find(files, NEVER), { missing: files[0]! });
    const stop = new AbortController();
    stop.abort();
    await assertRejects(() => new InputFolder(folder).find(files, stop.signal), DOMException);
  });
});

Deno.test("unreadableFolder() says why no file can be found in a folder, unless the folder does not exist yet", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a.csv`, "abc");
    assertEquals(await unreadableFolder(folder), null);
    assertEquals(await unreadableFolder(`${folder}/none`), null);
    assertEquals(await unreadableFolder(`${folder}/a.csv`), "it is not a folder");
  });
});
