/** The alarms of `penstock watch` as a command line has them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { filesOf } from "../../../src/stores/files/whole_file.ts";
import { AlarmMemory } from "../../../src/stores/alarms/alarm_memory.ts";
import { inFolder } from "../../stores/sample_journal.ts";
import { inProcess } from "../../support/in_process.ts";

const BOT = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

Deno.test("watch refuses alarms that cannot be sent, before it watches, and repeats no token", () =>
  inFolder(async (folder) => {
    const tokens = `${folder}/tokens`;
    Deno.writeTextFileSync(tokens, `${BOT}\n`);
    const memory = `--notify-memory=${folder}/alarms.json`;
    const refused: readonly (readonly [readonly string[], number, RegExp])[] = [
      [[`--notify=telegram://${BOT}`], 2, /^penstock: --notify cannot be used: expected telegram:\/\/CHAT/],
      [
        ["--notify=https://h/a", "--notify-on=halt,fills"],
        2,
        /--notify-on is "halt,fills": expected halt, disc/,
      ],
      [["--notify=telegram://42"], 2, /address 1 \(api\.telegram\.org\): it needs a token: name the file/],
      [
        ["--notify=telegram://42", `--notify-tokens=${tokens}`],
        2,
        /no permission to reach api\.telegram\.org:443: use "deno task alarms" instead/,
      ],
      [
        ["--notify=telegram://42", `--notify-tokens=${BOT}`],
        2,
        /--notify-tokens \(secret\): expected the name of a/,
      ],
      [["--notify=telegram://42", `--notify-token=${BOT}`], 2, /--notify-token=\(secret\) is not an option/],
      [
        ["--notify=discord://42", `--notify-tokens=${tokens}`],
        2,
        /its token does not have the expected form/,
      ],
      [["--notify=http://h/a", `--notify-tokens=${tokens}`], 2, /a token is sent only over https/],
      [
        ["--ping", "https://hc-ping.com/{token}", "5s"],
        2,
        /--ping cannot be used: expected an address and a duration/,
      ],
      [["--ping=ntfy://h/a"], 2, /--ping cannot be used: expected an address and a duration/],
      [["--notify=https://a:b@h/a"], 2, /the token belongs in the file of --notify-tokens$/m],
      [["--notify-on=halt"], 2, /--notify-on is "halt": expected --notify URL as well/],
      [
        [`--notify-tokens=${tokens}`],
        2,
        /--notify-tokens is "[^"]*": expected --notify URL or --ping URL as well/,
      ],
      [
        ["--ping", "https://hc-ping.com/a", "1m"],
        2,
        /no permission to reach hc-ping\.com:443: use "deno task alarms" instead/,
      ],
    ];
    for (const [words, code, expected] of refused) {
      const needsMemory = words.some((word) => word.startsWith("--notify="));
      const found = await inProcess("watch", `${folder}/a.db`, ...(needsMemory ? [memory] : []), ...words);
      assertMatch(found.stderr, expected);
      assert(!found.stderr.includes("AAHdq"), found.stderr);
      assertEquals(found.code, code, found.stderr);
    }
    using _other = AlarmMemory.open(`${folder}/alarms.json`);
    const second = await inProcess("watch", `${folder}/a.db`, memory, "--notify=http://127.0.0.1:9/a");
    assertEquals(second.code, 1, second.stderr);
    assertMatch(second.stderr, /another penstock watch uses it to send alarms.*--notify-memory/);
  }));

Deno.test("watch that may write only its memory says that the folder is missing, and remembers once it exists", () =>
  inFolder(async (folder) => {
    const main = new URL("../../../main.ts", import.meta.url);
    const watch = async (): Promise<string> => {
      const files = filesOf("data/alarms.json").join(",");
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "-q", "--no-prompt", "--config", new URL("deno.json", main).pathname],
          ...["--allow-net=127.0.0.1", "--allow-read=.", `--allow-write=${files}`, "--allow-env=TERM"],
          ...[main.pathname, "watch", "--listen=127.0.0.1:0", "--notify=ntfy+http://127.0.0.1:1/topic"],
        ],
        cwd: folder,
        stderr: "piped",
      }).spawn();
      // It says what it may do once it listens.
      let said = "";
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
        said += text;
        if (said.includes("permissions kept")) child.kill("SIGTERM");
      }
      await child.status;
      return said;
    };
    assertMatch(
      await watch(),
      /cannot be used: its folder data does not exist\. Create it, or start a run first/,
    );
    Deno.mkdirSync(`${folder}/data`);
    assertMatch(await watch(), /writing data\/alarms\.json,/);
    assertEquals([...Deno.readDirSync(`${folder}/data`)].map(({ name }) => name), ["alarms.json.lock"]);
  }));
