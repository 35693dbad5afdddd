import { assertEquals, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { Folder, gzip, OpeningPipe, outcomeOf, rows, zip } from "../recorded_input.ts";

const WRONG = "0123456789abcdef".repeat(4);

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

Deno.test("verifyChecksum() accepts a file whose checksum agrees, in every form that checksums have", async () => {
  await using folder = new Folder();
  const archive = await zip({ "a.csv": rows(3) });
  const path = await folder.write("a.zip", archive);
  const sum = sha256(archive);
  for (
    const text of [
      `${sum}  a.zip\n`,
      `${sum} *a.zip\r\n`,
      sum.toUpperCase(),
      `${sum}  before-it-was-renamed.zip\n`,
      `${WRONG}  b.zip\n\n${sum}  a.zip\n`,
    ]
  ) {
    await folder.write("a.zip.CHECKSUM", text);
    assertEquals((await outcomeOf(path)).error, null, text);
  }
});

Deno.test("verifyChecksum() names both sums if they differ, before any data is read", async () => {
  await using folder = new Folder();
  const good = await folder.write("0.csv", rows(3));
  for (
    const [name, content] of [["a.csv", rows(3)], ["a.gz", gzip(rows(3))], [
      "a.zip",
      await zip({ a: rows(3) }),
    ]]
  ) {
    const path = await folder.write(name as string, content!);
    await folder.write(`${name}.CHECKSUM`, `${WRONG}  ${name}\n`);
    const { text, error } = await outcomeOf([good, path]);
    const sum = sha256(await Deno.readFile(path));
    assertEquals(text, "");
    assertEquals(
      error,
      `${name}: its SHA-256 is ${sum}, but ${name}.CHECKSUM says ${WRONG}: fetch the file again`,
    );
  }
});

Deno.test("verifyChecksum() reports what is wrong with the checksum file itself", async () => {
  await using folder = new Folder();
  const path = await folder.write("a.csv", rows(3));
  const cases: [string, string][] = [
    ["", "it is empty, expected"],
    ["<html>", `it holds "<html>", expected "<64 hexadecimal digits>  a.csv": fetch it again, or remove it`],
    [`${WRONG}0  a.csv`, "it holds"],
    [`${WRONG}  b.csv\n${WRONG}  c.csv\n`, "none of its 2 lines is for a.csv, expected"],
  ];
  for (const [content, words] of cases) {
    await folder.write("a.csv.CHECKSUM", content);
    const { text, error } = await outcomeOf(path);
    assertEquals(text, "");
    assertStringIncludes(error!, `a.csv.CHECKSUM: ${words}`);
  }
  await Deno.remove(`${folder.path}/a.csv.CHECKSUM`);
  await Deno.mkdir(`${folder.path}/a.csv.CHECKSUM`);
  assertStringIncludes(
    (await outcomeOf(path)).error!,
    "a.csv.CHECKSUM: the checksum cannot be read: Is a directory",
  );
});

Deno.test("verifyChecksum() refuses a checksum file that is too large, whatever its length", async () => {
  await using folder = new Folder();
  const path = await folder.write("a.csv", rows(3));
  const checksum = await folder.write("a.csv.CHECKSUM", "");
  await Deno.truncate(checksum, 4e9);
  const { error } = await outcomeOf(path);
  assertStringIncludes(error!, "it holds more than 1048576 bytes");
});

Deno.test("verifyChecksum() reads a file of several pieces", async () => {
  await using folder = new Folder();
  const content = rows(60_000);
  const path = await folder.write("a.csv", content);
  await folder.write("a.csv.CHECKSUM", `${sha256(new TextEncoder().encode(content))}  a.csv`);
  assertEquals((await outcomeOf(path)).error, null);
});

Deno.test({
  name:
    "verifyChecksum() stops waiting for a checksum that is a pipe without a writer when the reading is aborted",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = new Folder();
    const path = await folder.write("a.csv", rows(3));
    const checksum = await folder.pipe("a.csv.CHECKSUM");
    const stop = new AbortController();
    await using opening = new OpeningPipe(checksum);
    const reading = outcomeOf(path, { signal: stop.signal });
    await opening.begun;
    stop.abort(new Error("enough"));
    const { text, error } = await reading;
    assertEquals([text, error], ["", null]);
  },
});
