/** A run and the doctor name the runtime settings that the environment changes. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { RUNTIME_SETTINGS } from "../../src/feeds/process/environment.ts";
import { commandLine, DEAD_ENDPOINT } from "../support/penstock.ts";

/** Runs a command with this environment and permission to read these settings. */
async function penstockWith(env: Record<string, string>, ...args: string[]) {
  const names = RUNTIME_SETTINGS.map(({ name }) => name).join(",");
  const flags = ["--no-prompt", "--quiet", "--allow-net=127.0.0.1", "--allow-read", `--allow-env=${names}`];
  const { HOME = "/", PATH = "" } = Deno.env.toObject();
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: commandLine(args, flags),
    clearEnv: true,
    env: { HOME, PATH, ...env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("penstock demo warns about each runtime setting that the environment changes", async () => {
  const env = { NODE_OPTIONS: "--no-warnings", NODE_TLS_REJECT_UNAUTHORIZED: "1" };
  const { stderr } = await penstockWith(env, "demo", "--stop-after=1", "--speed=max");
  const warnings = stderr.split("\n").filter((line) => line.includes("the environment sets"));
  assertEquals(warnings.map((line) => line.replace(/^\S+ +/, "")), [
    "WARN  the environment sets NODE_OPTIONS, which can run other code before the program: " +
    "unset it if you did not set it",
    "WARN  the environment sets NODE_TLS_REJECT_UNAUTHORIZED, which can switch off certificate checks: " +
    "unset it if you did not set it",
  ]);
});

Deno.test("penstock demo does not warn about an environment that changes no setting", async () => {
  const { stderr } = await penstockWith({ TZ: "UTC" }, "demo", "--stop-after=1", "--speed=max");
  assertEquals(stderr.includes("the environment sets"), false, stderr);
});

Deno.test("penstock doctor fails for a setting that no one needs, and only names a private certificate authority", async () => {
  const nowhere = [`--endpoint=${DEAD_ENDPOINT}`, "--backfill=off"];
  const examined = async (env: Record<string, string>) => {
    const { stdout, stderr } = await penstockWith(env, "doctor", "--json", "--state=none", ...nowhere);
    assertStringIncludes(stdout, `"type":"doctor"`, stderr);
    const { findings } = JSON.parse(stdout) as {
      findings: { subject: string; isGood: boolean; found: string }[];
    };
    return findings.find(({ subject }) => subject === "environment")!;
  };
  assertEquals((await examined({})).isGood, true);
  const authority = await examined({ NODE_EXTRA_CA_CERTS: "/nowhere.pem", DENO_TLS_CA_STORE: "system" });
  assertEquals([authority.isGood, authority.found], [
    true,
    "sets NODE_EXTRA_CA_CERTS, which adds a certificate authority for every host; " +
    "DENO_TLS_CA_STORE, which chooses which certificate authorities are trusted",
  ]);
  const both = await examined({ NODE_EXTRA_CA_CERTS: "/nowhere.pem", NODE_OPTIONS: "--no-warnings" });
  assertEquals(both.isGood, false);
  assertStringIncludes(
    both.found,
    "sets NODE_OPTIONS, which can run other code before the program; NODE_EXTRA",
  );
});
