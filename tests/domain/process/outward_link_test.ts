import { assertEquals, assertStringIncludes } from "@std/assert";
import { type LinkFiles, outwardLink, outwardText } from "../../../src/domain/process/outward_link.ts";
import { inFolder } from "../../stores/sample_journal.ts";

const ignore = Deno.build.os === "windows";

/** The file system as a program in `folder` sees it. */
function seenFrom(folder: string): LinkFiles {
  const { lstatSync, readLinkSync, realPathSync } = Deno;
  return { cwd: () => folder, lstatSync, readLinkSync, realPathSync };
}

/** A folder with `data` in it, links in that, and files beside it. */
async function inScene(use: (folder: string, files: LinkFiles) => void): Promise<void> {
  await inFolder((made) => {
    const folder = Deno.realPathSync(made);
    for (const name of ["data", "data/in", "out", "out/deep"]) Deno.mkdirSync(`${folder}/${name}`);
    for (const name of ["data/own", "out/own"]) Deno.writeTextFileSync(`${folder}/${name}`, "");
    use(folder, seenFrom(folder));
  });
}

Deno.test({
  name: "outwardLink() finds every way out of data, and returns the first link that leads out",
  ignore,
  fn: () =>
    inScene((folder, files) => {
      type Case = readonly [link: string, to: string, path: string, target: string];
      const cases: readonly Case[] = [
        ["file", "../out/own", "file", "out/own"],
        ["whole", `${folder}/out/own`, "whole", "out/own"],
        ["dangling", "../out/none", "dangling", "out/none"],
        ["nowhere", "../none/none", "nowhere", "none/none"],
        ["sub", "../out", "sub/x", "out"],
        ["in/sub", "../../out/deep", "in/sub/a/b", "out/deep"],
        ["up", "..", "up/out/own", ""],
        ["twice", "file", "twice", "out/own"],
        ["again", "dangling", "again", "out/none"],
        ["in/round", "../twice", "in/round", "out/own"],
      ];
      for (const [link, to] of cases) Deno.symlinkSync(to, `${folder}/data/${link}`);
      for (const [link, , path, target] of cases) {
        const expected = {
          link: `data/${link}`,
          target: target === "" ? folder : `${folder}/${target}`,
          folder: "data",
        };
        for (
          const written of [
            `data/${path}`,
            `./data//${path}`,
            `${folder}/data/${path}`,
            `out/../data/${path}`,
          ]
        ) {
          for (const keepsFolder of [false, true]) {
            assertEquals(outwardLink(written, files, keepsFolder), expected, written);
          }
        }
      }
      Deno.symlinkSync("/proc/self/fd", `${folder}/data/fd`);
      assertEquals(outwardLink("data/fd/1", files)?.link, "data/fd");
      assertEquals(
        outwardText(outwardLink("data/sub/x", files)!),
        `data/sub is a link that leads out of data, to ${folder}/out. Remove the link, or choose a place ` +
          "that it does not lead out of",
      );
    }),
});

Deno.test({
  name: "outwardLink() allows links within data, data itself as a link, and the user's folders elsewhere",
  ignore,
  fn: () =>
    inScene((folder, files) => {
      const links = {
        inner: "in",
        file: "own",
        new: "in/none",
        back: "../data/own",
        whole: `${folder}/data/in`,
      };
      for (const [name, to] of Object.entries(links)) Deno.symlinkSync(to, `${folder}/data/${name}`);
      Deno.symlinkSync("round", `${folder}/data/round`);
      const paths = [
        "inner/x",
        "file",
        "new",
        "back",
        "whole/x",
        "own",
        "none",
        "none/none",
        "round",
        "in/../own",
      ];
      for (const path of ["data", "data/", ...paths.map((path) => `data/${path}`), "own", "none/none"]) {
        assertEquals(outwardLink(path, files, true), null, path);
      }
      Deno.symlinkSync("data/own", `${folder}/link`);
      Deno.symlinkSync("../data", `${folder}/out/data`);
      // Elsewhere a link may lead anywhere, unless Penstock keeps the file.
      for (const path of ["link", "out/data", "out/data/own"]) {
        assertEquals(outwardLink(path, files), null, path);
      }
      for (const path of ["link", "out/data/own"]) {
        assertEquals(outwardLink(path, files, true), null, path);
      }
      assertEquals(outwardLink("out/data", files, true), {
        link: "out/data",
        target: `${folder}/data`,
        folder: "out",
      });
      Deno.renameSync(`${folder}/data`, `${folder}/disk`);
      Deno.symlinkSync("disk", `${folder}/data`);
      assertEquals(outwardLink("data/own", files, true), null);
      assertEquals(outwardLink("data/whole/x", files, true), null);
      Deno.symlinkSync("../out/own", `${folder}/data/away`);
      assertEquals(outwardLink("data/away", files)?.target, `${folder}/out/own`);
    }),
});

Deno.test({
  name: "outwardLink() is needed: Deno follows a link out of the folder that it may use",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      Deno.mkdirSync(`${folder}/data`);
      Deno.writeTextFileSync(`${folder}/secret`, "not yours");
      Deno.symlinkSync("../secret", `${folder}/data/link`);
      const program = `${folder}/program.ts`;
      Deno.writeTextFileSync(
        program,
        `import { outwardLink } from ${
          JSON.stringify(import.meta.resolve("../../../src/domain/process/outward_link.ts"))
        };
        console.log(Deno.readTextFileSync("data/link"), outwardLink("data/link", Deno)?.link);`,
      );
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--allow-read=./data", program],
        cwd: folder,
      }).output();
      assertEquals(new TextDecoder().decode(stderr), "");
      assertStringIncludes(new TextDecoder().decode(stdout), "not yours data/link");
    }),
});
