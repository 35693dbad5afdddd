/** Recordings on a disk that is full, slow or broken: every loss is reported, and no line is torn. */
import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { Recording } from "../../../src/stores/recording/recording.ts";
import { inFolder } from "../sample_journal.ts";
import { fake, idsOf, LOT, MIB, numbered, readBack, TIME } from "../fake_recording.ts";

for (const path of ["x.txt", "x.gz"]) {
  Deno.test(`Recording continues when the disk is full, and loses nothing that fits in memory: ${path}`, async () => {
    const { file, printed, recording } = fake(path);
    const decompressed = () => path.endsWith(".gz") ? gunzipSync(file.bytes) : file.bytes;
    const lot = Math.ceil(LOT / 100);
    recording.frames(numbered(0, lot), TIME);
    const good = file.bytes.slice();
    for (const room of [0, 1, 5_000, 0]) {
      file.room = Math.min(room, 1_000);
      recording.frames(numbered(lot, 2 * lot), TIME);
      // A partial write that did not fit is truncated.
      assertEquals(file.size, good.length);
    }
    recording.note({ event: "disconnected", reason: "x", retryInMs: 1 }, TIME);
    assertEquals(file.bytes, good);
    assertEquals(printed, [
      `Cannot write to ${path}: No space left on device (os error 28). The run continues, and what it receives ` +
      "waits in memory until writing works again; make room.",
    ]);
    file.room = Infinity;
    recording.frames(numbered(2 * lot, 3 * lot), TIME);
    assertEquals(printed.slice(1), [`Writing to ${path} works again. Nothing was lost.`]);
    const { frames, notes } = readBack(decompressed());
    const once = (n: number) => Array.from({ length: lot }, (_, i) => n * lot + i);
    assertEquals(idsOf(frames), [0, 1, 1, 1, 1, 2].flatMap(once));
    assertEquals(notes.map(({ event, after }) => [event, after]), [["recording", 0], [
      "disconnected",
      5 * lot,
    ]]);
    // A later trouble is reported again.
    file.room = 0;
    recording.frames(numbered(0, lot), TIME);
    file.room = Infinity;
    await recording.close(TIME);
    assertEquals(printed.length, 4);
    assertEquals(readBack(decompressed()).frames.length, 7 * lot);
  });
}

Deno.test("Recording tries again by itself if nothing more arrives", async () => {
  const { file, printed, recording } = fake();
  file.room = 0;
  recording.frames(numbered(0, LOT / 100), TIME);
  assertEquals(printed.length, 1);
  const written = Promise.withResolvers<void>();
  file.onWrite = written.resolve;
  file.room = Infinity;
  await written.promise;
  await recording.close();
  assertEquals(idsOf(readBack(file.bytes).frames).length, Math.floor(LOT / 100));
  assertEquals(printed[1], "Writing to x.rec works again. Nothing was lost.");
});

Deno.test("Recording drops the oldest frames beyond 16 MiB, and notes the loss in their place", async () => {
  const { file, printed, recording } = fake();
  const lot = 300;
  const batch = (n: number) => recording.frames(numbered(n * lot, (n + 1) * lot, 1_000), TIME + n);
  batch(0);
  file.room = 0;
  recording.note({ event: "disconnected", reason: "x", retryInMs: 7 }, TIME);
  for (let n = 1; n < 100; n++) batch(n);
  assertEquals(printed.length, 2);
  assertEquals(printed[1], "Cannot write to x.rec, and memory holds no more: the oldest frames are lost.");
  file.room = Infinity;
  batch(100);
  // The loss is noted and reported once.
  file.room = 0;
  batch(101);
  file.room = Infinity;
  batch(102);
  assertEquals(printed.splice(3), [printed[0]!, "Writing to x.rec works again. Nothing was lost."]);
  await recording.close();
  const { frames, notes } = readBack(file.bytes);
  const ids = idsOf(frames);
  const lost = 103 * lot - ids.length;
  // About 16 MiB were kept, and whole buffers were lost.
  assertGreater(ids.length * 1_020, 15 * MIB);
  assertLess((ids.length - 4 * lot) * 1_020, 16 * MIB);
  assertEquals(lost % lot, 0);
  assertEquals(ids.slice(0, lot + 1), [...Array.from({ length: lot }, (_, i) => i), lost + lot]);
  assert(ids.slice(lot).every((id, at) => id === lost + lot + at));
  assertEquals(notes.slice(1, -1), [
    {
      event: "lost",
      frames: lost,
      from: (TIME + 1) * 1000,
      to: (TIME + lost / lot) * 1000,
      time: (TIME + lost / lot) * 1000,
      after: lot,
    },
    // A note among the lost frames is kept, because what follows would make no sense without it.
    { event: "disconnected", reason: "x", retryInMs: 7, time: TIME * 1000, after: lot },
  ]);
  assertEquals(printed.slice(2), [`Writing to x.rec works again. ${lost} frames were lost.`]);
});

