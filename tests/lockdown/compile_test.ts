/** The result of `deno task compile`: exactly these permissions and files, and the same bytes every time. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { V8_FLAGS } from "../../build/binary.ts";
import { readOrder } from "../../build/compile.ts";
import { hostsOf } from "../../src/exchanges/hosts.ts";
import { RUNTIME_SETTINGS } from "../../src/feeds/process/environment.ts";
import { FakeService } from "../support/fake_service.ts";
import { checkpoint, openJournal } from "../stores/sample_journal.ts";
import {
  build,
  clone,
  compile,
  type Compiled,
  compileWatch,
  ownBase,
  STAND_IN,
  unpackedCommand,
} from "./compiled.ts";
import { Payload, PayloadError } from "./payload.ts";

/** The layout of the payload is read from ELF files. */
const ignore = Deno.build.os !== "linux";

/** The environment variables that the program may read. */
const SETTINGS = [...RUNTIME_SETTINGS.map(({ name }) => name), "TERM"];

/** Compiled once, by the first test that needs it. */
let compiling: Promise<Compiled> | null = null;
function compiled(): Promise<Compiled> {
  return compiling ??= compile();
}

/** The embedded files that are unpacked. */
let unpackedFiles: Payload["files"] | null = null;

/** The command that runs the program unpacked, or `entry` in its place. Programs with the same files share them. */
function unpacked({ folder, payload }: Compiled, entry?: string): string[] {
  const into = `${folder}/unpacked`;
  if (unpackedFiles === null || !areSame(unpackedFiles, payload.files)) {
    if (unpackedFiles !== null) Deno.removeSync(into, { recursive: true });
    payload.unpack(into);
    unpackedFiles = payload.files;
  }
  return unpackedCommand(payload, into, entry);
}

function areSame(one: Payload["files"], other: Payload["files"]): boolean {
  const isInOther = ([path, bytes]: [string, Uint8Array]) => {
    const its = other.get(path);
    return its !== undefined && Buffer.compare(bytes, its) === 0;
  };
  return one.size === other.size && one.entries().every(isInOther);
}

/** Runs the compiled program, itself or unpacked, in `folder`. */
async function runIn(folder: string, program: Compiled, ...args: string[]) {
  return await runWith({}, folder, program, ...args);
}

/** The same with `env` in its environment. */
async function runWith(
  env: Readonly<Record<string, string>>,
  folder: string,
  program: Compiled,
  ...args: string[]
) {
  const [command, before] = program.isReal ? [program.path, []] : [Deno.execPath(), unpacked(program)];
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...before, ...args],
    cwd: folder,
    env,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trimEnd();
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Some files that packages embed, where Deno keeps them. */
function cachedFiles(): string[] {
  const decimal = new URL(import.meta.resolve("decimal.js")).pathname;
  return [decimal, decimal.replace(/[^/]+$/, "package.json")];
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name:
    "compile grants the exchange's hosts, the folder data and the runtime's settings, and bakes in nothing else",
  ignore,
  fn: async () => {
    const { payload: { metadata, flags } } = await compiled();
    const { permissions } = metadata;
    const granted = Object.entries(permissions).filter(([, value]) => value !== null);
    assertEquals(Object.fromEntries(granted.filter(([name]) => name !== "allow_import")), {
      allow_env: SETTINGS,
      allow_net: hostsOf("binance"),
      allow_read: ["./data"],
      allow_write: ["./data"],
      // Everything is denied, even the hosts that Deno usually allows.
      deny_import: [],
      prompt: false,
    });
    assertEquals(flags, [
      `--allow-env=${SETTINGS.join(",")}`,
      `--allow-net=${hostsOf("binance").join(",")}`,
      "--allow-read=./data",
      "--allow-write=./data",
      "--deny-import",
      "--no-prompt",
      "--unstable-net",
    ]);
    assertEquals(metadata.argv, []);
    assertEquals(metadata.entrypoint_key, "main.ts");
    assertEquals(metadata.unstable_config.features, ["net"]);
    assertEquals(metadata.env_vars_from_env_file, { NO_PROXY: "*" });
    assertEquals([metadata.ca_data, metadata.unsafely_ignore_certificate_errors], [null, null]);
    assertEquals(V8_FLAGS.filter((flag) => !metadata.v8_flags.includes(flag)), []);
  },
});

