import { assert, assertGreater, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import { constants, gunzipSync } from "node:zlib";
import fc from "fast-check";
import type { Clock } from "../../../src/domain/process/clock.ts";
import { BinanceMessageReader } from "../../../src/exchanges/binance/binance_message.ts";
import { Recording } from "../../../src/stores/recording/recording.ts";
import { RecordingError } from "../../../src/stores/recording/recording_file.ts";
import { gzipLines, isRecorded } from "../../support/recorded_data.ts";
import { fake, FakeFile, idsOf, type Line, LOT, numbered, readBack, TIME } from "../fake_recording.ts";
import { assertEquals } from "../../support/equals.ts";

const BTCUSDT = ["binance_spot_btcusdt_20240808.gz", "binance_spot_btcusdt_20240809.gz"];
const DECODER = new TextDecoder();

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "penstock_" });
  try {
    await use(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const fail = (text: string): void => {
  throw new Error(`Trouble: ${text}`);
};

Deno.test("Recording writes one frame per line with its time in µs, notes between them, plain and as gzip", async () => {
  await inFolder(async (folder) => {
    for (const path of [`${folder}/a.txt`, `${folder}/b.gz`]) {
      const recording = Recording.create(path, {
        symbol: "BTCUSDT",
        exchange: "binance",
        onTrouble: fail,
        time: TIME,
      });
      recording.note({ event: "connected", endpoint: "ws://127.0.0.1:1", attempt: 1 }, TIME + 1);
      recording.frames([`{"e":1}`, `{"e":2}`], TIME + 2);
      recording.frames([], TIME + 3);
      recording.frames([`{"e":3}`, `{"e":4}`, `{"e":5}`], TIME + 4.25, 2);
      recording.note({ event: "disconnected", reason: "a\nb", retryInMs: 5 }, TIME + 5);
      recording.frames([`{\n"e":6}`], TIME + 6);
      await recording.close(TIME + 7);
      const bytes = Deno.readFileSync(path);
      assertEquals(DECODER.decode(path.endsWith("gz") ? gunzipSync(bytes) : bytes).split("\n"), [
        `1723161255342000 {"penstock":{"event":"recording","version":1,"symbol":"BTCUSDT",` +
        `"exchange":"binance","symbols":["BTCUSDT"],"format":"frames"}}`,
        `1723161255343000 {"penstock":{"event":"connected","endpoint":"ws://127.0.0.1:1","attempt":1}}`,
        `1723161255344000 {"e":1}`,
        `1723161255344000 {"e":2}`,
        `1723161255346250 {"e":3}`,
        `1723161255346250 {"e":4}`,
        `1723161255347000 {"penstock":{"event":"disconnected","reason":"a\\nb","retryInMs":5}}`,
        `1723161255348000 {"penstock":{"event":"frame","text":"{\\n\\"e\\":6}"}}`,
        `1723161255349000 {"penstock":{"event":"ended"}}`,
        "",
      ]);
    }
  });
});

Deno.test("Recording.flush() writes the buffer at once, and syncs it within the second", async () => {
  const { file, printed, recording } = fake();
  const synced = () => file.syncing === 0 ? file.syncs : -1;
  await Promise.resolve();
  const initial = { size: file.size, syncs: file.syncs };
  recording.frames(numbered(0, 3), TIME);
  assertEquals(file.size, initial.size);
  recording.flush();
  assertEquals(idsOf(readBack(file.bytes).frames), [0, 1, 2]);
  assertEquals(file.syncs, initial.syncs);
  recording.flush();
  assertEquals(readBack(file.bytes).frames.length, 3);
  while (synced() <= initial.syncs) await new Promise((resolve) => setTimeout(resolve, 10));
  // While the disk is full, only the regular writes try again.
  file.room = 0;
  recording.frames(numbered(3, 4), TIME);
  recording.flush();
  assertEquals(printed.length, 1);
  file.room = Infinity;
  recording.frames(numbered(4, 5), TIME);
  recording.flush();
  assertEquals(readBack(file.bytes).frames.length, 3);
  await recording.close(TIME + 1);
  assertEquals(idsOf(readBack(file.bytes).frames), [0, 1, 2, 3, 4]);
  assertThrows(() => recording.flush(), Error, "is closed");
});

Deno.test("Recording.kept() notes the journal's last entry within the second or at the end, and no more often", async () => {
  const { file, recording } = fake();
  recording.kept({ entry: 5, hash: "05" });
  recording.kept({ entry: 6, hash: "06" });
  recording.flush();
  const keptIn = () =>
    readBack(file.bytes).notes.filter(({ event }) => event === "kept").map(({ entry, hash }) => [
      entry,
      hash,
    ]);
  assertEquals(keptIn(), []);
  while (keptIn().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(keptIn(), [[6, "06"]]);
  recording.kept({ entry: 7, hash: "07" });
  await recording.close(TIME + 1);
  assertEquals(keptIn(), [[6, "06"], [7, "07"]]);
  assertEquals(readBack(file.bytes).notes.at(-1)!["event"], "ended");
});

Deno.test("Recording.create() notes where in the journal the process started", async () => {
  const file = new FakeFile();
  const journal = { run: 2, entry: 9, hash: "ab" };
  const recording = Recording.create("x.rec", {
    symbol: "BTCUSDT",
    exchange: "binance",
    onTrouble: fail,
    time: TIME,
    journal,
    open: () => file,
  });
  await recording.close(TIME);
  const { event, run, entry, hash } = readBack(file.bytes).notes[0]!;
  assertEquals({ event, run, entry, hash }, { event: "recording", ...journal });
});

/** Text of every kind, including text that does not fit on a line or could be taken for something else. */
const anyFrame = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: "grapheme", maxLength: 40 }) },
  {
    weight: 4,
    arbitrary: fc.string({ unit: fc.nat(0xffff).map((c) => String.fromCharCode(c)), maxLength: 40 }),
  },
  {
    weight: 2,
    arbitrary: fc.string({ unit: fc.constantFrom(...'{"penstock: \t\r\n\ufeff\0'), maxLength: 40 }),
  },
  fc.json().map((text) => text.slice(0, 200)),
  fc.constantFrom(
    "",
    " ",
    "\n",
    "\r",
    "x\r",
    "{",
    "\ufeff{}",
    `{"penstock":{"event":"ended"}}`,
    `{"penstock":`,
    `{"penstocks":1}`,
    ` \t{ "penstock" : 1}`,
    `{"penstock":{"event":"frame","text":"x"}}`,
    `{"e":"trade","E":1,"s":"BTCUSDT","t":9,"p":"1.5","q":"2","T":1723161255342,"m":true,"M":true}`,
    `{"e":"trade","E":1,"s":"BTCUSDT",\n"t":9,"p":"1.5","q":"2","T":1723161255342,"m":true,"M":true}`,
    `{"e":"trade","E":1,"s":"ETHUSDT","t":9,"p":"1.5","q":"2","T":1723161255342,"m":true,"M":true}`,
  ),
);

