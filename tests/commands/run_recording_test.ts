/** The target of a run's recording. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { recordingTarget, startRecording } from "../../src/commands/run/recording.ts";
import { configure } from "../../src/config/config.ts";
import { ConfigError } from "../../src/domain/process/config_error.ts";
import type { Line } from "../../src/views/view.ts";
import { given, inScene, type Options } from "./live_scene.ts";

function configOf(options: Options) {
  return configure(given(options), [], "run").config;
}

Deno.test(
  "recordingTarget() returns a folder for an existing folder or a final slash, and otherwise a file",
  inScene((folder) => {
    const target = (record: string) => recordingTarget(configOf({ record }));
    assertEquals(target(folder), { path: folder, isFolder: true });
    assertEquals(target(`${folder}/new/`), { path: `${folder}/new`, isFolder: true });
    assertEquals(target(`${folder}/new`), { path: `${folder}/new`, isFolder: false });
    assertEquals(recordingTarget(configOf({})), null);
    return Promise.resolve();
  }),
);

Deno.test("recordingTarget() accepts --record-keep only with a folder", () => {
  const refused = (options: Options) =>
    assertThrows(() => recordingTarget(configOf({ recordKeep: "30d", ...options })), ConfigError).message;
  assertStringIncludes(refused({}), "nothing is recorded");
  assertStringIncludes(refused({ record: "a.txt" }), "--record is the file a.txt");
});

Deno.test(
  "startRecording() deletes recordings older than --record-keep in its folder, and logs it",
  inScene(async (folder) => {
    const lines: Line[] = [];
    const place = { clock: globalThis, journal: undefined, log: (line: Line) => void lines.push(line) };
    const start = (options: Options) =>
      startRecording({ path: folder, isFolder: true }, configOf(options), place);
    await (await start({})).close();
    const [first] = [...Deno.readDirSync(folder)];
    await (await start({ recordKeep: "30d" })).close();
    assertEquals([[...Deno.readDirSync(folder)].length, lines], [2, []]);
    const before = new Date(Date.now() - 31 * 86_400_000);
    Deno.utimeSync(`${folder}/${first!.name}`, before, before);
    await (await start({ recordKeep: "30d" })).close();
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).includes(first!.name), false);
    assertEquals(lines.map(({ level, text }) => [level, text.includes(first!.name)]), [["info", true]]);
  }),
);

Deno.test(
  "startRecording() logs later problems of a recording, which continues",
  inScene(async (around) => {
    const folder = `${around}/recorded`;
    const lines: Line[] = [];
    const place = { journal: undefined, log: (line: Line) => void lines.push(line), clock: globalThis };
    const recording = await startRecording({ path: folder, isFolder: true }, configOf({}), place);
    Deno.renameSync(folder, `${around}/away`);
    Deno.mkdirSync(folder);
    recording.frames(["{}"], Date.now() + 2 * 86_400_000);
    await recording.close();
    assertEquals(lines.map(({ level }) => level), ["warn"]);
    assertStringIncludes(lines[0]!.text, "the folder was moved or replaced");
  }),
);
