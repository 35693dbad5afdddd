import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { Folder, OpeningPipe } from "../recorded_input.ts";
import { FileTooLarge, readSmallFile } from "../../../src/feeds/files/small_file.ts";

async function written(bytes: Uint8Array, use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes);
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("readSmallFile() returns the whole text with its byte order mark, wherever reads cut its characters", async () => {
  const text = `\ufeff${"1€".repeat(50_000)}`;
  const bytes = new TextEncoder().encode(text);
  await written(bytes, async (path) => assertEquals(await readSmallFile(path, bytes.length), text));
  await written(new Uint8Array(), async (path) => assertEquals(await readSmallFile(path, 0), ""));
});

Deno.test("readSmallFile() refuses one byte more than allowed", async () => {
  await written(new Uint8Array(1001), async (path) => {
    await assertRejects(() => readSmallFile(path, 1000), FileTooLarge, "more than 1000 bytes");
  });
});

Deno.test({
  name: "readSmallFile() stops reading a device that has no end",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await assertRejects(() => readSmallFile("/dev/zero", 1_000_000), FileTooLarge);
  },
});

Deno.test({
  name: "readSmallFile() stops waiting for a pipe without a writer when it is aborted",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = new Folder();
    const pipe = await folder.pipe("pipe");
    await using opening = new OpeningPipe(pipe);
    const stop = new AbortController();
    const reading = assertRejects(() => readSmallFile(pipe, 1000, stop.signal), Error, "enough");
    await opening.begun;
    stop.abort(new Error("enough"));
    await reading;
  },
});

Deno.test({
  name: "readSmallFile() stops waiting for a pipe without data when it is aborted",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = new Folder();
    const pipe = await folder.pipe("pipe");
    const stop = new AbortController();
    const reading = assertRejects(() => readSmallFile(pipe, 1000, stop.signal), Error, "enough");
    using writer = await Deno.open(pipe, { write: true });
    stop.abort(new Error("enough"));
    await reading;
    // The read that was given up returns with these bytes, and leaves the pipe without a reader.
    const error = await assertRejects(async () => {
      for (;;) await writer.write(new Uint8Array(1));
    });
    assertInstanceOf(error, Deno.errors.BrokenPipe);
  },
});