Deno.test("Recording keeps any frames, in order, and a reader reads them as the live run did", async () => {
  const anyBatch = fc.record({ frames: fc.array(anyFrame, { maxLength: 8 }), later: fc.nat(5000) });
  await fc.assert(
    fc.asyncProperty(fc.array(anyBatch, { maxLength: 6 }), fc.boolean(), async (batches, isCompressed) => {
      const { file, printed, recording } = fake(isCompressed ? "x.gz" : "x");
      const expected: Line[] = [];
      let at = TIME;
      for (const { frames, later } of batches) {
        at += later / 4;
        recording.frames(frames, at);
        for (const frame of frames) expected.push({ time: Math.round(at * 1000), frame });
      }
      await recording.close(at);
      const read = readBack(isCompressed ? gunzipSync(file.bytes) : file.bytes);
      assertEquals(read.frames, expected);
      const reader = new BinanceMessageReader("BTCUSDT");
      assertEquals(read.decisions, expected.map(({ frame }) => reader.decode(frame)));
      assertEquals(read.notes.map(({ event }) => event), ["recording", "ended"]);
      assertEquals(printed, []);
    }),
    { numRuns: 600 },
  );
});

Deno.test({
  name: "Recording keeps the recorded BTCUSDT frames to the last byte",
  ignore: !isRecorded(...BTCUSDT),
  fn: async () => {
    const lines = (await Promise.all(BTCUSDT.map(gzipLines))).flat();
    const { file, printed, recording } = fake("x.gz");
    const frames = lines.map((line) => line.slice(line.indexOf(" ") + 1));
    for (let at = 0; at < frames.length; at += 256) recording.frames(frames.slice(at, at + 256), TIME);
    await recording.close(TIME);
    const kept = gunzipSync(file.bytes).toString().split("\n").slice(1, -2);
    assertEquals(kept.length, 99_574);
    assert(kept.every((line, at) => line === `${TIME}000 ${frames[at]}`));
    assertEquals(printed, []);
    assertGreater(gunzipSync(file.bytes).length / file.size, 6);
  },
});

