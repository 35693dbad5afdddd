/** The targets of a result: files, links, pipes, devices, sockets, and several runs with one name. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  RESULT_START,
  ResultFileError,
  type ResultPlace,
  resultPlaceAt,
} from "../../../src/stores/results/result_place.ts";

const OLDER = `${RESULT_START},"version":0}`;
const WHOLE = `${RESULT_START},"version":1}`;
const ignore = Deno.build.os === "windows";

interface Tools {
  readonly folder: string;
  readonly stopping: AbortController;
  /** The messages to the user. */
  readonly warnings: string[];
  readonly open: (name: string) => Promise<ResultPlace>;
  /** Why the place at `name` cannot be opened, without the common start of the message. */
  readonly refused: (name: string) => Promise<string>;
}

/** Runs `test` in its own folder; the names left there. */
async function inFolder(test: (tools: Tools) => Promise<void>): Promise<string[]> {
  const folder = Deno.makeTempDirSync({ prefix: "penstock-place-" });
  const stopping = new AbortController();
  const warnings: string[] = [];
  const options = { stop: stopping.signal, onWarning: (text: string) => void warnings.push(text) };
  const open = (name: string) => resultPlaceAt(`${folder}/${name}`, options);
  const refused = async (name: string) => {
    const { message } = await assertRejects(() => open(name), ResultFileError);
    const start = `the result cannot be written to ${folder}/${name}: `;
    assert(message.startsWith(start), message);
    return message.slice(start.length);
  };
  try {
    await test({ folder, stopping, warnings, open, refused });
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function makePipe(path: string): Promise<void> {
  const { success } = await new Deno.Command("mkfifo", { args: [path] }).output();
  assert(success);
}

async function finish(place: ResultPlace, text = WHOLE): Promise<void> {
  place.write(text);
  await place.flush();
  await place.finish();
}

Deno.test("resultPlaceAt() replaces results and empty files completely, and no other file", async () => {
  const names = await inFolder(async ({ folder, open, refused }) => {
    for (const content of ['{"schema":"penstock"}', "SQLite format 3\0", "x"]) {
      Deno.writeTextFileSync(`${folder}/x`, content);
      assertEquals(
        await refused("x"),
        "the file there is not a result. Choose another name, or remove it",
      );
      assertEquals(Deno.readTextFileSync(`${folder}/x`), content);
    }
    for (const content of ["", OLDER]) {
      Deno.writeTextFileSync(`${folder}/x`, content);
      using place = await open("x");
      place.write(WHOLE);
      await place.flush();
      assertEquals(Deno.readTextFileSync(`${folder}/x`), content);
      await place.finish();
      assertEquals(Deno.readTextFileSync(`${folder}/x`), WHOLE);
    }
    using place = await open("x");
    Deno.writeTextFileSync(`${folder}/x`, "made meanwhile");
    await assertRejects(() => finish(place), ResultFileError, "the file there is not a result");
    assertEquals(Deno.readTextFileSync(`${folder}/x`), "made meanwhile");
  });
  assertEquals(names, ["x"]);
});

Deno.test("resultPlaceAt() lets several runs write one result: the last complete one counts, and nothing else is left", async () => {
  const names = await inFolder(async ({ folder, open, warnings }) => {
    const text = (run: number) => `${RESULT_START},"run":${run},"pad":"${"x".repeat(run * 1000)}"}`;
    const [one, two, three] = [await open("x"), await open("x"), await open("x")];
    // In turn, as processes do it.
    for (let at = 0; at < 3_000; at += 100) {
      for (const [run, place] of [one, two, three].entries()) place!.write(text(run + 1).slice(at, at + 100));
    }
    for (const [run, place] of [one, two].entries()) {
      place!.write(text(run + 1).slice(3_000));
      await place!.finish();
      assertEquals(JSON.parse(Deno.readTextFileSync(`${folder}/x`)).run, run + 1);
    }
    three![Symbol.dispose]();
    assertEquals(JSON.parse(Deno.readTextFileSync(`${folder}/x`)).run, 2);
    assertEquals(warnings, []);
  });
  assertEquals(names, ["x"]);
});

Deno.test("resultPlaceAt() removes the partial files of killed runs, warns about each, and keeps those in use and other files", async () => {
  const names = await inFolder(async ({ folder, open, warnings }) => {
    for (const name of ["x.4711.partial", "x.4711-2.partial", "x.partial"]) {
      Deno.writeTextFileSync(`${folder}/${name}`, `${RESULT_START},"fills":[`);
    }
    const others = ["x.1.partial", "x.a.partial", "xy.4711.partial", "x.4711.partial.txt", "y.partial"];
    for (const name of others) {
      Deno.writeTextFileSync(`${folder}/${name}`, name === "x.1.partial" ? "mine" : OLDER);
    }
    using held = await open("x");
    held.write(`${RESULT_START},"fills":[`);
    assertEquals(warnings.sort(), [
      `${folder}/x.4711-2.partial is removed: it is the partial result of a run that was killed`,
      `${folder}/x.4711.partial is removed: it is the partial result of a run that was killed`,
      `${folder}/x.partial is removed: it is the partial result of a run that was killed`,
    ]);
    await finish(await open("x"));
    assertEquals(warnings.length, 3);
    held.write(`]}`);
    await held.finish();
    assertEquals(JSON.parse(Deno.readTextFileSync(`${folder}/x`)).fills, []);
  });
  assertEquals(names, [
    "x",
    "x.1.partial",
    "x.4711.partial.txt",
    "x.a.partial",
    "xy.4711.partial",
    "y.partial",
  ]);
});

Deno.test({
  name: "resultPlaceAt() follows links, and replaces or creates their targets",
  ignore,
  fn: async () => {
    const names = await inFolder(async ({ folder, open, refused }) => {
      Deno.mkdirSync(`${folder}/to`);
      Deno.writeTextFileSync(`${folder}/to/old`, OLDER);
      Deno.symlinkSync("to/old", `${folder}/relative`);
      Deno.symlinkSync(`${folder}/relative`, `${folder}/absolute`);
      Deno.symlinkSync("to/new", `${folder}/dangling`);
      Deno.symlinkSync("none/new", `${folder}/nowhere`);
      Deno.symlinkSync("round", `${folder}/round`);
      await finish(await open("absolute"));
      assertEquals(Deno.readTextFileSync(`${folder}/to/old`), WHOLE);
      using place = await open("dangling");
      await finish(place);
      assertEquals(Deno.readTextFileSync(`${folder}/to/new`), WHOLE);
      for (const link of ["relative", "absolute", "dangling", "nowhere"]) {
        assert(Deno.lstatSync(`${folder}/${link}`).isSymlink, link);
      }
      assertEquals([...Deno.readDirSync(`${folder}/to`)].length, 2);
      assertEquals(await refused("nowhere"), "its folder does not exist");
      assertStringIncludes(await refused("round"), "symbolic links");
      Deno.writeTextFileSync(`${folder}/to/old`, "mine");
      await assertRejects(
        () => open("absolute"),
        ResultFileError,
        "/to/old: the file there is not a result",
      );
    });
    assertEquals(names, ["absolute", "dangling", "nowhere", "relative", "round", "to"]);
  },
});

Deno.test({
  name:
    "resultPlaceAt() refuses standard output if it is a file, because the rest of the output goes there too",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const names = await inFolder(async ({ folder }) => {
      const program = `import { resultPlaceAt } from "${
        import.meta.resolve("../../../src/stores/results/result_place.ts")
      }";
        const options = { stop: new AbortController().signal, onWarning: () => {} };
        try { await resultPlaceAt("/dev/stdout", options); } catch ({ message }) { console.error(message); }`;
      const { stderr } = await new Deno.Command("sh", {
        args: ["-c", `exec "$0" eval "$1" > "${folder}/x"`, Deno.execPath(), program],
        env: { NO_COLOR: "1" },
      }).output();
      assertEquals(
        new TextDecoder().decode(stderr),
        "the result cannot be written to /dev/stdout: it leads to a file that is open already. Name the file itself\n",
      );
    });
    assertEquals(names, ["x"]);
  },
});

Deno.test({
  name: "resultPlaceAt() writes more to a pipe with a reader than it holds, and leaves the pipe in place",
  ignore,
  fn: async () => {
    const names = await inFolder(async ({ folder, open }) => {
      await makePipe(`${folder}/pipe`);
      Deno.symlinkSync("pipe", `${folder}/link`);
      const text = `${RESULT_START},"pad":"${"x".repeat(1_000_000)}"}`;
      for (const name of ["pipe", "link"]) {
        const reading = Deno.readTextFile(`${folder}/pipe`);
        using place = await open(name);
        await finish(place, text);
        assertEquals((await reading) === text, true);
      }
      assert(Deno.lstatSync(`${folder}/pipe`).isFifo);
    });
    assertEquals(names, ["link", "pipe"]);
  },
});

Deno.test({
  name: "resultPlaceAt() logs that a pipe has no reader, waits for one, and stops waiting on abort",
  ignore,
  fn: async () => {
    await inFolder(async ({ folder, open, refused, warnings, stopping }) => {
      await makePipe(`${folder}/pipe`);
      const opening = open("pipe");
      while (warnings.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      assertEquals(warnings, [`waiting for a reader of the pipe ${folder}/pipe`]);
      const reading = Deno.readTextFile(`${folder}/pipe`);
      await finish(await opening);
      assertEquals(await reading, WHOLE);

      const waiting = refused("pipe");
      stopping.abort();
      assertEquals(await waiting, "the pipe has no reader");
      // Lets the pending open finish.
      assertEquals(await Deno.readTextFile(`${folder}/pipe`), "");
    });
  },
});

Deno.test({
  name: "resultPlaceAt() reports that a pipe's reader has left, or reads nothing until the end",
  ignore,
  fn: async () => {
    await inFolder(async ({ folder, open, stopping }) => {
      await makePipe(`${folder}/pipe`);
      const much = "x".repeat(1_000_000);
      {
        const reader = Deno.open(`${folder}/pipe`);
        using place = await open("pipe");
        (await reader).close();
        place.write(much);
        await assertRejects(() => place.flush(), ResultFileError, "pipe: Broken pipe");
      }
      const reader = Deno.open(`${folder}/pipe`);
      const buffer = new Uint8Array(1 << 20);
      const place = await open("pipe");
      using stuck = await reader;
      try {
        place.write(much);
        const writing = assertRejects(() => place.flush(), ResultFileError, "pipe: its reader reads nothing");
        stopping.abort();
        await writing;
        // Reads what is being written, so that the write can finish.
        for (let rest = much.length; rest > 0;) rest -= (await stuck.read(buffer)) ?? rest;
      } finally {
        place[Symbol.dispose]();
      }
      // The pipe ends once the write has.
      assertEquals(await stuck.read(buffer), null);
    });
  },
});

Deno.test({
  name: "resultPlaceAt() writes to a device and leaves it in place",
  ignore,
  fn: async () => {
    const names = await inFolder(async ({ folder, open }) => {
      Deno.symlinkSync("/dev/null", `${folder}/null`);
      await finish(await open("null"));
      assert(Deno.statSync("/dev/null").isCharDevice);
    });
    assertEquals(names, ["null"]);
  },
});

Deno.test("resultPlaceAt() refuses folders, sockets and missing folders", async () => {
  const names = await inFolder(async ({ folder, refused }) => {
    Deno.mkdirSync(`${folder}/x`);
    for (const name of ["x", "x/", "none/", "."]) assertEquals(await refused(name), "it is a folder");
    assertEquals(await refused("none/x"), "its folder does not exist");
    assertStringIncludes(await refused("x".repeat(300)), "File name too long");
    if (ignore) return;
    // The socket file stays when its process ends.
    const listening = `Deno.listen({ transport: "unix", path: "${folder}/socket" }); Deno.exit(0)`;
    await new Deno.Command(Deno.execPath(), { args: ["eval", listening] }).output();
    assertEquals(await refused("socket"), "it is a socket. Name a file, a pipe or a device");
    Deno.symlinkSync("x", `${folder}/link`);
    assertEquals(await refused("link"), "it is a folder");
  });
  assertEquals(names.filter((name) => name.includes("partial")), []);
});

Deno.test("resultPlaceAt() reports that a folder took its name meanwhile, and leaves no partial file", async () => {
  const names = await inFolder(async ({ folder, open }) => {
    using place = await open("x");
    Deno.mkdirSync(`${folder}/x`);
    await assertRejects(() => finish(place), ResultFileError, "/x: Is a directory");
  });
  assertEquals(names, ["x"]);
});

Deno.test({
  name: "resultPlaceAt() explains how to grant a missing permission",
  permissions: { read: true, write: false },
  fn: async () => {
    const options = { stop: new AbortController().signal, onWarning: () => {} };
    const { message } = await assertRejects(() => resultPlaceAt("out/x.json", options), ResultFileError);
    assertEquals(
      message,
      "the result cannot be written to out/x.json: it may not be read or written: allow it with " +
        "--allow-read=out/ --allow-write=out/ before main.ts, or in deno.json",
    );
  },
});
