/** `--record-keep` deletes old Penstock recordings in one folder, and nothing else. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import { recordingName } from "../../../src/domain/recording/recording_name.ts";
import { Recording } from "../../../src/stores/recording/recording.ts";
import { isBeingWritten, RecordingError } from "../../../src/stores/recording/recording_file.ts";
import { RecordingFolder } from "../../../src/stores/recording/recording_folder.ts";
import { RecordingRetention } from "../../../src/stores/recording/recording_retention.ts";
import { numbered } from "../fake_recording.ts";
import { inFolder } from "../sample_journal.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 29, 12);
const OLD = new Date(NOW - 31 * DAY);
const isWindows = Deno.build.os === "windows";

/** A folder for recordings, and the messages about them. */
class Place {
  readonly deleted: string[] = [];
  readonly troubles: string[] = [];

  constructor(readonly folder: string) {}

  get names(): string[] {
    return [...Deno.readDirSync(this.folder)].map(({ name }) => name).sort();
  }

  retention(keepMs = 30 * DAY): RecordingRetention {
    return RecordingRetention.of(this.folder, {
      keepMs,
      onDeleted: (text) => this.deleted.push(text),
      onTrouble: (text) => this.troubles.push(text),
    });
  }

  recording(symbol: string, time: number, retention: RecordingRetention | null = null): Recording {
    const onTrouble = (text: string): void => void this.troubles.push(text);
    return Recording.createIn(new RecordingFolder(this.folder, retention), {
      symbol,
      exchange: "binance",
      onTrouble,
      time,
    });
  }

  /** A complete recording, last written at `writtenAt`, with so many frames that its first line is a small part. */
  async made(symbol: string, time: number, writtenAt: Date): Promise<string> {
    const before = this.names;
    const recording = this.recording(symbol, time);
    recording.frames(numbered(0, 5_000), time);
    await recording.close(time);
    const name = this.names.find((name) => !before.includes(name))!;
    Deno.utimeSync(`${this.folder}/${name}`, writtenAt, writtenAt);
    return name;
  }
}

Deno.test("RecordingRetention.prune() deletes old Penstock recordings, and never anything else", async () => {
  await inFolder(async (around) => {
    const place = new Place(`${around}/rec`);
    Deno.mkdirSync(place.folder);
    const old = await place.made("BTCUSDT", OLD.getTime(), OLD);
    const other = await place.made("ETHUSDT", OLD.getTime(), OLD);
    // Not quite old enough, or old only by its name.
    const young = [
      await place.made("BTCUSDT", NOW - 30 * DAY, new Date(NOW - 30 * DAY)),
      await place.made("BTCUSDT", OLD.getTime() + 1, new Date(NOW - DAY)),
    ];
    // The user's own files: a recording with another name, and other content with such a name, compressed or not.
    const [, suffix] = old.split("BTCUSDT") as [string, string];
    const [renamed, compressed, plain, link, inner] = [
      "monday.txt.gz",
      `A${suffix}`,
      `B${suffix}`,
      `C${suffix}`,
      `D${suffix}`,
    ];
    const at = (name: string): string => `${place.folder}/${name}`;
    Deno.copyFileSync(at(old), at(renamed));
    Deno.writeFileSync(at(compressed), gzipSync("1723161255342000 {}\n"));
    Deno.writeTextFileSync(at(plain), "mine");
    // A link to a recording elsewhere, and a folder that contains a recording.
    const [elsewhere, deeper] = [`${around}/${old}`, at(`${inner}/${old}`)];
    Deno.mkdirSync(at(inner));
    for (const copy of [elsewhere, deeper]) Deno.copyFileSync(at(old), copy);
    if (!isWindows) Deno.symlinkSync(elsewhere, at(link));
    for (const path of [at(renamed), at(compressed), at(plain), deeper, elsewhere]) {
      Deno.utimeSync(path, OLD, OLD);
    }
    const kept = [...young, renamed, compressed, plain, ...(isWindows ? [] : [link]), inner].sort();
    const retention = place.retention();
    assertEquals(place.names.length, kept.length + 2);
    retention.prune(NOW);
    assertEquals(place.names, kept);
    assertEquals(place.deleted, [`deleted 2 recordings older than 30d: ${at(old)}, ${at(other)}`]);
    for (const path of [elsewhere, deeper]) assertEquals(Deno.statSync(path).isFile, true);
    retention.prune(NOW);
    assertEquals([place.deleted.length, place.troubles], [1, []]);
  });
});

Deno.test({
  name:
    "RecordingRetention.prune() keeps a file that a process is writing, however long ago the last write was",
  ignore: isWindows,
  fn: () =>
    inFolder(async (folder) => {
      const place = new Place(folder);
      const written = place.recording("BTCUSDT", OLD.getTime());
      const [name] = place.names as [string];
      Deno.utimeSync(`${folder}/${name}`, OLD, OLD);
      place.retention().prune(NOW);
      assertEquals(place.names, [name]);
      // It was written once more after the folder was listed.
      const early = place.retention();
      await written.close();
      early.prune(NOW);
      assertEquals(place.names, [name]);
      // It was listed when no process wrote it, and was then written again.
      Deno.utimeSync(`${folder}/${name}`, OLD, OLD);
      const retention = place.retention();
      {
        using file = Deno.openSync(`${folder}/${name}`, { append: true });
        file.lockSync(true);
        retention.prune(NOW);
        assertEquals(place.names, [name]);
        // A program that another test starts at this moment would hold the lock until it runs.
        file.unlockSync();
      }
      // If files cannot be locked, only this process knows which it writes.
      retention.prune(NOW, `${folder}/${name}`);
      assertEquals(place.names, [name]);
      retention.prune(NOW);
      assertEquals([place.names, place.troubles], [[], []]);
    }),
});

Deno.test("Recording.createIn() deletes at its start and at each midnight, including its own files", async () => {
  await inFolder(async (folder) => {
    const place = new Place(folder);
    const old = await place.made("BTCUSDT", OLD.getTime(), OLD);
    const midnight = Date.UTC(2026, 10, 30);
    const recording = place.recording("BTCUSDT", NOW, place.retention(2 * DAY));
    assertEquals(place.deleted, [`deleted a recording older than 2d: ${folder}/${old}`]);
    for (let day = 0; day < 6; day++) {
      const last = place.names.at(-1)!;
      recording.frames(numbered(day, day + 1), midnight + day * DAY);
      // The file of the previous day is closed once it is on disk.
      while (isBeingWritten(`${folder}/${last}`)) await new Promise((resolve) => setTimeout(resolve));
    }
    await recording.close();
    // Those last written within two days before the last midnight.
    assertEquals(place.names, [2, 3, 4, 5].map((day) => recordingName("BTCUSDT", midnight + day * DAY)));
    assertEquals([place.deleted.length, place.troubles], [4, []]);
  });
});

Deno.test("RecordingRetention.of() fails for a folder that it cannot read, but not for a missing one", async () => {
  await inFolder((folder) => {
    new Place(`${folder}/none`).retention().prune(NOW);
    Deno.writeTextFileSync(`${folder}/file`, "");
    const error = assertThrows(() => new Place(`${folder}/file`).retention(), RecordingError);
    assertStringIncludes(error.message, `Cannot record to ${folder}/file/: its files cannot be listed`);
    return Promise.resolve();
  });
});