Deno.test("Recording writes nothing after a torn write that it could not truncate", async () => {
  const { file, printed, recording } = fake();
  const lot = Math.ceil(LOT / 100);
  file.room = 100;
  file.canTruncate = false;
  recording.frames(numbered(0, lot), TIME);
  const torn = file.size;
  file.room = Infinity;
  recording.frames(numbered(lot, 2 * lot), TIME);
  assertEquals([file.size, printed.length], [torn, 1]);
  file.canTruncate = true;
  recording.frames(numbered(2 * lot, 3 * lot), TIME);
  assertEquals(idsOf(readBack(file.bytes).frames), Array.from({ length: 3 * lot }, (_, i) => i));
  assertEquals(printed.length, 2);
  await recording.close();
});

Deno.test("Recording.close() tries one last time, and reports the loss", async () => {
  const { file, printed, recording } = fake();
  const good = file.size;
  file.room = 0;
  recording.frames(numbered(0, 3), TIME);
  await recording.close(TIME);
  assertEquals([file.size, file.isClosed, printed.length], [good, true, 2]);
  assertEquals(
    printed[1],
    "x.rec could not be written to the end: No space left on device (os error 28). 3 frames were lost.",
  );
  const torn = fake();
  torn.file.room = 5;
  torn.file.canTruncate = false;
  torn.recording.frames(numbered(0, 1), TIME);
  await torn.recording.close(TIME);
  assertStringIncludes(torn.printed[1]!, "1 frame was lost, and its last frame may be incomplete.");
});

Deno.test("Recording reports once that the system cannot sync it, and continues", async () => {
  const { file, printed, recording } = fake();
  file.syncError = new Error("Input/output error (os error 5)");
  recording.frames(numbered(0, 2 * LOT / 100), TIME);
  await new Promise<void>((resolve) => setTimeout(resolve));
  recording.frames(numbered(0, 2 * LOT / 100), TIME);
  await recording.close();
  assertEquals(printed.length, 1);
  assertStringIncludes(
    printed[0]!,
    "The system does not confirm that x.rec is on the disk: Input/output error",
  );
  assertGreater(readBack(file.bytes).frames.length, 10_000);
});

Deno.test({
  name: "Recording reports once that its file was removed, but not that it was renamed",
  // On Windows an open file cannot be removed.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await inFolder(async (folder) => {
      const printed: string[] = [];
      const path = `${folder}/x.txt`;
      const recording = Recording.create(path, {
        symbol: "BTCUSDT",
        exchange: "binance",
        onTrouble: (text) => printed.push(text),
      });
      const lot = () => recording.frames(numbered(0, LOT / 100), TIME);
      Deno.renameSync(path, `${folder}/y.txt`);
      lot();
      assertEquals(printed, []);
      Deno.removeSync(`${folder}/y.txt`);
      lot();
      lot();
      await recording.close();
      assertEquals(printed, [
        `${path} was removed while the run writes to it: nothing is recorded from now on, and the run ` +
        "continues. To record again, start it again.",
      ]);
    });
  },
});
