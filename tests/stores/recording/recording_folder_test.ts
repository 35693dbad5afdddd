/** Recordings with a file a day: nothing is lost or doubled at midnight, and files never collide. */
import { assert, assertStringIncludes, assertThrows } from "@std/assert";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { isRecordingName } from "../../../src/domain/recording/recording_name.ts";
import { Recording } from "../../../src/stores/recording/recording.ts";
import { RecordingError } from "../../../src/stores/recording/recording_file.ts";
import {
  type CreatedFile,
  type DayFiles,
  RecordingFolder,
} from "../../../src/stores/recording/recording_folder.ts";
import { FakeFile, idsOf, LOT, numbered, readBack } from "../fake_recording.ts";
import { inFolder } from "../sample_journal.ts";
import { assertEquals } from "../../support/equals.ts";

const DAY = 86_400_000;
const MIDNIGHT = Date.UTC(2026, 10, 29);
const JOURNAL = { run: 2, entry: 7, hash: "ab" };

const fail = (text: string): void => {
  throw new Error(`Trouble: ${text}`);
};

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

function read(path: string) {
  return readBack(gunzipSync(Deno.readFileSync(path)));
}

/** Files in memory, one a day, whose behaviour a test sets beforehand. */
class FakeFolder implements DayFiles {
  readonly files: FakeFile[] = [];
  readonly discarded: string[] = [];
  prepare: (file: FakeFile) => void = () => {};
  refuses = false;

  create(_symbol: string, time: number): CreatedFile {
    if (this.refuses) throw new RecordingError("Cannot record to data/rec/: it is gone.");
    const file = new FakeFile();
    this.prepare(file);
    this.files.push(file);
    return { path: `rec/${this.files.length}.txt`, file, startedAt: time };
  }

  discard(path: string): void {
    this.discarded.push(path);
  }
}

