import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  AlarmMemory,
  AlarmMemoryError,
  type KeptDelivery,
  keptIn,
} from "../../../src/stores/alarms/alarm_memory.ts";

const AT = Date.UTC(2026, 11, 1);
const DELIVERY: KeptDelivery = {
  place: { seq: 7, hash: "ab".repeat(32) },
  done: 9,
  sent: 1,
  rules: { run: 1 },
};

function withPath(test: (path: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "penstock-alarms-" });
  try {
    test(`${folder}/data/alarms.json`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("AlarmMemory keeps how far each service has got in each journal, for the next process", () =>
  withPath((path) => {
    {
      using memory = AlarmMemory.open(path);
      assertEquals(memory.delivery("ntfy://h/t", "a.db"), null);
      memory.keep("ntfy://h/t", "ntfy at h", "a.db", DELIVERY, AT);
      memory.keep("ntfy://h/t", "ntfy at h", "__proto__", { ...DELIVERY, done: 1 }, AT);
      memory.keep("telegram://1", "telegram", "a.db", { ...DELIVERY, done: 2 }, AT);
      memory.keep("ntfy://h/t", "ntfy at h", "a.db", { ...DELIVERY, done: 3 }, AT);
    }
    using memory = AlarmMemory.open(path);
    const done = (address: string, journal: string) => memory.delivery(address, journal)?.done;
    assertEquals(
      [done("ntfy://h/t", "a.db"), done("ntfy://h/t", "__proto__"), done("telegram://1", "a.db")],
      [3, 1, 2],
    );
    assertEquals([done("ntfy://h/t", "toString"), done("ntfy://h/u", "a.db")], [undefined, undefined]);
    assertEquals(memory.delivery("ntfy://h/t", "a.db"), { ...DELIVERY, done: 3 });
  }));

Deno.test("AlarmMemory writes a file for its owner only, without addresses, and forgets the oldest of too many", () =>
  withPath((path) => {
    using memory = AlarmMemory.open(path);
    for (let n = 0; n < 55; n++) {
      memory.keep(`https://h/private-${n}`, "webhook at h", "a.db", DELIVERY, AT + n);
    }
    for (let n = 0; n < 205; n++) memory.keep("telegram://1", "telegram", `${n}.db`, DELIVERY, AT);
    const text = Deno.readTextFileSync(path);
    assert(!text.includes("private"), text);
    if (Deno.build.os !== "windows") assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
    assertEquals([...Deno.readDirSync(path.replace(/[^/]+$/, ""))].map(({ name }) => name).sort(), [
      "alarms.json",
      "alarms.json.lock",
    ]);
    assertEquals(memory.delivery("https://h/private-5", "a.db"), null);
    assertEquals(memory.delivery("https://h/private-6", "a.db"), DELIVERY);
    assertEquals(memory.delivery("telegram://1", "4.db"), null);
    assertEquals(memory.delivery("telegram://1", "204.db"), DELIVERY);
    assertEquals(Object.keys(JSON.parse(text).channels).length, 50);
  }));

Deno.test("AlarmMemory.open() refuses a memory that another process uses, until that process has ended", () =>
  withPath((path) => {
    const first = AlarmMemory.open(path);
    const { message } = assertThrows(() => AlarmMemory.open(path), AlarmMemoryError);
    assertStringIncludes(message, "another penstock watch uses it to send alarms");
    assertStringIncludes(message, "--notify-memory");
    using _other = AlarmMemory.open(`${path}.other`);
    first[Symbol.dispose]();
    using _again = AlarmMemory.open(path);
  }));

Deno.test("AlarmMemory.keep() leaves the file as it was when it cannot write, and a half-written file does no harm", () =>
  withPath((path) => {
    using memory = AlarmMemory.open(path);
    memory.keep("telegram://1", "telegram", "a.db", DELIVERY, AT);
    const before = Deno.readTextFileSync(path);
    Deno.mkdirSync(`${path}.partial`);
    assertThrows(
      () => memory.keep("telegram://1", "t", "a.db", { ...DELIVERY, done: 10 }, AT),
      AlarmMemoryError,
    );
    assertEquals(Deno.readTextFileSync(path), before);
    Deno.removeSync(`${path}.partial`);
    Deno.writeTextFileSync(`${path}.partial`, '{"schema":"penst');
    memory.keep("telegram://1", "t", "a.db", { ...DELIVERY, done: 11 }, AT);
    assertEquals(
      JSON.parse(Deno.readTextFileSync(path)).channels[Object.keys(JSON.parse(before).channels)[0]!]
        .journals["a.db"].done,
      11,
    );
  }));

Deno.test("AlarmMemory.open() refuses a damaged file, a later version and a link out of the folder, and says what to do", () =>
  withPath((path) => {
    AlarmMemory.open(path)[Symbol.dispose]();
    const refused: readonly (readonly [string, string])[] = [
      ["", "it is empty. Restore it from a copy, or remove it"],
      ["{", "it is not JSON"],
      ["null", `its "schema" is not`],
      ['{"schema":"penstock-tries"}', `its "schema" is not`],
      ['{"schema":"penstock-alarms","version":2}', "of version 2, but this Penstock knows version 1"],
      ['{"schema":"penstock-alarms","version":1}', `it has no "channels"`],
      ['{"schema":"penstock-alarms","version":1,"channels":{"x":{}}}', `its channel "x" cannot be read`],
      ['{"schema":"penstock-alarms","version":1,"channels":{"0123456789abcdef":{}}}', "cannot be read"],
      [" ".repeat(16 * 1024 * 1024 + 1), "far larger than it can be"],
    ];
    for (const [text, expected] of refused) {
      Deno.writeTextFileSync(path, text);
      const { message } = assertThrows(
        () => AlarmMemory.open(path),
        AlarmMemoryError,
        undefined,
        text.slice(0, 99),
      );
      assertStringIncludes(message, expected);
    }
    Deno.removeSync(path);
    // A refusal gives the lock back.
    AlarmMemory.open(path)[Symbol.dispose]();
    if (Deno.build.os === "windows") return;
    Deno.symlinkSync("/etc/hostname", path);
    assertThrows(() => AlarmMemory.open(path), AlarmMemoryError, "is a link that leads out of");
  }));

Deno.test("keptIn() reads what was written, and refuses any other text", () => {
  const journals = { "a.db": DELIVERY };
  const channels = { "0123456789abcdef": { name: "n", changed: "2026-12-01T00:00:00.000Z", journals } };
  const written = { schema: "penstock-alarms", version: 1, channels };
  assertEquals(keptIn("f", JSON.stringify(written)).channels, channels);
  const paths = fc.constantFrom(
    "schema",
    "channels",
    "name",
    "journals",
    "place",
    "done",
    "sent",
    "rules",
    "seq",
    "hash",
  );
  fc.assert(fc.property(paths, fc.jsonValue(), (name, value) => {
    const text = JSON.stringify(written, (key, old) => key === name ? value : old);
    try {
      for (const { journals } of Object.values(keptIn("f", text).channels)) {
        for (const { place: { seq, hash }, done, sent } of Object.values(journals)) {
          assert(
            [seq, done, sent].every((count) => Number.isSafeInteger(count) && count >= 0) &&
              /^[0-9a-f]*$/.test(hash),
          );
        }
      }
    } catch (error) {
      if (!(error instanceof AlarmMemoryError)) throw error;
    }
  }));
});
