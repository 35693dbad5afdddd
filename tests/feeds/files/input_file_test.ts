import { assertEquals, assertGreater } from "@std/assert";
import { clearImmediate, setImmediate } from "node:timers";
import { findInput, openInput } from "../../../src/feeds/files/input_file.ts";

const PIECE = 16 * 1024;
const PIECES = 512;

Deno.test("openInput() gives the event loop its turns while it reads from the system's cache", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, new Uint8Array(PIECE * PIECES));
    const source = await openInput(await findInput(path), undefined, () => {});
    let turns = 0;
    let next = setImmediate(function turn() {
      turns++;
      next = setImmediate(turn);
    });
    const into = new Uint8Array(PIECE);
    let bytes = 0;
    for (let count = await source.read(into); count !== null; count = await source.read(into)) bytes += count;
    clearImmediate(next);
    await source.close();
    assertEquals(bytes, PIECE * PIECES);
    assertGreater(turns, 100);
  } finally {
    await Deno.remove(path);
  }
});
