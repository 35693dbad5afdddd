import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { chunksOf, type ReadProgress } from "../../../src/feeds/files/recorded_files.ts";
import { isRecorded } from "../../support/recorded_data.ts";
import { bytesOf, Folder, gzip, HEADER, joined, outcomeOf, recording, rows, zip } from "../recorded_input.ts";

const AGAIN = ". Fetch or copy the file again";
const CUT_OFF = `a.zip: the zip archive is cut off: the table of contents at its end is missing${AGAIN}`;

/** The result of reading an archive of these bytes. */
async function outcomeOfArchive(bytes: Uint8Array, chunkBytes = 5000) {
  await using folder = new Folder();
  return await outcomeOf(await folder.write("a.zip", bytes), { chunkBytes });
}

/** A copy of the archive after `change` of a local header and its entry in the table of contents. */
function changed(archive: Uint8Array, change: (view: DataView, local: number, entry: number) => void) {
  const copy = archive.slice();
  const view = new DataView(copy.buffer);
  let entry = copy.length - 22;
  while (view.getUint32(entry, true) !== 0x02014b50) entry--;
  change(view, view.getUint32(entry + 42, true), entry);
  return copy;
}

Deno.test("membersOf() yields the members in name order, each with its own origin", async () => {
  const archive = await zip({
    "day/": "",
    "day/b.csv": rows(200, 301),
    "c.jsonl": `{"e":"trade"}\n`,
    "day/a.csv": HEADER + rows(300),
    "B.txt": recording(2),
  });
  const { text, names, layouts, error } = await outcomeOfArchive(archive);
  assertEquals(error, null);
  assertEquals(names, ["a.zip (B.txt)", "a.zip (c.jsonl)", "a.zip (day/a.csv)", "a.zip (day/b.csv)"]);
  assertEquals(layouts, ["recording", "messages", "futures aggTrades", "spot aggTrades"]);
  assertEquals(text, `${recording(2)}{"e":"trade"}\n${HEADER}${rows(500)}`);
});

Deno.test("membersOf() sorts numbers in names as numbers", async () => {
  const archive = await zip({ "part10.csv": rows(1, 10), "part2.csv": rows(1, 2), "part1.csv": rows(1, 1) });
  const { names } = await outcomeOfArchive(archive);
  assertEquals(names, ["a.zip (part1.csv)", "a.zip (part2.csv)", "a.zip (part10.csv)"]);
});

Deno.test("membersOf() skips checksums and files that archivers add", async () => {
  const archive = await zip({
    "__MACOSX/._a.csv": "\0\0",
    "._a.csv": "\0\0",
    "x/.DS_Store": "\0\0",
    "a.csv.CHECKSUM": "0",
    "a.csv": rows(2),
  });
  const { names, error } = await outcomeOfArchive(archive);
  assertEquals([names, error], [["a.zip (a.csv)"], null]);
});

Deno.test("membersOf() reads stored members, zip64, data descriptors, comments and nested archives", async () => {
  const text = rows(3000);
  const forms = [
    await zip({ a: text }, { level: 0 }),
    await zip({ a: text }, { zip64: true }),
    await zip({ a: text }, { zip64: true, level: 0 }),
    await zip({ a: text }, { dataDescriptor: false }),
    await zip({ a: text }, { comment: "x".repeat(1000) }),
    await zip({ a: gzip(text) }),
    await zip({ a: await zip({ b: text }) }),
    gzip(await zip({ a: text })),
  ];
  for (const [form, archive] of forms.entries()) {
    const found = await outcomeOfArchive(archive);
    assertEquals([found.error, found.text === text], [null, true], `${form}`);
  }
});

