/**
 * The units of systemd and launchd start the program with valid options, and without variables that could change it.
 */
import { assert, assertEquals } from "@std/assert";
import { readArguments } from "../../src/config/arguments.ts";
import { RUNTIME_SETTINGS } from "../../src/feeds/process/environment.ts";
import { ROOT } from "./pages.ts";

const read = (path: string) => Deno.readTextFileSync(new URL(path, ROOT));
const SYSTEMD = read("deploy/penstock.service");
const WATCH = read("deploy/penstock-watch.service");
const LAUNCHD = read("deploy/org.penstock.run.plist");

/** The values of a key in a systemd unit, from all its lines. */
function valuesOf(key: string, unit = SYSTEMD): string[] {
  return [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].flatMap(([, value]) => value!.split(" "));
}

/** The texts of a list in the property list. */
function listOf(key: string): string[] {
  const [, list = ""] = new RegExp(`<key>${key}</key>\\s*<array>([^]*?)</array>`).exec(LAUNCHD) ?? [];
  return [...list.matchAll(/<string>([^<]*)<\/string>/g)].map(([, text]) => text!);
}

Deno.test("both units run the program with valid options, and keep what it receives", () => {
  const launched = listOf("ProgramArguments");
  const started = valuesOf("ExecStart");
  assertEquals(started.slice(0, 2), ["/usr/bin/env", "--block-signal=USR1"]);
  for (const words of [started.slice(2), launched.slice(launched.indexOf("-i") + 1)]) {
    assertEquals(words[0], "/usr/local/bin/penstock");
    const { command, mistakes, given } = readArguments(words.slice(1));
    assertEquals([command, mistakes], ["run", []]);
    assert(given.record?.text.endsWith("/"), "a run that is started again records to a folder");
  }
});

Deno.test("the unit of watch starts the program that only watches, again and again, as locked up as that of the run", () => {
  const [env, block, program, ...words] = valuesOf("ExecStart", WATCH);
  assertEquals([env, block, program], [
    "/usr/bin/env",
    "--block-signal=USR1",
    "/usr/local/bin/penstock-watch",
  ]);
  const { files, mistakes } = readArguments(["watch", ...words]);
  assertEquals([files, mistakes], [["data/penstock.db"], []]);
  assertEquals([valuesOf("Restart", WATCH), valuesOf("RestartPreventExitStatus", WATCH)], [["always"], [
    "2",
  ]]);
  const lock = (unit: string) => unit.slice(unit.indexOf("# Each of these changes"));
  assertEquals(lock(WATCH), lock(SYSTEMD));
  for (const key of ["User", "WorkingDirectory", "UMask"]) {
    assertEquals(valuesOf(key, WATCH), valuesOf(key), key);
  }
});

Deno.test("both units unset every variable that changes the runtime", () => {
  const unset = valuesOf("UnsetEnvironment");
  for (const { name } of RUNTIME_SETTINGS) assert(unset.includes(name), name);
  assertEquals(listOf("ProgramArguments").slice(0, 2), ["/usr/bin/env", "-i"]);
});

Deno.test("systemd starts a run again after a failure, but not with invalid options or on a damaged journal", () => {
  assertEquals(valuesOf("Restart"), ["on-failure"]);
  assertEquals(valuesOf("RestartPreventExitStatus"), ["2", "3"]);
});

Deno.test({
  name: "systemd finds no mistake in its units, if there is a systemd",
  ignore: !hasSystemd(),
  fn() {
    const folder = Deno.makeTempDirSync();
    try {
      // The program need not be installed on this machine.
      for (const [name, unit] of [["penstock", SYSTEMD], ["penstock-watch", WATCH]] as const) {
        const path = `${folder}/${name}.service`;
        Deno.writeTextFileSync(path, unit.replace(`/usr/local/bin/${name}`, "/bin/true"));
        const { stderr } = new Deno.Command("systemd-analyze", { args: ["verify", "--man=no", path] })
          .outputSync();
        assertEquals(new TextDecoder().decode(stderr), "");
      }
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

function hasSystemd(): boolean {
  try {
    return new Deno.Command("systemd-analyze", { args: ["--version"], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}