Deno.test("Recording.rest() gives other work a turn after at most 512 kB of compression, and none for a plain file", async () => {
  const frames = Array.from({ length: 250 }, (_, at) => JSON.stringify({ id: at, text: "x".repeat(150) }));
  for (const path of ["x.gz", "x.txt"]) {
    const { recording } = fake(path);
    let turns = 0;
    let since = 0;
    for (let batch = 0; batch < 100; batch++) {
      let hadTurn = false;
      const timer = setTimeout(() => hadTurn = true, 0);
      recording.frames(frames, TIME);
      since += frames.join("").length;
      const rest = recording.rest();
      await rest;
      assertEquals(hadTurn, rest !== null);
      clearTimeout(timer);
      if (rest === null) {
        assert(path === "x.txt" || since < 512 * 1024, `${since} characters without a turn`);
      } else {
        turns++;
        since = 0;
      }
    }
    assertEquals(turns > 5, path === "x.gz");
    await recording.close();
  }
});

Deno.test("Recording.rest() waits by the recording's clock, so that a simulated day repeats exactly", async () => {
  const turns: (() => void)[] = [];
  const setTimeout = (turn: () => void) => turns.push(turn);
  const clock = {
    Date,
    performance,
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval,
  } as unknown as Clock;
  const { recording } = fake("x.gz", clock);
  const frame = JSON.stringify({ text: "x".repeat(1_000) });
  let rest: Promise<void> | null = null;
  for (; rest === null; rest = recording.rest()) recording.frames(Array(50).fill(frame), TIME);
  let isOver = false;
  rest.then(() => isOver = true);
  await new Promise((resolve) => globalThis.setTimeout(resolve, 5));
  assertEquals(isOver, false);
  for (const turn of turns) turn();
  await rest;
  await recording.close();
});

Deno.test("Recording.create() refuses a target that it must not or cannot write to, and says what to do", async () => {
  await inFolder(async (folder) => {
    const create = (path: string) =>
      Recording.create(path, { symbol: "BTCUSDT", exchange: "binance", onTrouble: fail });
    const taken = `${folder}/taken.gz`;
    Deno.writeTextFileSync(taken, "x");
    const cases = [
      [taken, "it is not empty. Choose another name, move that file away, or give a folder"],
      [folder, "it is a folder. Put a / at its end for one file per day, or name a file in it."],
      [`${folder}/a/b/c.txt`, `the folder ${folder}/a/b does not exist. Create it, or choose another place.`],
      [`${taken}/b.txt`, "Not a directory"],
    ] as const;
    for (const [path, what] of cases) {
      const { message } = assertThrows(() => create(path), RecordingError);
      assertStringIncludes(message, `Cannot record to ${path}: ${what}`);
    }
    assertEquals(Deno.readTextFileSync(taken), "x");
    assertEquals([...Deno.readDirSync(folder)].length, 1);
    // An empty file counts as none.
    Deno.writeTextFileSync(`${folder}/empty`, "");
    await create(`${folder}/empty`).close();
    assertGreater(Deno.statSync(`${folder}/empty`).size, 0);
  });
});