Deno.test({
  name: "compile embeds the program and what it imports: no test, no build path, no secret",
  ignore,
  fn: async () => {
    const { payload, printed } = await compiled();
    const own = [...payload.files.keys()].filter((path) => !path.startsWith(".deno_compile_node_modules/"));
    for (const path of own) {
      assert(/^(main\.ts|deno\.json|src\/.+\.ts|std\/(cli|log)\/.+\.ts)$/.test(path), path);
    }
    assert(own.includes("src/commands/run.ts"));
    const packages = new Set(
      [...payload.files.keys()].filter((path) => !own.includes(path)).map((path) => path.split("/").slice(2))
        .map(([scope, name]) => scope!.startsWith("@") ? `${scope}/${name}` : scope!),
    );
    const known = [
      "@zip.js/zip.js",
      "decimal.js",
      "deno-std",
      "fzstd",
      "hyparquet",
      "hyparquet-compressors",
      "hyparquet-writer",
      "hysnappy",
      "postgres",
    ];
    for (const name of packages) assert(known.includes(name), name);

    const text = new TextDecoder("latin1").decode(payload.bytes);
    const home = Deno.env.get("HOME") ?? "/root";
    const forbidden = [home, "/tmp/", "penstock-clone-", "/stage/", "BEGIN PRIVATE KEY"];
    for (const word of forbidden.filter((word) => word !== "/")) {
      const at = text.indexOf(word);
      assertEquals(at, -1, `"${word}" in …${text.slice(Math.max(0, at - 80), at + 80)}…`);
    }
    // Only secrets in the environment of the build could have been baked in.
    for (const [name, value] of Object.entries(Deno.env.toObject())) {
      if (!/TOKEN|SECRET|PASSWORD|_KEY$/.test(name) || value.length < 8) continue;
      assert(!text.includes(value), `the value of ${name} is in the file`);
    }
    assert(
      /^dist\/penstock: \d+\.\d MB, of which \d+(\.\d+)?MB are embedded files/m.test(printed),
      printed,
    );
  },
});

Deno.test({
  name: "compile gives the same bytes from another clone with another environment and other file times",
  ignore,
  fn: async () => {
    const { sums } = await compiled();
    const folder = clone();
    const time = new Date("2001-02-03T04:05:06Z");
    const environment = {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
      OTEL_DENO_CONSOLE: "replace",
      DENO_V8_FLAGS: "--expose-gc",
      NODE_OPTIONS: "--no-warnings",
    };
    try {
      for (const path of cachedFiles()) Deno.utimeSync(path, time, time);
      for (const path of ["main.ts", "deno.json", "src/domain/numbers/money.ts"]) {
        Deno.utimeSync(`${folder}/${path}`, time, time);
      }
      const { code, printed } = await build(folder, await ownBase(), [], environment);
      assertEquals(code, 0, printed);
      assertEquals(Deno.readTextFileSync(`${folder}/dist/SHA256SUMS`), sums);
      const { code: checked } = await new Deno.Command("sha256sum", {
        args: ["--check", "--quiet", "SHA256SUMS"],
        cwd: `${folder}/dist`,
      }).output();
      assertEquals(checked, 0);
      assertEquals([...Deno.readDirSync(`${folder}/dist`)].map(({ name }) => name).sort(), [
        "SHA256SUMS",
        "penstock",
      ]);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "compile -- --exchange binance-us locks the program to that exchange and makes it the default",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const program = await compile("binance-us");
      assertEquals(program.payload.metadata.permissions["allow_net"], hostsOf("binance-us"));
      assert(program.path.endsWith("/penstock-binance-us"));
      const { stdout, stderr } = await runIn(folder, program, "config");
      assertStringIncludes(stdout, '"binance-us"', stderr);
    }),
});

Deno.test({
  name:
    "compile --notify-host locks a program to watching: loopback, these hosts, and the memory of its alarms",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const program = await compileWatch("api.telegram.org", "ntfy.lan:8443");
      assert(program.path.endsWith("/penstock-watch"));
      const { metadata } = program.payload;
      // Whatever is on its command line comes after this word.
      assertEquals(metadata.argv, ["watch"]);
      const granted = Object.entries(metadata.permissions).filter(([, value]) => value !== null);
      const memory = ["./data/alarms.json", "./data/alarms.json.lock", "./data/alarms.json.partial"];
      assertEquals(Object.fromEntries(granted.filter(([name]) => name !== "allow_import")), {
        allow_env: SETTINGS,
        allow_net: ["127.0.0.1", "api.telegram.org:443", "ntfy.lan:8443"],
        allow_read: ["./data"],
        allow_write: memory,
        deny_import: [],
        prompt: false,
      });
      const help = await runIn(folder, program, "--help");
      assert(help.stdout.startsWith("penstock watch: "), help.stderr);
      const run = await runIn(folder, program, "run", "--symbol=BTCUSDT");
      assertEquals(run.code, 2);
      assertStringIncludes(run.stderr, '--symbol is not an option of "watch"');
      await watchAlarm(folder, program);
      assertEquals(
        await tried(folder, program),
        Object.fromEntries(ATTEMPTS.map((code) => [code, "NotCapable"])),
      );
    }),
});