Deno.test("membersOf() finds a wrong checksum or size after it has returned all data", async () => {
  const content = rows(20_000);
  for (const level of [0, 6]) {
    const archive = await zip({ "a.csv": content }, { level, dataDescriptor: false });
    const cases = [
      // The low byte of the checksum, then of the size, in the table of contents and before the data.
      [16, 14, /it holds 1144731 bytes with the CRC-32 [0-9a-f]{8}, expected 1144731 with [0-9a-f]{8}\./],
      [24, 22, /it holds 1144731 bytes with the CRC-32 ([0-9a-f]{8}), expected 11447\d\d with \1\./],
    ] as const;
    for (const [inEntry, inHeader, words] of cases) {
      const wrong = changed(archive, (view, local, entry) => {
        view.setUint8(entry + inEntry, view.getUint8(entry + inEntry) ^ 1);
        view.setUint8(local + inHeader, view.getUint8(local + inHeader) ^ 1);
      });
      for (const chunkBytes of [1000, 100_000, 1_000_000]) {
        const { text, error } = await outcomeOfArchive(wrong, chunkBytes);
        assertEquals([text.length, text === content], [content.length, true]);
        assert(error!.startsWith("a.zip (a.csv): the zip archive is damaged: it holds "), error!);
        assertMatch(error!, words);
      }
    }
  }
});

Deno.test("membersOf() detects damaged compressed data", async () => {
  const archive = await zip({ "a.csv": rows(3000) });
  for (let at = 100; at < archive.length - 200; at += 997) {
    const wrong = archive.slice();
    wrong.fill(0xff, at, at + 8);
    const { text, error } = await outcomeOfArchive(wrong);
    assert(error!.startsWith("a.zip (a.csv): the zip archive is damaged: "), `${at}: ${error}`);
    assertEquals((await outcomeOfArchive(wrong, 77)).text === text, true);
  }
});

Deno.test("membersOf() detects compressed data longer or shorter than in the table of contents", async () => {
  for (const difference of [-7, 7]) {
    const archive = await zip({ "a.csv": rows(3000), "b.csv": rows(9) }, {
      dataDescriptor: false,
      zip64: false,
    });
    const wrong = changed(archive, (view, local) => {
      // The first entry precedes the second, which has the same length.
      let entry = archive.length - 22;
      while (view.getUint32(entry, true) !== 0x02014b50 || view.getUint32(entry + 42, true) !== 0) entry--;
      local = 0;
      for (const place of [entry + 20, local + 18]) {
        view.setUint32(place, view.getUint32(place, true) + difference, true);
      }
    });
    const { error } = await outcomeOfArchive(wrong);
    assert(error!.startsWith("a.zip (a.csv): the zip archive is damaged: "), error!);
  }
});

Deno.test("membersOf() reads Deflate64", async () => {
  const archive = await zip({ "a.csv": rows(3000) }, { dataDescriptor: false });
  // Data without a match of 258 bytes is the same in Deflate and Deflate64.
  const other = changed(archive, (view, local, entry) => {
    view.setUint16(local + 8, 9, true);
    view.setUint16(entry + 10, 9, true);
  });
  const { text, error } = await outcomeOfArchive(other);
  assertEquals([error, text === rows(3000)], [null, true]);
  for (const at of [100, other.length >> 1, other.length - 200]) {
    const damaged = other.slice();
    damaged.fill(0xff, at, at + 40);
    const found = await outcomeOfArchive(damaged);
    assert(found.error!.startsWith("a.zip (a.csv)"), found.error!);
    assert(rows(3000).startsWith(found.text.slice(0, at)));
  }
});

Deno.test("membersOf() detects an archive that is cut off anywhere", async () => {
  const archive = await zip({ "a.csv": rows(3000), "b.csv": rows(10) });
  for (const missing of [1, 21, 22, 23, 60, 150, 1000, archive.length >> 1, archive.length - 4]) {
    const { text, error } = await outcomeOfArchive(archive.subarray(0, archive.length - missing));
    assertEquals([text, error], ["", CUT_OFF], `${missing}`);
  }
  const { text, error } = await outcomeOfArchive(archive.subarray(500));
  assertEquals(text, "");
  assert(error !== null);
});

Deno.test("membersOf() finds an archive with a hole in it", async () => {
  const archive = await zip({ "a.csv": rows(3000) });
  const { text, error } = await outcomeOfArchive(joined(archive.subarray(0, 1000), archive.subarray(2000)));
  assertEquals(text, "");
  assertStringIncludes(error!, "the zip archive is damaged: ");
});

