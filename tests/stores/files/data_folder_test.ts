import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { examineFolder, folderNamed, folderOf } from "../../../src/stores/files/data_folder.ts";

Deno.test("folderOf() returns the folder that a file is in", () => {
  assertEquals(folderOf("data/penstock.db"), "data");
  assertEquals(folderOf("penstock.db"), ".");
  assertEquals(folderOf("/penstock.db"), "/");
  assertEquals(folderOf("C:\\data\\penstock.db"), "C:\\data");
});

Deno.test("folderNamed() recognises a folder by a final slash or because it exists", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assertEquals(["data/rec/", "data/rec//", "/", "data/rec"].map(folderNamed), [
      "data/rec",
      "data/rec",
      "/",
      null,
    ]);
    assertEquals([folder, `${folder}/`, `${folder}/none`].map(folderNamed), [folder, folder, null]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("examineFolder() writes into a folder and leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assertEquals(examineFolder(folder).found, "can be written to");
    const made = examineFolder(`${folder}/data`);
    assert(made.isGood);
    assertEquals(made.found, "does not exist yet, but can be created");
    // A run creates the parents of its recording folder, and no other folders.
    assertEquals(examineFolder(`${folder}/data/rec`).isGood, false);
    assertEquals(examineFolder(`${folder}/data/rec/a`, true), {
      ...made,
      subject: `folder ${folder}/data/rec/a`,
    });
    assertEquals([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("examineFolder() detects a full disk, which accepts a file but no data, and leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir();
  const { writeSync } = Deno.FsFile.prototype;
  try {
    let room = 1024 * 1024;
    Deno.FsFile.prototype.writeSync = (bytes) => {
      if (room === 0) throw new Error("No space left on device (os error 28)");
      const written = Math.min(room, bytes.length);
      room -= written;
      return written;
    };
    for (const path of [folder, `${folder}/data`]) {
      const { isGood, found, advice } = examineFolder(path);
      assertEquals(isGood, false);
      assertEquals(found, "has no room for 2 MB: No space left on device (os error 28)");
      assertEquals(advice, "Make room, or choose another");
    }
    assertEquals([...Deno.readDirSync(folder)], []);
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("examineFolder() explains why a folder cannot be written to, and what to do", async () => {
  const file = await Deno.makeTempFile();
  try {
    const { isGood, found, advice } = examineFolder(`${file}/data`);
    assertEquals(isGood, false);
    assertStringIncludes(found, "cannot be written to: ");
    assertStringIncludes(advice!, "Choose another");
  } finally {
    await Deno.remove(file);
  }
});