Deno.test("Recording.create() leaves no torn line and no open file if even the first line does not fit", () => {
  const file = new FakeFile();
  const create = () =>
    Recording.create("x", { symbol: "BTCUSDT", exchange: "binance", onTrouble: fail, open: () => file });
  file.room = 10;
  assertThrows(create, RecordingError, "No space left on device (os error 28). Choose another place.");
  assertEquals([file.size, file.isClosed], [0, true]);
  const pipe = new FakeFile();
  pipe.canSeek = false;
  const open = () => pipe;
  const { message } = assertThrows(
    () => Recording.create("x", { symbol: "BTCUSDT", exchange: "binance", onTrouble: fail, open }),
    RecordingError,
  );
  const what = "it is not a file (Illegal seek (os error 29)). Choose another name.";
  assertEquals([message, pipe.isClosed], [`Cannot record to x: ${what}`, true]);
});

Deno.test({
  name: "Recording.create() refuses a pipe instead of waiting for its reader",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      const path = `${folder}/pipe`;
      await new Deno.Command("mkfifo", { args: [path] }).output();
      Deno.symlinkSync(path, `${folder}/link`);
      for (const name of [path, `${folder}/link`]) {
        assertThrows(
          () => Recording.create(name, { symbol: "X", exchange: "binance", onTrouble: fail }),
          RecordingError,
          `Cannot record to ${name}: it is a pipe`,
        );
      }
    }),
});

const SOURCE = new URL("../../../src/stores/recording/recording.ts", import.meta.url).href;
const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;

/** Runs `body` as a separate program that may write only to `folder`. */
function child(body: string, folder: string): Deno.ChildProcess {
  const script = `import { Recording } from ${JSON.stringify(SOURCE)};\n${body}`;
  const path = `${folder}/child.js`;
  Deno.writeTextFileSync(path, script);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", `--config=${CONFIG}`, `--allow-write=${folder}/out`, path],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

Deno.test("Recording.create() names the flag that lets it write", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/elsewhere.txt`;
    const body = `
      const create = (path) => Recording.create(path, { symbol: "X", exchange: "binance", onTrouble: console.log }).close();
      try { await create(${JSON.stringify(path)}); } catch ({ name, message }) { console.log(name, message); }
      // It needs only permission to write.
      await create(${JSON.stringify(`${folder}/out/fine.txt`)});
    `;
    Deno.mkdirSync(`${folder}/out`);
    const { stdout, code } = await child(body, folder).output();
    assertEquals(
      DECODER.decode(stdout),
      `RecordingError Cannot record to ${path}: writing there is not allowed. ` +
        `Allow it with --allow-write=${path} before main.ts, or in deno.json.\n`,
    );
    assertEquals(code, 0);
    assertEquals(readBack(Deno.readFileSync(`${folder}/out/fine.txt`)).notes.length, 2);
  });
});

Deno.test("Recording loses at most the last second when the program is killed", async () => {
  await inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/out`);
    const paths = [`${folder}/out/a.txt`, `${folder}/out/b.gz`];
    const body = `
      const all = ${JSON.stringify(paths)}.map((path) =>
        Recording.create(path, { symbol: "BTCUSDT", exchange: "binance", onTrouble: console.log }));
      const begun = Date.now();
      let id = 0;
      setInterval(() => {
        const now = Date.now();
        const frames = Array.from({ length: 7 }, () => JSON.stringify({ id: id++, text: "x" }));
        for (const recording of all) recording.frames(frames, now);
        console.log(now - begun, now, id);
      }, 5);
    `;
    const running = child(body, folder);
    let logged = "";
    // Killed after the first write, when the second is nearly due.
    for await (const bytes of running.stdout.values({ preventCancel: true })) {
      logged += DECODER.decode(bytes, { stream: true });
      if (Number(/(\d+) \d+ \d+\n$/.exec(logged)?.[1]) > 1_700) break;
    }
    running.kill("SIGKILL");
    for await (const bytes of running.stdout) logged += DECODER.decode(bytes, { stream: true });
    assertEquals((await running.status).signal, "SIGKILL");
    const [, killedAt, received] = /\d+ (\d+) (\d+)\n[^\n]*$/.exec(logged)!.map(Number) as [
      number,
      number,
      number,
    ];
    const ticks = Array.from(logged.matchAll(/^\d+ (\d+) \d+$/gm), ([, now]) => Number(now));
    const longestPause = Math.max(...ticks.slice(1).map((now, at) => now - ticks[at]!));
    for (const path of paths) {
      const bytes = Deno.readFileSync(path);
      const { frames, notes } = readBack(
        path.endsWith("gz") ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes,
      );
      const ids = idsOf(frames);
      assert(ids.every((id, at) => id === at));
      assertEquals(notes.map(({ event }) => event), ["recording"]);
      assertGreater(ids.length, 0);
      const last = frames.at(-1)!.time / 1000;
      // While the machine gives it no time, it cannot write either.
      assertLess(
        killedAt - last,
        1000 + longestPause,
        `${path}: ${ids.length} of ${received} frames are kept`,
      );
    }
  });
});

