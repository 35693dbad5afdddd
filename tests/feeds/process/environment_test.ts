import { assertEquals } from "@std/assert";
import { RUNTIME_SETTINGS, settingText } from "../../../src/feeds/process/environment.ts";

/** The settings in force in a process with this environment and these permissions. */
async function inForce(env: Record<string, string>, ...permissions: string[]): Promise<string[]> {
  const module = new URL("../../../src/feeds/process/environment.ts", import.meta.url).href;
  const code = `import { settingsInForce } from "${module}";
    console.log(JSON.stringify(settingsInForce().map(({ name }) => name)));`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-config",
      ...permissions,
      `data:application/typescript,${encodeURIComponent(code)}`,
    ],
    clearEnv: true,
    env,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (text(stdout) === "") throw new Error(text(stderr));
  return JSON.parse(text(stdout));
}

const NAMES = RUNTIME_SETTINGS.map(({ name }) => name);

Deno.test("settingsInForce() names what the environment sets, and reads no other name", async () => {
  const allowed = [`--allow-env=${NAMES.join(",")}`, "--allow-read", "--allow-import"];
  const set = { NODE_TLS_REJECT_UNAUTHORIZED: "0", NODE_OPTIONS: "--no-warnings", OTEL_SDK_DISABLED: "true" };
  const found = await inForce(set, ...allowed);
  assertEquals(found, ["NODE_OPTIONS", "NODE_TLS_REJECT_UNAUTHORIZED"]);
});

Deno.test("settingsInForce() names nothing that it may not read", async () => {
  assertEquals(await inForce({ NODE_OPTIONS: "--no-warnings" }, "--allow-read", "--allow-import"), []);
});

Deno.test("settingText() names what is set, its effect and what to do", () => {
  assertEquals(
    settingText(RUNTIME_SETTINGS[0]!),
    "the environment sets DENO_PERMISSION_BROKER_PATH, which lets another program grant every permission: " +
      "unset it if you did not set it",
  );
});
