import { constants, gunzipSync } from "node:zlib";
import { assert, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import type { Chunk } from "../../../src/formats/trade_file.ts";
import { UnusableInput } from "../../../src/domain/market/unusable_input.ts";
import { unusable } from "../../../src/feeds/files/input_file.ts";
import {
  chunksOf,
  type FirstTrade,
  type Part,
  type ReadProgress,
  recordedChunks,
  sortByFirstTrade,
} from "../../../src/feeds/files/recorded_files.ts";
import {
  bytesOf,
  Folder,
  gzip,
  HEADER,
  type Outcome,
  outcomeOf,
  recording,
  rows,
  zip,
} from "../recorded_input.ts";
import { assertEquals } from "../../support/equals.ts";

/** The output of `recorded_reader.ts`, given these paths and this standard input. */
async function inProcess(
  paths: readonly string[],
  stdin: Uint8Array | null = null,
  flags: readonly string[] = ["--allow-read"],
): Promise<Pick<Outcome, "text" | "names" | "warnings" | "error">> {
  await using child = startReader(paths, flags);
  if (stdin === null) await child.stdin.close();
  else {
    const writer = child.stdin.getWriter();
    // A reader that stops early, as at an error, does not take everything.
    await writer.write(stdin).catch(() => {});
    await writer.close().catch(() => {});
  }
  const { stdout } = await child.output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

function startReader(paths: readonly string[], flags: readonly string[]): Deno.ChildProcess {
  const script = new URL("../recorded_reader.ts", import.meta.url).pathname;
  const args = ["run", "--no-prompt", ...flags, script, ...paths];
  return new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" }).spawn();
}

Deno.test("recordedChunks() reads plain, gzip and zip files alike, whatever their names and the chunks", async () => {
  await using folder = new Folder();
  const content = fc.record({
    first: fc.constantFrom("", "\ufeff", HEADER, `\ufeff${HEADER}`, "\n\r\n"),
    count: fc.integer({ min: 1, max: 60 }),
    feed: fc.constantFrom("\n", "\r\n"),
    last: fc.boolean(),
  });
  const compressions = fc.constantFrom(bytesOf, gzip, (text: string) => zip({ "x.gz": text }));
  await fc.assert(
    fc.asyncProperty(
      content,
      compressions,
      fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(undefined)),
      async ({ first, count, feed, last }, compress, chunkBytes) => {
        const text = (first + rows(count)).replaceAll("\n", feed);
        const whole = last ? text : text.slice(0, -feed.length);
        const path = await folder.write("a.gz.zip", await compress(whole));
        const found = await outcomeOf(path, chunkBytes === undefined ? {} : { chunkBytes });
        assertEquals(found.error, null);
        assertEquals(found.text, whole.replace("\ufeff", ""));
      },
    ),
    { numRuns: 80 },
  );
});

Deno.test("recordedChunks() reads several files as one stream, the same one twice if asked", async () => {
  await using folder = new Folder();
  const a = await folder.write("a.csv", rows(300));
  const b = await folder.write("b", gzip(rows(300, 301)));
  const c = await folder.write("c.zip", await zip({ one: rows(3), two: rows(4) }));
  const { text, names, error } = await outcomeOf([b, a, c, a], { chunkBytes: 999 });
  assertEquals(error, null);
  assertEquals(names, ["b", "a.csv", "c.zip (one)", "c.zip (two)", "a.csv"]);
  assertEquals(text, rows(300, 301) + rows(300) + rows(3) + rows(4) + rows(300));
});

Deno.test("recordedChunks() says what is wrong with every path before it reads any", async () => {
  await using folder = new Folder();
  const good = await folder.write("good.csv", rows(3));
  const empty = await folder.write("empty.csv", "");
  const cases: [string, string][] = [
    [`${folder.path}/none.csv`, "none.csv: there is no such file"],
    [folder.path, `${folder.path.slice(folder.path.lastIndexOf("/") + 1)}: is a folder, expected a file`],
    [`${good}/x.csv`, "x.csv: it cannot be read: Not a directory"],
    [`${folder.path}/${"x".repeat(300)}`, "it cannot be read: File name too long"],
    [empty, "empty.csv: it is empty, expected recorded trades"],
  ];
  for (const [path, words] of cases) {
    const { text, error } = await outcomeOf([good, path]);
    assertEquals(text, "");
    assertStringIncludes(error!, words);
  }
  assertStringIncludes(
    (await outcomeOf(["-", good, "-"])).error!,
    `standard input: it can be read only once`,
  );
});

Deno.test("recordedChunks() names the missing permission", async () => {
  await using folder = new Folder();
  const path = await folder.write("a.csv", rows(3));
  const closed = await inProcess([path], null, []);
  assertEquals(
    closed.error,
    `${path}: the program may not read it: allow it with --allow-read=${path} before main.ts, or in deno.json`,
  );
  const device = await inProcess(["/dev/fd/0"]);
  assertEquals(device.error, `/dev/fd/0: the program may not read it: give it as standard input, "-"`);

  const narrow = await inProcess([path], null, [`--allow-read=${path}`]);
  assertEquals([narrow.text, narrow.error], [rows(3), null]);
  assertEquals(narrow.warnings, [
    `${path}.CHECKSUM is not used, because the program may not read it: no checksum is compared`,
  ]);
});

Deno.test("unusable() says what the user can do", () => {
  const denied = unusable("a.csv", new Deno.errors.PermissionDenied("Permission denied (os error 13)"));
  assertEquals(
    denied.message,
    "a.csv: the operating system does not let this user read it: ask its owner, or change its mode",
  );
  assertEquals(unusable("a.csv", new Error("os error 5")).message, "a.csv: it cannot be read: os error 5");
});

Deno.test("recordedChunks() reads standard input, compressed or not", async () => {
  await using folder = new Folder();
  const path = await folder.write("a.csv", rows(10, 2001));
  const text = rows(2000);
  for (const content of [bytesOf(text), gzip(text)]) {
    const found = await inProcess(["-", path], content);
    assertEquals(found, {
      text: text + rows(10, 2001),
      names: ["standard input", path],
      warnings: [],
      error: null,
    });
  }
  const archive = await inProcess(["-"], await zip({ "a.csv": text, "b.csv": rows(1) }));
  assertEquals(archive.names, ["standard input (a.csv)", "standard input (b.csv)"]);
  assertEquals([archive.text, archive.error], [text + rows(1), null]);

  assertEquals((await inProcess(["-"])).error, "standard input: it is empty, expected recorded trades");
  const torn = await inProcess(["-"], gzip(recording(100)).subarray(0, -9));
  assertEquals([torn.text, torn.warnings.length, torn.error], [recording(100), 1, null]);
});

Deno.test("recordedChunks() reads one of Penstock's recordings up to where a power cut tore it, even in its first bytes", async () => {
  await using folder = new Folder();
  const compressed = gzip(recording(3));
  for (let end = compressed.length - 9; end > 0; end--) {
    const path = await folder.write("a.gz", compressed.subarray(0, end));
    const { text, warnings, error } = await outcomeOf(path);
    const { length } = gunzipSync(compressed.subarray(0, end), { finishFlush: constants.Z_SYNC_FLUSH });
    assert(recording(3).startsWith(text), text);
    if (error === null) assertEquals(warnings.length, 1, `${end} bytes`);
    // Nothing shows what a file is that has no text.
    else assertEquals([length, text, warnings], [0, "", []], `${end} bytes: ${error}`);
  }
});

Deno.test("recordedChunks() ends at an abort even if nothing arrives on standard input", async () => {
  await using child = startReader(["--abort", "-"], ["--allow-read"]);
  const writer = child.stdin.getWriter();
  await writer.write(bytesOf(rows(3)));
  // The input is not closed before the process has ended.
  const { stdout } = await child.output();
  await writer.close().catch(() => {});
  const { text, error } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals([text, error], [rows(3), null]);
});

Deno.test("recordedChunks() reads a named pipe", async () => {
  await using folder = new Folder();
  const path = `${folder.path}/pipe`;
  assert((await new Deno.Command("mkfifo", { args: [path] }).output()).success);
  const text = rows(20_000);
  const progress: ReadProgress = { bytesRead: 0, bytesTotal: 0 };
  const [found] = await Promise.all([outcomeOf(path, { progress }), Deno.writeFile(path, gzip(text))]);
  assertEquals([found.error, found.text === text], [null, true]);
  assertEquals(progress, { bytesRead: gzip(text).length, bytesTotal: null });
});

Deno.test("recordedChunks() counts the bytes of the files as they are on disk", async () => {
  await using folder = new Folder();
  const members = { a: rows(9000), b: rows(9000), "__MACOSX/c": rows(9000) };
  const contents = [bytesOf(rows(9000)), gzip(rows(9000)), await zip(members)];
  const paths: string[] = [];
  for (const [number, content] of contents.entries()) paths.push(await folder.write(`${number}`, content));
  const bytesTotal = contents.reduce((total, { length }) => total + length, 0);
  const progress: ReadProgress = { bytesRead: 0, bytesTotal: null };
  let before = 0;
  const seen = new Set<number>();
  for await (const _ of recordedChunks(paths, { progress, chunkBytes: 10_000 })) {
    assertEquals(progress.bytesTotal, bytesTotal);
    assert(progress.bytesRead >= before && progress.bytesRead <= bytesTotal);
    before = progress.bytesRead;
    seen.add(before);
  }
  assertEquals(progress, { bytesRead: bytesTotal, bytesTotal });
  assert(seen.size > 10, `${seen.size} different values`);
});

Deno.test("recordedChunks() closes its files when it ends early", async () => {
  await using folder = new Folder();
  const path = await folder.write("a.csv", rows(30_000));
  for await (const _ of chunksOf(path)) break;
  const controller = new AbortController();
  let chunks = 0;
  for await (const _ of chunksOf(path, { chunkBytes: 1000, signal: controller.signal })) {
    if (++chunks === 3) controller.abort();
  }
  assertEquals(chunks, 3);
  await assertRejects(async () => {
    for await (const _ of chunksOf(path)) throw new TypeError("of the caller");
  }, TypeError);
  const unread = chunksOf(path);
  await unread.next();
  await unread.return(undefined);
});

Deno.test("recordedChunks() refuses chunks of no bytes or of a fraction", async () => {
  for (const chunkBytes of [0, -1, 1.5, NaN]) {
    await assertRejects(
      () => recordedChunks([], { chunkBytes }).next(),
      RangeError,
      `chunkBytes is ${chunkBytes}`,
    );
  }
});

/** The first trade in the rows of a chunk; "none" stands for one without. */
function firstTrade({ bytes, start, end }: Chunk): FirstTrade | null {
  const text = new TextDecoder().decode(bytes.subarray(start, end));
  const line = text.split("\n").find((row) => /^\d/.test(row));
  if (line === undefined) return null;
  const fields = line.split(",");
  return { time: Number(fields[5]), id: Number(fields[3]) };
}

function row(time: number, id: number): string {
  return `1,0.1,1.00,${id},${id},${time},True,True\n`;
}

/** Files as parts, and members of archives, written `archive (member)`. */
function partsOf(...names: readonly string[]): Part[] {
  return names.map((name) => {
    const path = name.split(" (")[0]!;
    return { path, member: path === name ? null : name };
  });
}

Deno.test("sortByFirstTrade() orders files by time, then by id, then as given", async () => {
  await using folder = new Folder();
  const late = await folder.write("late", gzip(HEADER + row(300, 1)));
  const none = await folder.write("none", HEADER);
  const sameSecond = await folder.write("second", row(200, 6) + row(1, 1));
  const sameFirst = await folder.write("first", await zip({ a: HEADER, b: row(200, 5) }));
  const again = await folder.write("again", row(200, 5));
  const early = await folder.write("early", HEADER + row(100, 9));
  const paths = [none, late, sameSecond, sameFirst, again, early];
  assertEquals(
    await sortByFirstTrade(paths, firstTrade),
    partsOf(early, `${sameFirst} (b)`, again, sameSecond, late, none, `${sameFirst} (a)`),
  );
  assertEquals(paths[0], none);
  assertEquals(await sortByFirstTrade([early, late, early], firstTrade), partsOf(early, early, late));
});

Deno.test("sortByFirstTrade() orders members of archives among other files, and recordedChunks() reads them", async () => {
  await using folder = new Folder();
  const months = await folder.write(
    "a.zip",
    await zip({ "1": row(500, 5), "2": row(100, 1), "3.gz": gzip(row(300, 3)) }),
  );
  const inner = await zip({ x: row(200, 2), y: row(50, 0) });
  const outer = await folder.write("b.zip", await zip({ "inner.zip": inner }));
  const plain = await folder.write("c", row(400, 4));
  const parts = await sortByFirstTrade([months, outer, plain], firstTrade);
  const inBoth = `${outer} (inner.zip)`;
  assertEquals(parts.map(({ member, path }) => member ?? path), [
    `${inBoth} (y)`,
    `${months} (2)`,
    `${inBoth} (x)`,
    `${months} (3.gz)`,
    plain,
    `${months} (1)`,
  ]);
  const ids: (number | undefined)[] = [];
  const progress: ReadProgress = { bytesRead: 0, bytesTotal: null };
  for await (const chunk of recordedChunks(parts, { progress })) ids.push(firstTrade(chunk)?.id);
  assertEquals(ids, [0, 1, 2, 3, 4, 5]);
  const sizes = await Promise.all([months, outer, plain].map(async (path) => (await Deno.stat(path)).size));
  assertEquals(progress.bytesTotal, sizes.reduce((sum, size) => sum + size));
  assert(progress.bytesRead <= progress.bytesTotal!);
  assertEquals(
    await sortByFirstTrade([months], firstTrade),
    partsOf(`${months} (2)`, `${months} (3.gz)`, `${months} (1)`),
  );
});

Deno.test("sortByFirstTrade() reads no more than it needs, and nothing from a single pipe", async () => {
  await using folder = new Folder();
  const long = await folder.write("long", row(100, 1).repeat(50_000));
  const broken = await folder.write("broken", gzip(row(50, 1).repeat(100_000)).subarray(0, -9));
  let looked = 0;
  const count = (chunk: Chunk): FirstTrade | null => {
    looked++;
    return firstTrade(chunk);
  };
  assertEquals(await sortByFirstTrade([long, broken], count), partsOf(broken, long));
  assertEquals(looked, 2);
  assertEquals(await sortByFirstTrade(["-"], count), partsOf("-"));
  assertEquals(await sortByFirstTrade([], count), []);
});

Deno.test("sortByFirstTrade() refuses standard input among several inputs, and unusable files", async () => {
  await using folder = new Folder();
  const good = await folder.write("good", rows(3));
  const bad = await folder.write("bad", "hello\n");
  const refused: [string[], string][] = [
    [[good, "-"], "standard input: it can be read only once, so it cannot be sorted among other files"],
    [[good, bad], `${bad}:1: the first line has no commas`],
    [[good, `${good}.none`], `${good}.none: there is no such file`],
  ];
  for (const [paths, words] of refused) {
    await assertRejects(() => sortByFirstTrade(paths, firstTrade), UnusableInput, words);
  }
});

Deno.test("sortByFirstTrade() refuses a named pipe among several inputs, because it can be read only once", async () => {
  await using folder = new Folder();
  const file = await folder.write("a.csv", rows(1));
  const pipe = `${folder.path}/pipe`;
  const { success } = await new Deno.Command("mkfifo", { args: [pipe] }).output();
  assert(success);
  const error = await assertRejects(() => sortByFirstTrade([file, pipe], () => null), UnusableInput);
  assertStringIncludes(error.message, "pipe: it can be read only once, so it cannot be sorted");
});

Deno.test("sortByFirstTrade() ends at an abort with the signal's reason", async () => {
  await using folder = new Folder();
  const paths = [await folder.write("a", rows(3)), await folder.write("b", rows(3))];
  const signal = AbortSignal.abort(new TypeError("enough"));
  await assertRejects(() => sortByFirstTrade(paths, firstTrade, { signal }), TypeError, "enough");
});
