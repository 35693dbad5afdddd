import { assert, assertEquals } from "@std/assert";
import { EventLines } from "../../../src/views/terminal/event_lines.ts";
import { Outlet } from "../../../src/views/terminal/outlet.ts";
import { LiveTerminal, OutputStuck, ReaderGone } from "../../../src/views/terminal/terminal.ts";

/** A reader that takes what is written only when asked. */
class Reader {
  readonly writes: string[] = [];
  #isReading = true;
  #error: Error | null = null;
  #resume = Promise.withResolvers<void>();

  stop(): void {
    this.#isReading = false;
  }

  goOn(): void {
    this.#isReading = true;
    this.#resume.resolve();
    this.#resume = Promise.withResolvers();
  }

  /** Takes what is being written now, and no more. */
  takeOne(): void {
    this.#resume.resolve();
    this.#resume = Promise.withResolvers();
  }

  /** Makes every write fail from now on; null ends that. */
  fail(error: Error | null): void {
    this.#error = error;
  }

  get text(): string {
    return this.writes.join("");
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (!this.#isReading) await this.#resume.promise;
    if (this.#error !== null) throw this.#error;
    this.writes.push(new TextDecoder().decode(bytes));
    return bytes.length;
  }
}

const never = new AbortController().signal;

Deno.test("Outlet.write() joins the texts of one turn, and those that arrive during a write", async () => {
  const reader = new Reader();
  const outlet = new Outlet(reader, { room: 100 });
  for (const text of ["a", "b", "c"]) assert(outlet.write(text));
  await outlet.drained();
  assertEquals(reader.writes, ["abc"]);
  reader.stop();
  outlet.write("d");
  await Promise.resolve();
  await Promise.resolve();
  outlet.write("e");
  outlet.write("f");
  reader.goOn();
  await outlet.drained();
  assertEquals(reader.writes, ["abc", "d", "ef"]);
  assertEquals(outlet.waiting, 0);
});

Deno.test("Outlet.write() refuses a text that it has no room for, and takes texts again once it has", async () => {
  const reader = new Reader();
  const outlet = new Outlet(reader, { room: 10 });
  reader.stop();
  assertEquals([outlet.write("123456"), outlet.write("78901"), outlet.write("7890")], [true, false, true]);
  assertEquals(outlet.waiting, 10);
  reader.goOn();
  await outlet.drained();
  assert(outlet.write("again"));
  await outlet.drained();
  assertEquals(reader.text, "1234567890again");
});

Deno.test("Outlet.write() takes a text larger than its room if nothing is waiting, and writes it in parts", async () => {
  const reader = new Reader();
  const outlet = new Outlet(reader, { room: 10 });
  const text = "é".repeat(100_000);
  assert(outlet.write(text));
  await outlet.drained();
  assert(reader.writes.length > 5);
  assertEquals(outlet.waiting, 0);
});

Deno.test("Outlet passes all waiting text to onLost when a write fails, and tries the next text", async () => {
  const reader = new Reader();
  const lost: unknown[] = [];
  const outlet = new Outlet(reader, { room: 100, onLost: (text, error) => lost.push(text, error) });
  const full = new Error("no space left");
  reader.fail(full);
  outlet.write("a");
  outlet.write("b");
  await outlet.drained();
  assertEquals(lost, ["ab", full]);
  reader.fail(null);
  outlet.write("c");
  await outlet.drained();
  assertEquals(reader.text, "c");
});

Deno.test("LiveTerminal counts the lines that it cannot take, and reports them once it can write again", async () => {
  const reader = new Reader();
  const terminal = new LiveTerminal(reader, 20);
  const printed: number[] = [];
  terminal.onLost = (lines) => {
    printed.push(lines);
    terminal.print(`${lines} lost`);
  };
  reader.stop();
  for (let line = 0; line < 10; line++) terminal.print(`line ${line}`);
  reader.goOn();
  await terminal.settled(never);
  assertEquals(printed, [8]);
  assertEquals(reader.text, "line 0\nline 1\n8 lost\n");
  reader.fail(new Error("no space left"));
  terminal.print("lost too");
  await terminal.settled(never);
  assertEquals(printed, [8]);
  reader.fail(null);
  terminal.print("last");
  await terminal.settled(never);
  assertEquals(printed, [8, 1]);
});

Deno.test("LiveTerminal draws no live line that would have to wait, and always removes it", async () => {
  const reader = new Reader();
  const terminal = new LiveTerminal(reader);
  reader.stop();
  for (let count = 0; count < 100_000; count++) terminal.live = `price ${count}`;
  terminal.live = "";
  reader.goOn();
  await terminal.settled(never);
  assert(reader.text.length < 4_096, `${reader.text.length}`);
  assert(reader.text.endsWith("\r\x1b[J"));
});

Deno.test("EventLines breaks once, with OutputStuck, when more waits than it has room for", async () => {
  const reader = new Reader();
  let broken = 0;
  const lines = new EventLines(reader, () => broken++, 64);
  reader.stop();
  for (let count = 0; count < 10; count++) {
    lines.add({ count });
    lines.flush();
  }
  assertEquals(broken, 1);
  assert(lines.broken instanceof OutputStuck);
  reader.goOn();
  await lines.drained();
  assertEquals(reader.text, [0, 1, 2, 3, 4].map((count) => `{"count":${count}}\n`).join(""));
});

Deno.test("EventLines.caughtUp() waits for a reader that reads, but for none once the user asks for the end", async () => {
  const reader = new Reader();
  const lines = new EventLines(reader, () => {});
  await lines.caughtUp(never);
  reader.stop();
  for (let count = 0; count < 20; count++) {
    lines.add("x".repeat(50_000));
    lines.flush();
  }
  assert(lines.isCrowded);
  await lines.caughtUp(AbortSignal.abort());
  assert(lines.isCrowded);
  const caughtUp = lines.caughtUp(never);
  reader.goOn();
  await caughtUp;
  assert(!lines.isCrowded);
  await lines.drained();
});

Deno.test("EventLines.settled() stops waiting for a reader that reads nothing once the user asks for the end, and reports the loss", async () => {
  const reader = new Reader();
  const lines = new EventLines(reader, () => {});
  reader.stop();
  lines.addText("12345");
  lines.flush();
  await lines.settled(AbortSignal.abort(), 10);
  assert(lines.broken instanceof OutputStuck);
  assertEquals(lines.broken.message, "standard output is not read: the last 5 characters for it are lost");
  reader.goOn();
  await lines.drained();
});

Deno.test("EventLines.settled() waits longer for a reader that still reads", async () => {
  const reader = new Reader();
  const lines = new EventLines(reader, () => {});
  reader.stop();
  const text = "x".repeat(100_000);
  lines.addText(text);
  lines.flush();
  const reading = setInterval(() => reader.takeOne(), 20);
  await lines.settled(AbortSignal.abort(), 50);
  clearInterval(reading);
  assertEquals([lines.broken, reader.text], [null, text]);
});

Deno.test("EventLines.settled() counts what a reader has taken since the user asked for the end, however late it is called", async () => {
  const reader = new Reader();
  const lines = new EventLines(reader, () => {});
  const turn = () => new Promise((resolve) => setTimeout(resolve));
  reader.stop();
  const text = "x".repeat(100_000);
  lines.addText(text);
  lines.flush();
  await turn();
  const askedAt = performance.now();
  // The run itself needs all the time that a reader would have.
  await turn();
  reader.takeOne();
  await turn();
  const reading = setInterval(() => reader.takeOne(), 20);
  await lines.settled(AbortSignal.abort(), 0, askedAt);
  clearInterval(reading);
  assertEquals([lines.broken, reader.text], [null, text]);
});

Deno.test("EventLines breaks with ReaderGone if a pipe has no reader or a terminal is closed", async () => {
  const closed = Object.assign(new Error("Input/output error (os error 5)"), { code: "EIO" });
  for (const error of [new Deno.errors.BrokenPipe("Broken pipe"), closed]) {
    const reader = new Reader();
    reader.fail(error);
    const lines = new EventLines(reader, () => {});
    lines.add({});
    lines.flush();
    await lines.drained();
    assert(lines.broken instanceof ReaderGone);
  }
});

Deno.test("EventLines breaks with the error of a write that fails for another reason", async () => {
  const reader = new Reader();
  const full = Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
  reader.fail(full);
  const lines = new EventLines(reader, () => {});
  lines.add({});
  lines.flush();
  await lines.drained();
  assertEquals(lines.broken, full);
});