Deno.test("membersOf() refuses encrypted members and unsupported methods before it returns any data", async () => {
  const secret = await zip({ "b.csv": rows(3) }, { password: "a", zipCrypto: true });
  const strong = await zip({ "b.csv": rows(3) }, { password: "a" });
  for (const archive of [secret, strong]) {
    assertEquals(
      (await outcomeOfArchive(archive)).error,
      "a.zip (b.csv): it is encrypted: unpack the archive and give the files",
    );
  }
  const archive = await zip({ "a.csv": rows(3), "b.csv": rows(3) });
  for (const [method, compression] of [[14, "LZMA"], [93, "Zstandard"], [77, "method 77"]] as const) {
    const other = changed(archive, (view, local, entry) => {
      view.setUint16(local + 8, method, true);
      view.setUint16(entry + 10, method, true);
    });
    const { text, error } = await outcomeOfArchive(other);
    assertEquals(text, "");
    assertEquals(
      error,
      `a.zip (b.csv): it is compressed with ${compression}, expected deflate: unpack the archive and give the files`,
    );
  }
});

Deno.test("membersOf() reports an empty archive", async () => {
  const nothing = "a.zip: the zip archive holds no file with trades";
  const end = new Uint8Array(22);
  end.set([0x50, 0x4b, 5, 6]);
  for (const archive of [end, await zip({}), await zip({ "a/": "" }), await zip({ "__MACOSX/x": "x" })]) {
    assertEquals((await outcomeOfArchive(archive)).error, nothing);
  }
  assertEquals(
    (await outcomeOfArchive(await zip({ "a.csv": "" }))).error,
    "a.zip (a.csv): it is empty, expected recorded trades",
  );
});

Deno.test("membersOf() names the member whose content is not readable", async () => {
  const { text, error } = await outcomeOfArchive(await zip({ "a.csv": rows(3), "b.txt": "hello" }));
  assertEquals(text, rows(3));
  assertStringIncludes(error!, `a.zip (b.txt):1: the first line has no commas: "hello"`);
});

Deno.test("membersOf() closes everything when the caller stops early", async () => {
  await using folder = new Folder();
  const path = await folder.write("a.zip", await zip({ a: rows(100_000), b: rows(3) }, { level: 1 }));
  for (const chunkBytes of [3000, 200_000]) {
    for await (const { origin } of chunksOf(path, { chunkBytes })) {
      assertEquals(origin.name, `${path} (a)`);
      break;
    }
  }
  const short = await folder.write("b.zip", await zip({ a: rows(300), b: rows(3) }));
  for (let wanted = 1; wanted < 12; wanted++) {
    let chunks = 0;
    for await (const _ of chunksOf(short, { chunkBytes: 3000 })) if (++chunks === wanted) break;
  }
});

Deno.test("membersOf() reads no more of an archive than the caller asks for", async () => {
  await using folder = new Folder();
  const path = await folder.write("a.zip", await zip({ a: rows(200_000) }, { level: 0 }));
  const progress: ReadProgress = { bytesRead: 0, bytesTotal: null };
  for await (const _ of chunksOf(path, { progress })) break;
  // The library reads a few pieces ahead.
  assert(progress.bytesRead < progress.bytesTotal! / 10, `${progress.bytesRead} of ${progress.bytesTotal}`);
});

Deno.test("membersOf() loads nothing for files that are not archives", async () => {
  const program = `
    import { recordedChunks } from ${
    JSON.stringify(new URL("../../../src/feeds/files/recorded_files.ts", import.meta.url))
  };
    for await (const _ of recordedChunks(Deno.args)) void _;
  `;
  await using folder = new Folder();
  const script = await folder.write("a.ts", program);
  const plain = await folder.write("a.csv", rows(3));
  const archive = await folder.write("a.zip", await zip({ a: rows(3) }));
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const loads = async (path: string): Promise<boolean> => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--config", config, "--allow-read", "--log-level=debug", script, path],
      stdout: "null",
    }).output();
    const text = new TextDecoder().decode(stderr);
    assertEquals(code, 0, text);
    return /zip-reader\.js/.test(text);
  };
  assertEquals([await loads(plain), await loads(archive)], [false, true]);
});

