/** Folders given in place of recordings: the first line of a file decides whether it is read. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { recordingName } from "../../../src/domain/recording/recording_name.ts";
import { noteText, type RecordingHead } from "../../../src/domain/recording/recording_note.ts";
import {
  byEntry,
  type Choice,
  skippedText,
  withFoldersOpened,
} from "../../../src/feeds/files/recording_folder.ts";
import { bytesOf, Folder, gzip, joined, rows, zip } from "../recorded_input.ts";

const TIME = 1_723_161_255_342_000;

function text(time: number, head: Partial<RecordingHead> = {}): string {
  const note = noteText({ event: "recording", version: 1, symbol: "BTCUSDT", ...head });
  return `${time} ${note}\n${time} {"e":"trade"}\n`;
}

/** The names opened in the folder, and the warnings. */
async function opened(folder: Folder, choice: Partial<Choice> = {}) {
  const printed: string[] = [];
  const paths = await withFoldersOpened([folder.path], {
    against: () => null,
    onSkipped: (files) => printed.push(skippedText(files).replaceAll(folder.path, "DIR")),
    ...choice,
  });
  return { names: paths.map((path) => path.slice(folder.path.length + 1)), printed };
}

async function write(folder: Folder, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await Deno.writeFile(`${folder.path}/${name}`, typeof content === "string" ? bytesOf(content) : content);
  }
}

Deno.test("withFoldersOpened() finds recordings by their content, in the order in which they started", async () => {
  await using folder = new Folder();
  await write(folder, {
    "z.txt": text(TIME),
    "a.gz": gzip(text(TIME + 3)),
    // The parts of one recording stay together, whatever the clock did and whichever recordings started meanwhile.
    "part10.gz": gzip(text(TIME + 1, { part: 10, since: TIME + 1 })),
    "part2.gz": gzip(text(TIME + 9, { part: 2, since: TIME + 1 })),
    "part1.gz": gzip(text(TIME + 1)),
    // The process was killed while it wrote its second batch.
    "b.gz": joined(gzip(text(TIME + 4)), gzip(text(TIME + 5)).subarray(0, 20)),
    "same10.txt": text(TIME + 6),
    "same9.txt": text(TIME + 6),
  });
  const { names, printed } = await opened(folder);
  assertEquals(names, [
    "z.txt",
    "part1.gz",
    "part2.gz",
    "part10.gz",
    "a.gz",
    "b.gz",
    "same9.txt",
    "same10.txt",
  ]);
  assertEquals(printed, []);
});

Deno.test("withFoldersOpened() names files that are not recordings, and waits for no pipe", async () => {
  await using folder = new Folder();
  await write(folder, {
    "a.txt": text(TIME),
    "rows.csv": rows(3),
    "rows.zip": await zip({ "rows.csv": rows(3) }),
    "foreign.txt": `${TIME} {"e":"trade"}\n`,
    "newer.txt": text(TIME).replace(`"version":1`, `"version":2`),
    "torn.gz": gzip(text(TIME)).subarray(0, 15),
    "cut.txt": text(TIME).slice(0, 40),
    "long.txt": `${TIME} {"penstock":{"x":"${"x".repeat(10_000)}`,
    "empty.txt": "",
    "bytes.bin": new Uint8Array([0, 255, 10, 13]),
  });
  await Deno.mkdir(`${folder.path}/inner`);
  await write(folder, { "inner/b.txt": text(TIME) });
  if (Deno.build.os !== "windows") {
    await new Deno.Command("mkfifo", { args: [`${folder.path}/pipe`] }).output();
    await Deno.symlink(`${folder.path}/nowhere`, `${folder.path}/link`);
  }
  const { names, printed } = await opened(folder);
  assertEquals(names, ["a.txt"]);
  assertEquals(printed.length, 1);
  assertStringIncludes(
    printed[0]!,
    "skipped in DIR, not Penstock recordings: bytes.bin, cut.txt, empty.txt, foreign.txt, inner and ",
  );
});

Deno.test("withFoldersOpened() says that the run of an empty recording was killed as it created the file", async () => {
  await using folder = new Folder();
  const [whole, empty, torn, header] = [0, 1, 2, 3].map((after) =>
    recordingName("BTCUSDT", TIME / 1000 + after)
  );
  await write(folder, {
    [whole!]: gzip(text(TIME)),
    [empty!]: "",
    [torn!]: gzip(text(TIME)).subarray(0, 15),
    [header!]: gzip(text(TIME)).subarray(0, 5),
    "empty.txt": "",
  });
  const { names, printed } = await opened(folder);
  assertEquals(names, [whole]);
  assertEquals(printed, [
    "skipped in DIR, not Penstock recordings: empty.txt",
    "skipped in DIR, empty (a run was killed as it created the file, or has only just created it): " +
    `${empty}, ${torn}, ${header}`,
  ]);
});

Deno.test("withFoldersOpened() skips recordings for a reason, and sorts the others by the given order", async () => {
  await using folder = new Folder();
  const of = (entry: number, part?: number) => ({ entry, ...(part && { part, since: TIME }) });
  await write(folder, {
    "a.txt": text(TIME + 9, of(1)),
    "b.txt": text(TIME, of(40)),
    "c.txt": text(TIME + 5, of(7, 2)),
    "d.txt": text(TIME + 6, of(7)),
    "e.txt": text(TIME, { symbol: "ETHUSDT" }),
  });
  const { names, printed } = await opened(folder, {
    against: ({ symbol }) => symbol === "BTCUSDT" ? null : `of ${symbol}`,
    order: byEntry,
  });
  assertEquals(names, ["a.txt", "d.txt", "c.txt", "b.txt"]);
  assertEquals(printed, ["skipped in DIR, of ETHUSDT: e.txt"]);
});

Deno.test("withFoldersOpened() leaves files, and folders without a recording, as they are", async () => {
  await using folder = new Folder();
  await Deno.mkdir(`${folder.path}/rec`);
  await write(folder, { "a.csv": rows(1), "rec/b.txt": text(TIME) });
  const at = (name: string) => `${folder.path}/${name}`;
  const choice = { against: () => null, onSkipped: () => {} };
  const paths = [at("a.csv"), at("rec/"), "-", at("none"), at("rec")];
  assertEquals(await withFoldersOpened(paths, choice), [
    at("a.csv"),
    at("rec/b.txt"),
    "-",
    at("none"),
    at("rec/b.txt"),
  ]);
  assertEquals(await withFoldersOpened([folder.path], choice), [folder.path]);
  const signal = AbortSignal.abort();
  assertEquals(await withFoldersOpened([folder.path], { ...choice, signal }), []);
});