/** What code in the place of the program that watches must not be able to do. */
const ATTEMPTS = [
  `await Deno.connect({ hostname: "stream.binance.com", port: 9443 })`,
  `await fetch("https://api.telegram.org:8443/")`,
  `Deno.listen({ hostname: "0.0.0.0", port: 0 })`,
  `Deno.writeTextFileSync("data/penstock.db", "")`,
  `Deno.renameSync("data/alarms.json", "data/penstock.db")`,
  `Deno.removeSync("data/penstock.db")`,
  `Deno.writeTextFileSync("data/other", "")`,
  `Deno.readTextFileSync("/etc/passwd")`,
  `new Deno.Command("true").outputSync()`,
];

/** The name of the error of each attempt under the permissions of the program; null for none. */
async function tried(folder: string, program: Compiled): Promise<unknown> {
  const tries = ATTEMPTS.map((code) =>
    `try { ${code}; found[${JSON.stringify(code)}] = null; }
    catch (error) { found[${JSON.stringify(code)}] = error.name; }`
  );
  Deno.writeTextFileSync(
    `${folder}/attempts.js`,
    `const found = {};\n${tries.join("\n")}\nconsole.log(JSON.stringify(found));`,
  );
  const args = unpacked(program, `${folder}/attempts.js`);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: folder }).output();
  const text = new TextDecoder().decode(stdout);
  assert(text !== "", new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

/** Has the locked program watch a journal, and send a halt to a webhook; the journal stays as it is. */
async function watchAlarm(folder: string, program: Compiled): Promise<void> {
  Deno.mkdirSync(`${folder}/data`);
  const path = `${folder}/data/penstock.db`;
  await using service = new FakeService(() => ({ status: 200 }));
  await using journal = await openJournal(path);
  const time = Date.now() * 1000;
  await journal.startRun({ time, content: { version: "1", options: { symbol: "BTCUSDT", cash: "10000" } } });
  const words = program.isReal ? [program.path] : [Deno.execPath(), ...unpacked(program)];
  const process = new Deno.Command(words[0]!, {
    args: [...words.slice(1), "--listen=127.0.0.1:0", `--notify=http://${service.host}/hook`],
    cwd: folder,
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const logged = new Response(process.stderr).text();
  try {
    while (!exists(`${folder}/data/alarms.json`)) await new Promise((resolve) => setTimeout(resolve, 20));
    const content = {
      symbol: "BTCUSDT",
      reason: "manual",
      limit: "released",
      value: "halted",
      tradeId: 1,
      action: "hold",
    };
    await journal.commit({ entries: [{ type: "halt", time, content }], checkpoint: checkpoint(1) });
    await service.arrived(1);
    assertStringIncludes(service.requests[0]!.body, '"kind":"halt"');
  } finally {
    process.kill("SIGTERM");
  }
  assertEquals((await process.status).code, 0);
  const { port } = service;
  const kept = `network to 127.0.0.1:${port}, writing data/alarms.json, writing data/alarms.json.lock`;
  assertStringIncludes(await logged, kept);
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test({
  name: "the compiled program runs under its own flags, reads no file outside data and reports each attempt",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const program = await compiled();
      assertEquals((await runIn(folder, program, "--version")).stdout, "penstock 0.1.0");
      const denied = await runIn(folder, program, "backtest", "--symbol=BTCUSDT", "/etc/passwd");
      assert(denied.code !== 0);
      assertStringIncludes(denied.stderr, "/etc/passwd");
      // The archive reader is imported only now.
      Deno.mkdirSync(`${folder}/data`);
      Deno.copyFileSync(new URL("empty.zip", import.meta.url), `${folder}/data/empty.zip`);
      const zip = await runIn(folder, program, "backtest", "--symbol=BTCUSDT", "data/empty.zip");
      assertEquals(zip.code, 3, zip.stderr);
    }),
});

Deno.test({
  name: "each runtime setting has its known effect on the compiled program, and the image closes what it can",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const program = await compiled();
      let isAsked = false;
      await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
        isAsked = true;
        return new Response();
      });
      const collector = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}` };
      const isThere = (path: string) => [...Deno.readDirSync(folder)].some(({ name }) => name.includes(path));
      Deno.writeTextFileSync(`${folder}/before.cjs`, `console.error("other code ran")`);
      const at = (name: string) => `${folder}/${name}`;
      const seen: Record<string, boolean> = {};
      const watch = async (name: string, env: Record<string, string>, sees: (stderr: string) => boolean) => {
        const { stderr } = await runWith(env, folder, program, "--version");
        seen[name] = sees(stderr);
      };
      await watch("NODE_OPTIONS", { NODE_OPTIONS: `--require ${at("before.cjs")}` }, (logged) =>
        logged.includes("other code"));
      await watch("SSLKEYLOGFILE", { SSLKEYLOGFILE: at("keys.log") }, () =>
        isThere("keys.log"));
      await watch("DENO_COVERAGE_DIR", { DENO_COVERAGE_DIR: at("coverage") }, () =>
        isThere("coverage"));
      await watch("DENO_V8_FLAGS", { DENO_V8_FLAGS: `--log,--logfile=${at("v8.log")}` }, () =>
        isThere("v8.log"));
      await watch("DENO_AUDIT_PERMISSIONS", { DENO_AUDIT_PERMISSIONS: at("audit") }, () =>
        isThere("audit"));
      await watch("DENO_PERMISSION_BROKER_PATH", { DENO_PERMISSION_BROKER_PATH: at("broker") }, (logged) =>
        logged.includes("broker"));
      await watch("OTEL_DENO", { OTEL_DENO: "true", ...collector }, () =>
        isAsked);
      isAsked = false;
      await watch("OTEL_DENO, closed", { OTEL_DENO: "true", OTEL_SDK_DISABLED: "true", ...collector }, () =>
        isAsked);
      await watch("NODE_OPTIONS, closed", { NODE_OPTIONS: "" }, (logged) =>
        logged.includes("other code"));
      console.log(`lockdown: settings of the environment that take effect: ${JSON.stringify(seen)}`);
      assertEquals([seen["OTEL_DENO, closed"], seen["NODE_OPTIONS, closed"]], [false, false]);
      // The release workflow, which has Deno's own base, prints its behaviour above.
      if (program.isReal) {
        return;
      }
      const obeyed = Object.entries(seen).filter(([, isSeen]) =>
        isSeen
      ).map(([name]) =>
        name
      );
      assertEquals(obeyed, [
        "NODE_OPTIONS",
        "SSLKEYLOGFILE",
        "DENO_COVERAGE_DIR",
        "DENO_V8_FLAGS",
        "DENO_AUDIT_PERMISSIONS",
        "DENO_PERMISSION_BROKER_PATH",
        "OTEL_DENO",
      ]);
    }),
});

/** Wrong command lines, and the start of what is said of each. */
const WRONG: readonly (readonly [args: readonly string[], why: string])[] = [
  [["--exchange", "nyse"], '--exchange is "nyse": expected one of binance, binance-us'],
  [["--target", "pdp11"], '--target is "pdp11": expected one of x86_64-unknown-linux-gnu'],
  [
    ["--allow-all"],
    "--allow-all: expected --exchange NAME, --strategy FILE, --state-host HOST:PORT, " +
    "--data-host HOST:PORT, --watch, --notify-host HOST, --target NAME, --all or --pinned",
  ],
  [
    ["--watch", "--state-host", "api.binance.com:443"],
    '--state-host is "api.binance.com:443", a host of binance: a program that watches reaches no exchange',
  ],
  [
    ["--state-host", "db:5432,other:1"],
    '--state-host is "db:5432,other:1": expected one host with its port, such as db.internal:5432',
  ],
  [
    ["--data-host", "files.lan"],
    '--data-host is "files.lan": expected one host with its port, such as files.internal:443',
  ],
  [
    ["--watch", "--data-host", "files.lan:443"],
    "--data-host is for a program that computes: expected it without --watch and --notify-host",
  ],
  [["--notify-host", "*"], '--notify-host is "*": expected a host such as api.telegram.org'],
  [
    ["--notify-host", "https://ntfy.sh"],
    '--notify-host is "https://ntfy.sh": expected a host',
  ],
  [
    ["--notify-host", "api.binance.com:8443"],
    '--notify-host is "api.binance.com:8443", a host of binance: a program that watches reaches no exchange',
  ],
  [
    ["--watch", "--exchange", "binance"],
    "--exchange and --strategy are for a program that trades",
  ],
];

Deno.test("compile rejects a wrong command line with a reason", () => {
  for (const [args, why] of WRONG) {
    const order = readOrder(args);
    assert(typeof order === "string" && order.startsWith(why), `${args.join(" ")}: ${JSON.stringify(order)}`);
  }
});

Deno.test("compile writes the reason to standard error, and builds nothing", async () => {
  const folder = clone();
  try {
    const [args, why] = WRONG[0]!;
    const { code, printed } = await build(folder, STAND_IN, args);
    assertEquals(code, 2);
    assert(printed.startsWith(`compile: ${why}`), printed);
    assertThrows(() => Deno.statSync(`${folder}/dist`), Deno.errors.NotFound);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "Payload.read() refuses files that are not compiled programs",
  ignore,
  fn: () => {
    assertThrows(() => Payload.read(Deno.execPath()), PayloadError, "there is no section");
    assertThrows(() => Payload.read(new URL(import.meta.url).pathname), PayloadError, "not an ELF file");
  },
});