Deno.test("Recording writes within a second of the first frame, and at once when its buffer is full", async () => {
  const { file, recording } = fake();
  const before = file.size;
  const written = Promise.withResolvers<void>();
  file.onWrite = written.resolve;
  const initial = performance.now();
  recording.frames(numbered(0, 3), TIME);
  recording.note({ event: "notice", message: "x" }, TIME);
  assertEquals(file.size, before);
  await written.promise;
  assertGreater(performance.now() - initial, 500);
  assertEquals(idsOf(readBack(file.bytes).frames), [0, 1, 2]);
  const lot = numbered(3, 3 + LOT / 100);
  recording.frames(lot, TIME);
  assertEquals(readBack(file.bytes).frames.length, 3 + lot.length);
  await recording.close();
});

Deno.test("Recording with gzip can be read up to the last write at any time", async () => {
  const { file, recording } = fake("x.gz");
  const lot = Math.ceil(LOT / 100);
  for (let n = 0; n < 5; n++) {
    recording.frames(numbered(n * lot, (n + 1) * lot), TIME);
    recording.frames(numbered(0, 5), TIME, 0);
    assertEquals(idsOf(readBack(gunzipSync(file.bytes)).frames).length, (n + 1) * lot);
  }
  await recording.close();
});

Deno.test("Recording.close() notes the end, syncs and closes, once; nothing can be recorded after it", async () => {
  const { file, recording } = fake();
  recording.frames(numbered(0, 3), TIME);
  const closing = recording.close(TIME + 5);
  assertThrows(() => recording.frames([], TIME), Error, "The recording x.rec is closed");
  assertThrows(() => recording.note({ event: "ended" }, TIME), Error, "The recording x.rec is closed");
  await closing;
  await recording.close();
  await recording[Symbol.asyncDispose]();
  const { notes, frames } = readBack(file.bytes);
  assertEquals(frames.length, 3);
  assertEquals(notes.at(-1), { event: "ended", time: (TIME + 5) * 1000, after: 3 });
  assert(file.isClosed && file.syncs >= 2);
});

Deno.test("Recording is closed when its scope ends", async () => {
  const { file, recording } = fake();
  {
    await using open = recording;
    open.frames(numbered(0, 1), TIME);
  }
  assert(file.isClosed);
  assertEquals(readBack(file.bytes).notes.at(-1)!.event, "ended");
});

Deno.test("Recording syncs every write, one sync after another, and never waits for it", async () => {
  const { file, printed, recording } = fake();
  const gate = Promise.withResolvers<void>();
  file.gate = gate.promise;
  assertEquals(file.syncs, 1);
  const lot = numbered(0, Math.ceil(LOT / 100));
  for (let n = 0; n < 4; n++) {
    recording.frames(lot, TIME);
    // Earlier syncs have had time to settle.
    await new Promise<void>((resolve) => setTimeout(resolve));
  }
  assertEquals([file.syncing, file.syncs], [1, 2]);
  const closing = recording.close();
  const { size } = file;
  assertEquals(readBack(file.bytes).frames.length, 4 * lot.length);
  gate.resolve();
  await closing;
  // One for the first line, one that started with the first write, and one for the writes meanwhile.
  assertEquals([file.syncs, file.size, printed], [3, size, []]);
});
