/** Penstock never writes through a link that leads elsewhere, or into a file that also has another name. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { copyJournal } from "../../src/stores/journal/sqlite/journal_copy.ts";
import { examineFolder } from "../../src/stores/files/data_folder.ts";
import { type Connect, connect } from "../../src/stores/journal/sqlite/journal_file.ts";
import { JournalError } from "../../src/stores/journal/journal_error.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { Recording } from "../../src/stores/recording/recording.ts";
import { RecordingError } from "../../src/stores/recording/recording_file.ts";
import { RecordingFolder } from "../../src/stores/recording/recording_folder.ts";
import { RecordingRetention } from "../../src/stores/recording/recording_retention.ts";
import { ResultFileError, resultPlaceAt } from "../../src/stores/results/result_place.ts";
import { haltRun } from "../../src/stores/journal/run_halt.ts";
import { contentOf, inDataFolder } from "../support/data_folder.ts";
import { numbered } from "./fake_recording.ts";
import { inFolder, namesIn, openJournal, refusal, writeSample } from "./sample_journal.ts";

const ignore = Deno.build.os === "windows";
const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 29, 12);
const OPTIONS = { stop: new AbortController().signal, onWarning: () => {} };

// deno-lint-ignore no-explicit-any -- the parameters of each are its own.
type Kind = new (...values: any[]) => Error;

/** Records to a file without reporting troubles. */
const recorded = (path: string): Recording =>
  Recording.create(path, { symbol: "BTCUSDT", exchange: "binance", onTrouble: () => {}, time: NOW });
const recordedIn = (path: string, retention: RecordingRetention | null = null, time = NOW): Recording =>
  Recording.createIn(new RecordingFolder(path, retention), {
    symbol: "BTCUSDT",
    exchange: "binance",
    onTrouble: () => {},
    time,
  });

Deno.test({
  name:
    "journals, recordings, results and copies refuse a link that leads out of data, and nothing is touched",
  ignore,
  fn: () =>
    inDataFolder(async (inside, outside) => {
      await writeSample(`${inside}/a.db`);
      await writeSample(`${outside}/other.db`);
      // If SQLite opened it for reading, it would create files beside it.
      for (const side of ["-wal", "-shm"]) Deno.writeTextFileSync(`${outside}/other.db${side}`, "");
      Deno.writeTextFileSync(`${outside}/empty`, "");
      const links = { db: "other.db", file: "empty", new: "none", sub: "" };
      for (const [name, to] of Object.entries(links)) {
        Deno.symlinkSync(`${outside}/${to}`, `${inside}/${name}`);
      }
      const before = contentOf(outside);
      // A journal being copied has SQLite's files beside it.
      const names = () => namesIn(inside).filter((name) => !name.startsWith("a.db"));
      const found = names();
      const asking = { waitMs: 0, signal: new AbortController().signal };
      const note = { action: "hold", time: 1, text: null } as const;
      const attempts: readonly (readonly [string, (path: string) => unknown, Kind, string[]])[] = [
        ["journal", openJournal, JournalError, ["db", "file", "new", "sub/none.db", "sub/other.db"]],
        ["reading", JournalReader.open, JournalError, ["db", "file", "new", "sub/other.db"]],
        ["halt", (path) => haltRun(path, note, asking), JournalError, ["db", "sub/other.db"]],
        ["copy", (path) => copyJournal(`${inside}/a.db`, path), JournalError, ["sub/copy.db"]],
        ["recording", recorded, RecordingError, ["file", "new", "sub/x.txt"]],
        ["folder", recordedIn, RecordingError, ["sub", "sub/rec"]],
        [
          "retention",
          (path) => RecordingRetention.of(path, { keepMs: DAY, onDeleted() {}, onTrouble() {} }),
          RecordingError,
          ["sub"],
        ],
        ["result", (path) => resultPlaceAt(path, OPTIONS), ResultFileError, ["file", "new", "sub/x.json"]],
      ];
      for (const [what, attempt, kind, paths] of attempts) {
        for (const name of paths) {
          // deno-lint-ignore require-await -- async turns a thrown error into a rejection.
          const { message } = await assertRejects(async () => attempt(`${inside}/${name}`), kind);
          const [link = ""] = name.split("/");
          assertStringIncludes(
            message,
            `: ${inside}/${link} is a link that leads out of data, to ${outside}`,
            `${what} ${name}`,
          );
        }
      }
      const folder = examineFolder(`${inside}/sub`);
      assertEquals([folder.isGood, folder.found], [
        false,
        `${inside}/sub is a link that leads out of data, to ${outside}`,
      ]);
      assertEquals(contentOf(outside), before);
      assertEquals(names(), found);
    }),
});