const SPOT = "spot-PEPEUSDT-aggTrades-2024-10-27.zip";
const FUTURES = "futures-APEUSDT-aggTrades-2024-10-18.zip";
const SHARED = Deno.env.get("PENSTOCK_DATA") ?? new URL("../../../../shared/data", import.meta.url).pathname;

Deno.test({
  name: "membersOf() reads the archives that Binance publishes",
  ignore: !isRecorded(SPOT, FUTURES),
  async fn() {
    const { text, names, error } = await outcomeOf([`${SHARED}/${SPOT}`, `${SHARED}/${FUTURES}`]);
    assertEquals(error, null);
    assertEquals(names, [
      `${SPOT} (PEPEUSDT-aggTrades-2024-10-27.csv)`,
      `${FUTURES} (APEUSDT-aggTrades-2024-10-18.csv)`,
    ]);
    assertEquals(text.split("\n").length - 1, 57_229 + 1 + 45_342);
  },
});

Deno.test("bufferArchive() refuses an archive of more than 64 MiB that cannot be read in parts", async () => {
  await using folder = new Folder();
  // The archive stores its member, and gzip compresses the archive.
  const large = joined(bytesOf("PK\x03\x04"), new Uint8Array(64 << 20));
  const { error } = await outcomeOf(await folder.write("a.gz", gzip(large)));
  assert(
    error!.startsWith(
      "a.gz: the zip archive is larger than 64 MiB and comes through a pipe or compressed again",
    ),
  );
  assertStringIncludes(error!, `give it as a file, or use "unzip -p FILE | penstock backtest -"`);
});

/** An archive of one stored member that its table of contents names `entries` times, each named by `nameOf`. */
function repeated(
  entries: number,
  nameOf: (entry: number) => string,
  content = "1,2\n",
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const bytes = encoder.encode(content);
  const header = (signature: number, length: number, name: Uint8Array, at: number): Uint8Array => {
    const head = new Uint8Array(length + name.length);
    const view = new DataView(head.buffer);
    view.setUint32(0, signature, true);
    view.setUint32(at + 8, bytes.length, true);
    view.setUint32(at + 12, bytes.length, true);
    view.setUint16(at + 16, name.length, true);
    head.set(name, length);
    return head;
  };
  const local = header(0x04034b50, 30, encoder.encode(nameOf(0)), 10);
  const table = Array.from(
    { length: entries },
    (_, at) => header(0x02014b50, 46, encoder.encode(nameOf(at)), 12),
  );
  const end = new Uint8Array(22);
  const view = new DataView(end.buffer);
  const size = table.reduce((sum, { length }) => sum + length, 0);
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, Math.min(entries, 0xffff), true);
  view.setUint16(10, Math.min(entries, 0xffff), true);
  view.setUint32(12, size, true);
  view.setUint32(16, local.length + bytes.length, true);
  return joined(local, bytes, ...table, end);
}

Deno.test("membersOf() refuses members that share their bytes, because a small archive could have any number of them", async () => {
  const { error, text } = await outcomeOfArchive(repeated(2, () => "a.csv"));
  assertEquals(text, "");
  assertEquals(
    error,
    "a.zip (a.csv): it shares bytes with another member, which no archiver does: the archive is damaged or " +
      "malicious",
  );
});

Deno.test("membersOf() refuses more members than any archive of trades has", async () => {
  const archive = repeated(65_535, (entry) => `${entry}`);
  const { error } = await outcomeOfArchive(archive);
  assertStringIncludes(error!, "it shares bytes with another member");
  // The library stops counting at some point. Then the size of the table decides.
  const claimed = archive.slice();
  new DataView(claimed.buffer).setUint32(claimed.length - 10, 64 << 20, true);
  assertMatch(
    (await outcomeOfArchive(claimed)).error!,
    /^a\.zip: the zip archive (has a table|is (damaged|cut off))/,
  );
});
