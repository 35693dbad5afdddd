/** The base of a compiled file must match its committed checksum; otherwise the build warns or stops. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { TARGETS } from "../../build/binary.ts";
import { archiveName, DENORT_PINS, fetchPins, parsePins, pinOf, sha256 } from "../../build/denort.ts";
import { zip } from "../feeds/recorded_input.ts";
import { build, clone } from "../lockdown/compiled.ts";

const SUM = "a".repeat(64);

Deno.test("parsePins() reads a version and the checksums of its archives, and quotes any other line", () => {
  const text = `# Deno 2.9.6\n# a comment\n${SUM}  denort-x86_64-apple-darwin.zip\n`;
  const pins = parsePins(text);
  assertEquals(pinOf(pins, "2.9.6", "x86_64-apple-darwin"), SUM);
  assertEquals(pinOf(pins, "2.9.6", "aarch64-apple-darwin"), null);
  assertEquals(pinOf(pins, "2.9.7", "x86_64-apple-darwin"), null, "another Deno has other bases");
  assertThrows(() => parsePins(`${SUM}  denort-a.zip\n`), SyntaxError, '"# Deno VERSION"');
  assertThrows(() => parsePins(`${text}latest  denort-a.zip\n`), SyntaxError, '"latest  denort-a.zip"');
  assertThrows(
    () => parsePins(text + text),
    SyntaxError,
    "denort-x86_64-apple-darwin.zip is listed twice",
  );
});

Deno.test("build/denort.sha256 is for the Deno of the project, and has every target's archive or none", () => {
  const pins = parsePins(Deno.readTextFileSync(DENORT_PINS));
  const lock = JSON.parse(
    Deno.readTextFileSync(new URL("../../.github/deno/package-lock.json", import.meta.url)),
  );
  assertEquals(pins.version, lock.packages["node_modules/deno"].version);
  if (pins.sums.size > 0) assertEquals([...pins.sums.keys()].sort(), TARGETS.map(archiveName).sort());
});

Deno.test("fetchPins() accepts an archive if two hosts and the checksum beside it agree", async () => {
  const bytes = new TextEncoder().encode("the base");
  const sum = await sha256(bytes);
  const published: Record<string, Uint8Array<ArrayBuffer>> = {};
  const github =
    "https://github.com/denoland/deno/releases/download/v2.9.6/denort-x86_64-pc-windows-msvc.zip";
  published["https://dl.deno.land/release/v2.9.6/denort-x86_64-pc-windows-msvc.zip"] = bytes;
  published[github] = bytes;
  // In the format of PowerShell.
  const beside = new Uint16Array(
    [...`Hash : ${sum.toUpperCase()}\r\n`].map((letter) => letter.charCodeAt(0)),
  );
  published[`${github}.sha256sum`] = new Uint8Array(beside.buffer);
  const fetched = () =>
    fetchPins("2.9.6", ["x86_64-pc-windows-msvc"], (url) => Promise.resolve(published[url]!));
  assertEquals(pinOf(parsePins(await fetched()), "2.9.6", "x86_64-pc-windows-msvc"), sum);

  published[`${github}.sha256sum`] = new TextEncoder().encode(SUM);
  await assertRejects(fetched, Error, `denort-x86_64-pc-windows-msvc.zip.sha256sum says ${SUM}`);
  published[github] = new TextEncoder().encode("another base");
  await assertRejects(fetched, Error, `is ${sum} on dl.deno.land, but `);
});

Deno.test({
  name: "compile --pinned takes a base with its committed checksum, and no other",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const folder = clone();
    // What is compiled does not matter.
    for (const module of ["main.ts", "src/commands/backtest/sweep/sweep_worker.ts"]) {
      Deno.writeTextFileSync(`${folder}/${module}`, "");
    }
    const cache = Deno.makeTempDirSync({ prefix: "penstock-cache-" });
    const environment = { DENO_DIR: cache };
    const target = Deno.build.target;
    const name = archiveName(target);
    const archive = `${cache}/dl/release/v${Deno.version.deno}/${name}`;
    const pinned = async (sums: string) => {
      Deno.writeTextFileSync(`${folder}/build/denort.sha256`, `# Deno ${Deno.version.deno}\n${sums}`);
      return await build(folder, null, ["--pinned"], environment);
    };
    try {
      const { npmCache } = JSON.parse(
        new TextDecoder().decode(
          new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync().stdout,
        ),
      );
      Deno.symlinkSync(npmCache, `${cache}/npm`);
      const bytes = await zip({ denort: Deno.readFileSync("/bin/true") });
      Deno.mkdirSync(archive.slice(0, archive.lastIndexOf("/")), { recursive: true });
      Deno.writeFileSync(archive, bytes);

      const unknown = await pinned("");
      assertEquals(unknown.code, 1);
      assertStringIncludes(unknown.printed, `build/denort.sha256 has no checksum of ${name}`);
      assertStringIncludes(unknown.printed, "run deno task denort");
      assertThrows(() => Deno.statSync(`${folder}/dist`), Deno.errors.NotFound);

      const right = await pinned(`${await sha256(bytes)}  ${name}\n`);
      assertEquals(right.code, 0, right.printed);
      assert(Deno.statSync(`${folder}/dist/penstock`).isFile);

      Deno.removeSync(`${folder}/dist`, { recursive: true });
      const wrong = await pinned(`${SUM}  ${name}\n`);
      assertEquals(wrong.code, 1);
      assertStringIncludes(wrong.printed, `${await sha256(bytes)}, but ${SUM} is in build/denort.sha256`);
      assertEquals([...Deno.readDirSync(`${folder}/dist`)].map(({ name }) => name), ["SHA256SUMS"]);
      assertThrows(() => Deno.statSync(archive), Deno.errors.NotFound);

      const named = await build(folder, Deno.execPath(), ["--pinned"], environment);
      assertEquals(named.code, 1);
      assertStringIncludes(named.printed, "DENORT_BIN is set");
    } finally {
      for (const each of [folder, cache]) Deno.removeSync(each, { recursive: true });
    }
  },
});