Deno.test({
  name: "Journal.open() and Recording.create() stay in the folder of the given file, wherever it is",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const own = Deno.realPathSync(folder);
      Deno.mkdirSync(`${own}/out`);
      await writeSample(`${own}/out/a.db`);
      Deno.writeTextFileSync(`${own}/out/empty`, "");
      Deno.mkdirSync(`${own}/in`);
      for (const name of ["a.db", "empty"]) Deno.symlinkSync(`../out/${name}`, `${own}/in/${name}`);
      const why = (name: string) =>
        `${own}/in/${name} is a link that leads out of ${own}/in, to ${own}/out/${name}`;
      assertStringIncludes(await refusal(`${own}/in/a.db`), why("a.db"));
      assertThrows(() => recorded(`${own}/in/empty`), RecordingError, why("empty"));
      // Reading, and writing a result, follow the user's links anywhere.
      await (await JournalReader.open(`${own}/in/a.db`)).close();
      using place = await resultPlaceAt(`${own}/in/empty`, OPTIONS);
      place.write("{}");
      // The folder itself is the user's choice.
      Deno.symlinkSync("out", `${own}/disk`);
      await (await openJournal(`${own}/disk/a.db`)).close();
      await recorded(`${own}/disk/x.txt`).close(NOW);
    }),
});

Deno.test({
  name:
    "Journal.open() and JournalReader.open() refuse files beside the journal that are links or have other names",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      for (const side of ["-wal", "-shm", "-journal", ".lock"]) {
        for (const how of ["symlinkSync", "linkSync"] as const) {
          const [path, other] = [`${folder}/${side}${how}.db`, `${folder}/${side}${how}`];
          await writeSample(path);
          const content = side === ".lock" ? "" : "mine\n".repeat(20_000);
          Deno.writeTextFileSync(other, content);
          Deno[how](other, path + side);
          const why = `${side}, which it needs for itself, ${
            how === "linkSync" ? "has other names" : "is a link"
          }`;
          assertStringIncludes(await refusal(path), why, side + how);
          if (side !== ".lock") await assertRejects(() => JournalReader.open(path), JournalError, why);
          assertEquals(Deno.readTextFileSync(other) === content, true, side + how);
        }
      }
      // Also beside a journal that does not exist yet.
      Deno.writeTextFileSync(`${folder}/notes-shm`, "mine");
      assertStringIncludes(await refusal(`${folder}/notes`), "notes-shm exists");
      assertEquals(Deno.readTextFileSync(`${folder}/notes-shm`), "mine");
    }),
});

/** Calls `use`, and calls `before` once, just before `path` is opened. */
async function withOpening(
  path: string,
  before: () => void,
  use: () => void | Promise<void>,
): Promise<void> {
  const { openSync } = Deno;
  Deno.openSync = (opened, options) => {
    if (opened === path) {
      Deno.openSync = openSync;
      before();
    }
    return openSync(opened, options);
  };
  try {
    await use();
  } finally {
    Deno.openSync = openSync;
  }
}

Deno.test({
  name:
    "Journal.open() and Recording.create() write nothing to a file that is replaced just before it is opened",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const own = Deno.realPathSync(folder);
      Deno.mkdirSync(`${own}/in`);
      for (const name of ["lock", "empty"]) Deno.writeTextFileSync(`${own}/${name}`, "");
      const path = `${own}/in/a.db`;
      await withOpening(`${path}.lock`, () => Deno.symlinkSync("../lock", `${path}.lock`), async () => {
        assertStringIncludes(await refusal(path), "a.db.lock, which it needs for itself, is a link");
      });
      Deno.removeSync(`${path}.lock`);
      await writeSample(path);
      const swap: Connect = (opened, readOnly) => {
        if (!readOnly) {
          Deno.renameSync(path, `${own}/other.db`);
          Deno.symlinkSync("../other.db", path);
        }
        return connect(opened, readOnly);
      };
      assertStringIncludes(await refusal(path, { connect: swap }), "a.db is a link that leads out of");
      const file = `${own}/in/x.txt`;
      await withOpening(file, () => Deno.symlinkSync("../empty", file), () => {
        assertThrows(() => recorded(file), RecordingError, "x.txt is a link that leads out of");
      });
      for (const name of ["lock", "empty"]) assertEquals(Deno.readTextFileSync(`${own}/${name}`), "");
    }),
});

