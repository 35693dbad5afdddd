import { assert, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { constants, gunzipSync, gzipSync } from "node:zlib";
import { chunksOf } from "../../../src/feeds/files/recorded_files.ts";
import { bytesOf, Folder, gzip, joined, outcomeOf, recording, rows } from "../recorded_input.ts";
import { assertEquals } from "../../support/equals.ts";

const CUT_OFF = "a.gz: the gzip data is cut off: it ends in the middle. Fetch or copy the file again";
const TORN = "a.gz: the recording was cut off while it was being written; it is read up to that point";
const RUBBISH = "a.gz: something that is not gzip follows the gzip data. Fetch or copy the file again";

/** The text that can be decompressed from gzip data that was cut off. */
function decompressible(compressed: Uint8Array): string {
  return new TextDecoder().decode(gunzipSync(compressed, { finishFlush: constants.Z_SYNC_FLUSH }));
}

Deno.test("InflateSource reads one member, several members, empty ones, and padding after them", async () => {
  await using folder = new Folder();
  const [one, two] = [rows(4000), rows(3000, 4001)];
  // The data is torn within a line, as by a recorder that was stopped.
  const members = joined(gzip(one.slice(0, 777)), gzip(""), gzip(one.slice(777)), gzip(two));
  for (
    const content of [members, joined(members, new Uint8Array(3)), joined(members, new Uint8Array(100_000))]
  ) {
    const found = await outcomeOf(await folder.write("a.gz", content));
    assertEquals(found, {
      ...found,
      text: one + two,
      names: ["a.gz"],
      layouts: ["spot aggTrades"],
      error: null,
    });
  }
});

Deno.test("InflateSource decompresses data that is compressed twice, but not endlessly", async () => {
  await using folder = new Folder();
  let compressed = gzip(rows(3));
  for (let times = 1; times <= 4; times++) {
    assertEquals((await outcomeOf(await folder.write("a.gz", compressed))).text, rows(3), `${times}`);
    compressed = gzip(compressed);
  }
  const { error } = await outcomeOf(await folder.write("a.gz", compressed));
  assertEquals(error, "a.gz: it is compressed more than 4 times: decompress it first");
});

Deno.test("InflateSource returns the data before the cut, wherever it is, and reports it", async () => {
  await using folder = new Folder();
  const text = rows(3000);
  const compressed = joined(gzip(text.slice(0, 50_000)), gzip(text.slice(50_000)));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: compressed.length - 1 }),
      fc.integer({ min: 1, max: 70_000 }),
      async (
        length,
        chunkBytes,
      ) => {
        const cut = compressed.subarray(0, length);
        const found = await outcomeOf(await folder.write("a.gz", cut), { chunkBytes });
        const readable = length < 18 ? "" : decompressible(cut);
        // A cut between two members looks like the end of the file.
        const isWhole = found.error === null;
        assertEquals(isWhole, length === gzip(text.slice(0, 50_000)).length);
        assertEquals(found.text, isWhole ? readable : readable.slice(0, readable.lastIndexOf("\n") + 1));
        if (!isWhole) assertEquals(found.error, CUT_OFF);
      },
    ),
    // The examples have one and two rows before the cut.
    { numRuns: 60, examples: [[89, 1], [112, 70_000]] },
  );
});

Deno.test("InflateSource reports cut-off data rather than an unreadable first line", async () => {
  await using folder = new Folder();
  const stored = new Uint8Array(gzipSync(rows(3), { level: constants.Z_NO_COMPRESSION }));
  const cut = stored.subarray(0, 40);
  assertEquals(decompressible(cut), rows(1).slice(0, 25));
  assertEquals((await outcomeOf(await folder.write("a.gz", cut))).error, CUT_OFF);
});

Deno.test("InflateSource accepts a tear anywhere in one of Penstock's recordings, and in no other", async () => {
  await using folder = new Folder();
  const own = recording(2000);
  const firstLine = own.indexOf("\n") + 1;
  const compressed = gzip(own);
  let empty = 0;
  for (let length = 30; length < compressed.length; length += Math.ceil(compressed.length / 60)) {
    const cut = compressed.subarray(0, length);
    const { text, warnings, error } = await outcomeOf(await folder.write("a.gz", cut));
    const readable = decompressible(cut);
    if (readable.length < firstLine && error !== null) {
      empty++;
      assertEquals([text, error], ["", CUT_OFF]);
      continue;
    }
    assertEquals([text, warnings, error], [readable.slice(0, readable.lastIndexOf("\n") + 1), [TORN], null]);
  }
  assert(empty < 10, `${empty}`);

  const other = gzip(own.slice(firstLine)).subarray(0, -20);
  assertEquals((await outcomeOf(await folder.write("a.gz", other))).error, CUT_OFF);
});

Deno.test("InflateSource reports damaged data, and other data after it", async () => {
  await using folder = new Folder();
  const compressed = gzip(rows(3000));
  const checksum = compressed.slice();
  checksum[compressed.length - 8]! ^= 1;
  const middle = compressed.slice();
  middle.fill(0xff, compressed.length >> 1, (compressed.length >> 1) + 40);
  for (const [content, words] of [[checksum, "incorrect data check"], [middle, "damaged: "]] as const) {
    const { error } = await outcomeOf(await folder.write("a.gz", content));
    assert(error!.startsWith("a.gz: the gzip data is damaged: "), error!);
    assertStringIncludes(error!, words);
    assert(error!.endsWith(". Fetch or copy the file again"), error!);
  }
  const tails = [
    "rubbish",
    "\0\0\0rubbish",
    "\x1f\x8brubbish",
    `${"\0".repeat(70_000)}x`,
    "\0".repeat(40) + "\x1f",
  ];
  for (const tail of tails) {
    const { error } = await outcomeOf(await folder.write("a.gz", joined(compressed, bytesOf(tail))));
    assertEquals(error, RUBBISH, JSON.stringify(tail.slice(-9)));
  }
});

Deno.test("InflateSource closes everything when the caller stops early", async () => {
  await using folder = new Folder();
  const path = await folder.write("a.gz", gzip(rows(200_000)));
  const { chunks, error } = await outcomeOf(path, { signal: AbortSignal.abort() });
  assertEquals([chunks, error], [0, null]);
  for await (const { origin } of chunksOf(path, { chunkBytes: 5000 })) {
    assertEquals(origin.layout.name, "spot aggTrades");
    break;
  }
});

Deno.test("InflateSource keeps memory small, however much data is compressed", async () => {
  await using folder = new Folder();
  // A hundred million bytes, compressed into a hundred thousand.
  const line = `{"pad":"${" ".repeat(99_990)}"}\n`;
  const path = await folder.write("a.gz", gzip(line.repeat(1000)));
  const before = Deno.memoryUsage().rss;
  let most = 0;
  let bytes = 0;
  for await (const { start, end } of chunksOf(path)) {
    bytes += end - start;
    most = Math.max(most, Deno.memoryUsage().rss);
  }
  assertEquals(bytes, 1000 * line.length);
  assert(most - before < 100e6, `${(most - before) / 1e6} MB more than before`);
});
