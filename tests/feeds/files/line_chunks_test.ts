import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { type Chunk, LINE_LIMIT } from "../../../src/formats/trade_file.ts";
import type { ByteSource } from "../../../src/feeds/files/byte_source.ts";
import { lineChunks } from "../../../src/feeds/files/line_chunks.ts";
import { TRADE_FILES } from "../../../src/formats/file_layout.ts";
import { byteFile, byteFileOf } from "../../formats/made_up_trade_files.ts";
import { bytesOf, recording, rows } from "../recorded_input.ts";

/** Returns bytes, at most `most` for each read, and checks how it is used. */
class BytesSource implements ByteSource {
  closed = 0;
  #at = 0;
  #isReading = false;

  constructor(readonly bytes: Uint8Array, readonly most: () => number = () => Infinity) {}

  async read(into: Uint8Array): Promise<number | null> {
    assert(!this.#isReading, "two reads at a time");
    assert(into.length > 0, "no room");
    assertEquals(this.closed, 0, "read after the close");
    this.#isReading = true;
    await Promise.resolve();
    this.#isReading = false;
    const count = Math.min(into.length, Math.max(1, this.most()), this.bytes.length - this.#at);
    into.set(this.bytes.subarray(this.#at, this.#at + count));
    this.#at += count;
    return count === 0 ? null : count;
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }
}

/** The result of cutting `content`: the texts of the chunks, the warnings, and the error at the end. */
async function cut(content: string | Uint8Array, chunkBytes = 1000, most?: () => number) {
  const source = new BytesSource(typeof content === "string" ? bytesOf(content) : content, most);
  const chunks: string[] = [];
  const tooLong: string[] = [];
  const warnings: string[] = [];
  const origins = new Set<Chunk["origin"]>();
  let error = "";
  try {
    const onWarning = (text: string): void => void warnings.push(text);
    for await (
      const { origin, bytes, start, end, isTooLong } of lineChunks("a.csv", source, { chunkBytes, onWarning })
    ) {
      assert(end > start, "an empty chunk");
      origins.add(origin);
      chunks.push(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(start, end)));
      if (isTooLong === true) tooLong.push(chunks.at(-1)!);
    }
  } catch (thrown) {
    error = (thrown as Error).message;
  }
  assertEquals(source.closed, 1);
  return { chunks, tooLong, text: chunks.join(""), warnings, error, origins: [...origins] };
}

Deno.test("lineChunks() yields whole lines, the same ones however much is read at a time", async () => {
  const line = fc.oneof(
    fc.constantFrom("", " \t", "\r", rows(1).trimEnd(), "1,2,€", "x".repeat(300)),
    fc.string({ maxLength: 40 }).map((text) => text.replaceAll("\n", "")),
  );
  const content = fc.record({
    mark: fc.boolean(),
    blank: fc.array(fc.constantFrom("", " ", "\r"), { maxLength: 3 }),
    lines: fc.array(line, { maxLength: 30 }),
    feed: fc.boolean(),
  });
  await fc.assert(fc.asyncProperty(
    content,
    fc.integer({ min: 1, max: 400 }),
    fc.infiniteStream(fc.integer({ min: 1, max: 100 })),
    async ({ mark, blank, lines, feed }, chunkBytes, reads) => {
      const text = [...blank, rows(1).trimEnd(), ...lines].join("\n") + (feed ? "\n" : "");
      const found = await cut((mark ? "\ufeff" : "") + text, chunkBytes, () => reads.next().value!);
      assertEquals([found.text, found.error, found.warnings], [text, "", []]);
      assertEquals(found.origins.length, 1);
      for (const chunk of found.chunks.slice(0, -1)) assert(chunk.endsWith("\n"));
    },
  ));
});

Deno.test("lineChunks() finds the layout from the first line that is not blank", async () => {
  const cases: [string, string][] = [
    [rows(1), "spot aggTrades"],
    [`\ufeff\n \r\n${rows(1)}`, "spot aggTrades"],
    [`{"e":"trade"}`, "messages"],
    [`1723161253937085768 {"e":"trade"}\n`, "recording"],
  ];
  for (const [content, kind] of cases) {
    for (const chunkBytes of [1, 7, 1000]) {
      const { origins } = await cut(content, chunkBytes);
      assertEquals(origins.map(({ name, layout }) => [name, layout.name]), [["a.csv", kind]]);
    }
  }
});

Deno.test("lineChunks() names the line whose layout is not known", async () => {
  for (const chunkBytes of [1, 1000]) {
    const { error, chunks } = await cut(`\n\r\nhello, world\n${rows(2)}`, chunkBytes);
    assert(error.startsWith("a.csv:3: "), error);
    assertStringIncludes(error, "hello, world");
    assertEquals(chunks, []);
  }
});

Deno.test("lineChunks() reports a file with nothing but blank lines as empty", async () => {
  for (const content of ["", "\n", "\ufeff", "\ufeff\r\n \n\t", " "]) {
    for (const chunkBytes of [1, 1000]) {
      assertEquals((await cut(content, chunkBytes)).error, "a.csv: it is empty, expected recorded trades");
    }
  }
  const { error } = await cut("\n".repeat(LINE_LIMIT + 10), 1 << 20);
  assertEquals(error, "a.csv: it starts with more than 1 MiB of blank lines");
});

Deno.test("lineChunks() yields a line of 1 MiB whole, and only the beginning of a longer one, marked", async () => {
  const longest = "x".repeat(LINE_LIMIT);
  const [before, behind] = [rows(1), rows(3)];
  const beginning = `${"x".repeat(1024)}\n`;
  for (const chunkBytes of [1 << 14, 1 << 18, 3 << 20]) {
    for (const end of ["", "\n", `\n${behind}`, `\n${longest}xyz\n${behind}`]) {
      const whole = await cut(before + longest + end.slice(0, 1), chunkBytes);
      assertEquals([whole.text, whole.tooLong, whole.error], [before + longest + end.slice(0, 1), [], ""]);
      for (const more of ["x", longest, longest.repeat(4)]) {
        const { chunks, tooLong, error } = await cut(before + longest + more + end, chunkBytes);
        const isSecond = end.includes("xyz");
        const text = chunks.join("").replaceAll(beginning, "");
        assertEquals(text, before + (end.includes(behind) ? behind : ""), `${chunkBytes} ${end.length}`);
        assertEquals(tooLong, isSecond ? [beginning, beginning] : [beginning]);
        assertEquals(error, "");
      }
    }
  }
});

Deno.test("lineChunks() refuses a first line that is longer than 1 MiB", async () => {
  const longest = "x".repeat(LINE_LIMIT);
  const expected = "the first line is longer than 1 MiB, expected one trade or message per line";
  assertEquals((await cut(`{${longest}`)).error, `a.csv:1: ${expected}`);
  assertEquals((await cut(`\n\n{${longest}`)).error, `a.csv:3: ${expected}`);
  assertStringIncludes((await cut(new Uint8Array(LINE_LIMIT + 9))).error, "a.csv:1: it is not text");
});

Deno.test("lineChunks() hands on a file that cannot be cut as one chunk, with and without line feeds in it", async () => {
  const formats = [...TRADE_FILES, byteFile];
  for (const [count, fill] of [[1, 7], [10, 10], [70_000, 10], [70_000, 7]] as const) {
    const bytes = byteFileOf(Array<Uint8Array>(count).fill(new Uint8Array(33).fill(fill)));
    for (const chunkBytes of [4096, 1 << 18, 4 << 20]) {
      const found: Uint8Array[] = [];
      const options = { chunkBytes, formats, onWarning: () => {} };
      for await (const chunk of lineChunks("a.bin", new BytesSource(bytes), options)) {
        found.push(chunk.bytes.slice(chunk.start, chunk.end));
      }
      assertEquals(found.length, 1);
      assertEquals(found[0]!.length, bytes.length);
      assert(found[0]!.every((byte, at) => byte === bytes[at]), `${count} of ${fill} by ${chunkBytes}`);
    }
  }
});

Deno.test("lineChunks() skips the torn last line of one of Penstock's recordings, with a warning", async () => {
  const whole = recording(5);
  const lastLine = whole.lastIndexOf("\n", whole.length - 2) + 1;
  const warning = "a.csv: the recording was cut off while it was being written; it is read up to that point";
  for (const chunkBytes of [1, 50, 5000]) {
    for (let end = lastLine; end <= whole.length; end++) {
      const { text, warnings, error } = await cut(whole.slice(0, end), chunkBytes);
      assertEquals(error, "");
      // If only the line feed is missing, the frame is whole.
      const isTorn = end > lastLine && end < whole.length - 1;
      assertEquals(
        [text, warnings],
        isTorn ? [whole.slice(0, lastLine), [warning]] : [whole.slice(0, end), []],
      );
    }
  }
  for (let end = 1; end <= 60; end++) {
    const first = await cut(whole.slice(0, end));
    assertEquals([first.text, first.warnings, first.error], ["", [warning], ""], whole.slice(0, end));
  }
});

Deno.test("lineChunks() hands on the last line of other files as it is", async () => {
  for (
    const content of [rows(3).slice(0, -9), `{"e":"trade"}\n{"e":"tr`, `1723161253937085 {"e":1}\n172316`]
  ) {
    const { text, warnings, error } = await cut(content);
    assertEquals([text, warnings, error], [content, [], ""]);
  }
});

Deno.test("lineChunks() closes its source when the caller stops early", async () => {
  const source = new BytesSource(bytesOf(rows(1000)));
  for await (const _ of lineChunks("a.csv", source, { chunkBytes: 100, onWarning: () => {} })) break;
  assertEquals(source.closed, 1);
});

Deno.test("lineChunks() leaves a lent chunk alone while it reads the next one", async () => {
  const content = rows(500);
  const lines = lineChunks("a.csv", new BytesSource(bytesOf(content)), {
    chunkBytes: 333,
    onWarning: () => {},
  });
  let text = "";
  for await (const { bytes, start, end } of lines) {
    // The next read ends meanwhile.
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    text += new TextDecoder().decode(bytes.subarray(start, end));
  }
  assertEquals(text, content);
});