Deno.test({
  name: "Recording.create() refuses a file with several names",
  ignore,
  fn: () =>
    inFolder((folder) => {
      Deno.writeTextFileSync(`${folder}/other`, "");
      Deno.linkSync(`${folder}/other`, `${folder}/x.txt`);
      assertThrows(() => recorded(`${folder}/x.txt`), RecordingError, "its file has 2 names (hard links)");
      assertEquals(Deno.statSync(`${folder}/other`).size, 0);
    }),
});

Deno.test({
  name: "Recording.createIn() writes and deletes nothing in a folder that replaces its own",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const [place, others] = [`${folder}/rec`, `${folder}/others`];
      await recordedIn(place, null, NOW - 9 * DAY).close(NOW - 9 * DAY);
      const [old] = [...Deno.readDirSync(place)];
      Deno.utimeSync(`${place}/${old!.name}`, new Date(NOW - 2 * DAY), new Date(NOW - 2 * DAY));
      const logged: string[] = [];
      const say = (text: string): void => void logged.push(text);
      const retention = RecordingRetention.of(place, { keepMs: 2 * DAY, onDeleted: say, onTrouble: say });
      const recording = Recording.createIn(new RecordingFolder(place, retention), {
        symbol: "BTCUSDT",
        exchange: "binance",
        onTrouble: say,
        time: NOW,
      });
      Deno.mkdirSync(others);
      Deno.copyFileSync(`${place}/${old!.name}`, `${others}/${old!.name}`);
      const before = contentOf(others);
      Deno.renameSync(place, `${folder}/moved`);
      Deno.symlinkSync("others", place);
      await recording.frames(numbered(0, 2), NOW + DAY);
      await recording.close(NOW + DAY);
      assertEquals(contentOf(others), before);
      assert(logged[0]?.includes("the folder was moved or replaced while the run records there"), logged[0]);
      // What it receives still goes into the open file.
      assertEquals([...Deno.readDirSync(`${folder}/moved`)].length, 2);
    }),
});

Deno.test({
  name: "RecordingRetention.prune() deletes no file that took the name of an old recording",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const old = new Date(NOW - 9 * DAY);
      for (const days of [9, 8, 7]) await recordedIn(folder, null, NOW - days * DAY).close(NOW - days * DAY);
      const paths = [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`).sort();
      for (const path of paths) Deno.utimeSync(path, old, old);
      const [deleted, troubles]: [string[], string[]] = [[], []];
      const retention = RecordingRetention.of(folder, {
        keepMs: DAY,
        onDeleted: (text) => deleted.push(text),
        onTrouble: (text) => troubles.push(text),
      });
      const [replaced, linked, kept] = paths as [string, string, string];
      Deno.writeTextFileSync(`${folder}/mine`, "mine");
      Deno.renameSync(linked, `${folder}/elsewhere`);
      Deno.symlinkSync("elsewhere", linked);
      Deno.renameSync(`${folder}/mine`, replaced);
      retention.prune(NOW);
      assertEquals(deleted, [`deleted a recording older than 24h: ${kept}`]);
      assertEquals(
        troubles,
        [replaced, linked].map((path) =>
          `${path} has taken the name of a recording that is too old: it is not deleted.`
        ),
      );
      assertEquals([Deno.readTextFileSync(replaced), Deno.lstatSync(linked).isSymlink], ["mine", true]);
    }),
});

Deno.test({
  name: "resultPlaceAt() writes to no file that replaces a device before it is opened",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      Deno.symlinkSync("/dev/null", `${folder}/x`);
      Deno.writeTextFileSync(`${folder}/mine`, "mine");
      const { open } = Deno;
      Deno.open = (path, options) => {
        Deno.removeSync(`${folder}/x`);
        Deno.symlinkSync("mine", `${folder}/x`);
        return open(path, options);
      };
      try {
        await assertRejects(() => resultPlaceAt(`${folder}/x`, OPTIONS), ResultFileError, "it was replaced");
      } finally {
        Deno.open = open;
      }
      assertEquals(Deno.readTextFileSync(`${folder}/mine`), "mine");
    }),
});
