/** Where a run records to. */
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
  "recordingTarget() is a folder where there is one or a slash at the end, else a file",
  inScene((folder) => {
    const target = (record: string) => recordingTarget(configOf({ record }));
    assertEquals(target(folder), { path: folder, isFolder: true });
    assertEquals(target(`${folder}/new/`), { path: `${folder}/new`, isFolder: true });
    assertEquals(target(`${folder}/new`), { path: `${folder}/new`, isFolder: false });
    assertEquals(recordingTarget(configOf({})), null);
    return Promise.resolve();
  }),
);

Deno.test("recordingTarget() accepts --record-keep only with a folder to look after", () => {
  const refused = (options: Options) =>
    assertThrows(() => recordingTarget(configOf({ recordKeep: "30d", ...options })), ConfigError).message;
  assertStringIncludes(refused({}), "nothing is recorded");
  assertStringIncludes(refused({ record: "a.txt" }), "--record is the file a.txt");
});

Deno.test(
  "startRecording() deletes what is older than --record-keep in its folder, and says so",
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