Deno.test("Recording.createIn() continues in a new file at each midnight UTC, and notes in both how they belong together", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/deep/rec`;
    const start = MIDNIGHT - 500;
    const recording = Recording.createIn(new RecordingFolder(path, null), {
      symbol: "BTCUSDT",
      exchange: "binance",
      journal: JOURNAL,
      onTrouble: fail,
      time: start,
    });
    recording.frames(numbered(0, 3), MIDNIGHT - 0.25);
    recording.kept({ entry: 9, hash: "09" });
    recording.frames(numbered(3, 5), MIDNIGHT);
    // A batch that was received before midnight and written after it stays in the old file.
    recording.frames(numbered(5, 6), MIDNIGHT - 10);
    // A day on which nothing arrived has no file.
    recording.note({ event: "disconnected", reason: "x", retryInMs: 1 }, MIDNIGHT + 2 * DAY + 5);
    await recording.close(MIDNIGHT + 2 * DAY + 6);
    const names = [
      "BTCUSDT-2026-11-28T23-59-59.500Z.txt.gz",
      "BTCUSDT-2026-11-29T00-00-00.000Z.txt.gz",
      "BTCUSDT-2026-12-01T00-00-00.005Z.txt.gz",
    ];
    assertEquals(namesIn(path), names);
    assert(names.every(isRecordingName));
    const parts = names.map((name) => read(`${path}/${name}`));
    assertEquals(parts.map(({ frames }) => idsOf(frames)), [[0, 1, 2], [3, 4, 5], []]);
    const market = { symbol: "BTCUSDT", exchange: "binance", symbols: ["BTCUSDT"], format: "frames" };
    const head = { event: "recording", version: 1, ...market, ...JOURNAL };
    const since = start * 1000;
    assertEquals(
      parts.map(({ notes }) => notes.map(({ time: _time, after: _after, ...note }) => note)),
      [
        [head, { event: "kept", entry: 9, hash: "09" }, { event: "continued", file: names[1] }],
        [{ ...head, part: 2, since }, { event: "continued", file: names[2] }],
        [
          { ...head, part: 3, since },
          { event: "disconnected", reason: "x", retryInMs: 1 },
          { event: "ended" },
        ],
      ],
    );
    assertEquals(parts[1]!.notes[0]!["time"], MIDNIGHT * 1000);
  });
});

Deno.test("Recording.createIn() keeps the same as a single file, whatever arrives when", async () => {
  const things = fc.array(
    fc.record({
      after: fc.constantFrom(0, 1, 1000, DAY / 2, DAY - 1, DAY, 3 * DAY),
      frames: fc.constantFrom(0, 1, 3, Math.ceil(LOT / 100)),
      flushes: fc.boolean(),
    }),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(things, async (things) => {
      const options = { symbol: "BTCUSDT", exchange: "binance", onTrouble: fail, time: MIDNIGHT };
      const folder = new FakeFolder();
      const file = new FakeFile();
      const both = [
        Recording.create("x.txt", { ...options, open: () => file }),
        Recording.createIn(folder, options),
      ];
      let [time, id] = [MIDNIGHT, 0];
      for (const { after, frames, flushes } of things) {
        time += after;
        for (const recording of both) {
          if (frames === 0) recording.note({ event: "notice", message: "x" }, time);
          else recording.frames(numbered(id, id + frames), time);
          if (flushes) recording.flush();
        }
        id += frames;
      }
      await Promise.all(both.map((recording) => recording.close(time)));
      const whole = readBack(file.bytes);
      const parts = folder.files.map(({ bytes }) => readBack(bytes));
      assertEquals(parts.flatMap(({ frames }) => frames), whole.frames);
      const isSeam = ({ event, part }: Record<string, unknown>) =>
        event === "continued" || part !== undefined;
      const notes = parts.flatMap(({ notes }) => notes).filter((note) => !isSeam(note));
      const plain = ({ after: _after, ...note }: Record<string, unknown>) => note;
      assertEquals(notes.map(plain), whole.notes.map(plain));
      assert(folder.files.every(({ isClosed }) => isClosed));
    }),
    { numRuns: 40 },
  );
});

Deno.test("RecordingFolder.create() creates a file for each process, however many start at once", async () => {
  await inFolder(async (folder) => {
    const options = { symbol: "BTCUSDT", exchange: "binance", onTrouble: fail, time: MIDNIGHT };
    const recordings = Array.from(
      { length: 5 },
      () => Recording.createIn(new RecordingFolder(folder, null), options),
    );
    recordings.forEach((recording, at) => recording.frames(numbered(at, at + 1), MIDNIGHT));
    await Promise.all(recordings.map((recording) => recording.close(MIDNIGHT)));
    const found = namesIn(folder).map((name) => idsOf(read(`${folder}/${name}`).frames));
    assertEquals(found, [[0], [1], [2], [3], [4]]);
  });
});

Deno.test("Recording.createIn() continues in the last file if it cannot create another, and tries again the next day", async () => {
  const folder = new FakeFolder();
  const printed: string[] = [];
  const onTrouble = (text: string): void => void printed.push(text);
  const recording = Recording.createIn(folder, {
    symbol: "BTCUSDT",
    exchange: "binance",
    onTrouble,
    time: MIDNIGHT,
  });
  folder.refuses = true;
  recording.frames(numbered(0, 1), MIDNIGHT + DAY);
  assertEquals(printed, [
    "Cannot record to data/rec/: it is gone. Frames received from now on are written to rec/1.txt, until the next day.",
  ]);
  recording.frames(numbered(1, 2), MIDNIGHT + DAY + 1);
  folder.refuses = false;
  // A file whose first line cannot be written does not count.
  folder.prepare = (file) => void (file.room = 10);
  recording.frames(numbered(2, 3), MIDNIGHT + 2 * DAY);
  assertEquals(folder.discarded, ["rec/2.txt"]);
  assertStringIncludes(printed[1]!, "Cannot record to rec/2.txt: No space left on device");
  folder.prepare = () => {};
  recording.frames(numbered(3, 4), MIDNIGHT + 3 * DAY);
  await recording.close(MIDNIGHT + 3 * DAY);
  const [first, failed, last] = folder.files as [FakeFile, FakeFile, FakeFile];
  assertEquals([first.isClosed, failed.isClosed, last.isClosed, printed.length], [true, true, true, 2]);
  assertEquals([first, last].map(({ bytes }) => idsOf(readBack(bytes).frames)), [[0, 1, 2], [3]]);
  assertEquals(readBack(last.bytes).notes[0]!["part"], 2);
});

Deno.test("Recording.createIn() moves what it could not write to the last file into the next", async () => {
  const folder = new FakeFolder();
  const printed: string[] = [];
  const onTrouble = (text: string): void => void printed.push(text);
  const recording = Recording.createIn(folder, {
    symbol: "BTCUSDT",
    exchange: "binance",
    onTrouble,
    time: MIDNIGHT,
  });
  const lot = LOT / 64;
  folder.files[0]!.room = 1_000;
  recording.frames(numbered(0, lot), MIDNIGHT);
  recording.frames(numbered(lot, lot + 2), MIDNIGHT + DAY);
  await recording.close(MIDNIGHT + DAY);
  const [first, second] = folder.files.map(({ bytes }) => readBack(bytes));
  assertEquals(idsOf(first!.frames), []);
  assertEquals(idsOf(second!.frames), Array.from({ length: lot + 2 }, (_, id) => id));
  assertEquals(printed.length, 2);
  assertEquals(printed[1], "Writing to rec/2.txt works again. Nothing was lost.");
});

Deno.test("Recording.createIn() keeps a file whose torn end cannot be truncated", async () => {
  const folder = new FakeFolder();
  const recording = Recording.createIn(folder, {
    symbol: "BTCUSDT",
    exchange: "binance",
    onTrouble: () => {},
    time: MIDNIGHT,
  });
  const [first] = folder.files as [FakeFile];
  const lot = LOT / 64;
  first.canTruncate = false;
  first.room = 1_000;
  recording.frames(numbered(0, lot), MIDNIGHT);
  recording.frames(numbered(lot, lot + 1), MIDNIGHT + DAY);
  assertEquals(folder.files.length, 1);
  first.canTruncate = true;
  first.room = Infinity;
  await recording.close(MIDNIGHT + DAY);
  assertEquals(idsOf(readBack(first.bytes).frames), Array.from({ length: lot + 1 }, (_, id) => id));
});

Deno.test("RecordingFolder.create() explains why it cannot create a file, and what to do", async () => {
  await inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    const options = { symbol: "BTCUSDT", exchange: "binance", onTrouble: fail, time: MIDNIGHT };
    const error = assertThrows(
      () => Recording.createIn(new RecordingFolder(`${folder}/file`, null), options),
      RecordingError,
    );
    assertStringIncludes(error.message, `Cannot record to ${folder}/file/BTCUSDT-2026`);
    assertStringIncludes(error.message, "Choose another place.");
    return Promise.resolve();
  });
});
