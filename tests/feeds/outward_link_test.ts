/** A path to read is refused if a link in `./data` leads out of it. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import { findInput } from "../../src/feeds/files/input_file.ts";
import { withFoldersOpened } from "../../src/feeds/files/recording_folder.ts";
import { readSmallFile } from "../../src/feeds/files/small_file.ts";
import { inDataFolder } from "../support/data_folder.ts";

Deno.test({
  name:
    "findInput(), readSmallFile() and withFoldersOpened() refuse a link that leads out of data, and follow others",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inDataFolder(async (inside, outside) => {
      Deno.writeTextFileSync(`${outside}/x.csv`, "secret");
      Deno.symlinkSync(`${outside}/x.csv`, `${inside}/x.csv`);
      Deno.symlinkSync(outside, `${inside}/sub`);
      const folders = (path: string) => withFoldersOpened([path], { against: () => null, onSkipped() {} });
      for (const path of [`${inside}/x.csv`, `${inside}/sub/x.csv`]) {
        for (const read of [findInput, folders, (path: string) => readSmallFile(path, 100)]) {
          const { message } = await assertRejects(() => read(path), Error);
          assertStringIncludes(message, "is a link that leads out of data, to");
          assertEquals(message.includes("secret"), false);
        }
      }
      await assertRejects(
        () => folders(`${inside}/sub`),
        UnusableInput,
        "/sub is a link that leads out of data",
      );
      Deno.symlinkSync(`${outside}/x.csv`, `${outside}/link`);
      assertEquals(await readSmallFile(`${outside}/link`, 100), "secret");
      assertEquals((await findInput(`${outside}/link`)).size, 6);
    }),
});
