/**
 * `deno task lockdown`: compiles the program, runs it in a sandbox against an exchange that it takes for the real one,
 * and prints each attempt with the expected and the actual result.
 */
import { EXCHANGE_NAMES, hostsOf } from "../../src/exchanges/hosts.ts";
import { compile, type Compiled, unpackedCommand } from "./compiled.ts";
import { APP, hasBubblewrap, networkArguments, type SandboxParts } from "./sandbox.ts";
import type { Row, SceneParts } from "./scene.ts";

const HERE = new URL(".", import.meta.url).pathname;

/** Plays the scene and yields each row of the table as it arrives. */
export async function* lockdown(program: Compiled): AsyncGenerator<Row> {
  const folder = Deno.makeTempDirSync({ prefix: "penstock-lockdown-" });
  try {
    const parts = sceneParts(program, folder);
    const path = `${folder}/scene.json`;
    Deno.writeTextFileSync(path, JSON.stringify(parts));
    const scene = [Deno.execPath(), "run", "--quiet", "--allow-all", `${HERE}scene.ts`, path];
    const process = new Deno.Command("bwrap", {
      args: networkArguments(`${folder}/hosts`, parts.data, scene),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const errors = new Response(process.stderr).text();
    let rest = "";
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) yield JSON.parse(line);
    }
    const { code } = await process.status;
    if (code !== 0) throw new Error(`the scene ended with ${code}: ${await errors}`);
    await errors;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Creates everything the scene needs under `folder`. */
function sceneParts({ path, payload, isReal }: Compiled, folder: string): SceneParts {
  const [data, app, cache] = ["data", "app", "cache"].map((name) => `${folder}/${name}`) as [
    string,
    string,
    string,
  ];
  for (const each of [data, app, cache]) Deno.mkdirSync(each);
  const names = [...EXCHANGE_NAMES.flatMap(hostsOf).map((host) => host.split(":")[0]!), "example.org"];
  Deno.writeTextFileSync(
    `${folder}/hosts`,
    ["localhost", ...names].map((name) => `127.0.0.1 ${name}\n`).join(""),
  );
  Deno.writeTextFileSync(`${folder}/nsswitch.conf`, "hosts: files\n");
  Deno.writeTextFileSync(`${folder}/passwd`, "nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n");
  const authority = makeAuthority(folder, "ca");
  makeAuthority(folder, "other");
  const tls = certify(folder, authority, names);
  const etc = Object.fromEntries(
    ["hosts", "nsswitch.conf", "passwd", "ca.pem", "other.pem"].map((name) => [name, `${folder}/${name}`]),
  );
  payload.unpack(app);
  // The folder is the same inside and outside except for its path, which the flags contain.
  const command = unpackedCommand(payload, app).map((word) => word.replaceAll(app, APP));
  Deno.copyFileSync(`${HERE}probe.ts`, `${app}/probe.ts`);
  const unpacked: SandboxParts = {
    executable: Deno.execPath(),
    app: { sources: app, cache },
    before: command,
    etc,
    data,
  };
  const probe = { ...unpacked, before: [...command.slice(0, -1), `${APP}/probe.ts`] };
  const itself: SandboxParts = isReal ? { executable: path, app: null, before: [], etc, data } : unpacked;
  return { ...itself, probe, tls };
}

/** Creates a certificate authority in `NAME.pem` and `NAME.key`; returns its name. */
function makeAuthority(folder: string, name: string): string {
  openssl(folder, [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", `/CN=Penstock test ${name}`, "-keyout", `${name}.key`, "-out", `${name}.pem`],
    ...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"],
  ]);
  return name;
}

/** Creates a certificate for `names`, signed by `authority`. */
function certify(folder: string, authority: string, names: readonly string[]): SceneParts["tls"] {
  const alternatives = [...names.map((name) => `DNS:${name}`), "IP:127.0.0.1"].join(",");
  Deno.writeTextFileSync(
    `${folder}/leaf.ext`,
    `subjectAltName=${alternatives}\nextendedKeyUsage=serverAuth\n`,
  );
  openssl(folder, [
    ...["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-subj", "/CN=Penstock test exchange", "-keyout", "leaf.key", "-out", "leaf.csr"],
  ]);
  openssl(folder, [
    ...["x509", "-req", "-in", "leaf.csr", "-CA", `${authority}.pem`, "-CAkey", `${authority}.key`],
    ...["-CAcreateserial", "-days", "2", "-extfile", "leaf.ext", "-out", "leaf.pem"],
  ]);
  return {
    cert: Deno.readTextFileSync(`${folder}/leaf.pem`),
    key: Deno.readTextFileSync(`${folder}/leaf.key`),
  };
}

function openssl(cwd: string, args: readonly string[]): void {
  const { success, stderr } = new Deno.Command("openssl", { args: [...args], cwd }).outputSync();
  if (!success) throw new Error(`openssl ${args[0]} failed: ${new TextDecoder().decode(stderr)}`);
}

/** What is missing on this machine, in words; null if nothing is. */
export function missing(): string | null {
  if (Deno.build.os !== "linux") return "bubblewrap, which is for Linux";
  if (!hasBubblewrap()) return "bubblewrap, or the right to make user namespaces: apt-get install bubblewrap";
  try {
    new Deno.Command("openssl", { args: ["version"], stdout: "null" }).outputSync();
    return null;
  } catch {
    return "openssl: apt-get install openssl";
  }
}

if (import.meta.main) {
  const lacking = missing();
  if (lacking !== null) {
    console.error(`lockdown: there is no ${lacking}`);
    Deno.exit(1);
  }
  let bad = 0;
  console.log(`     ${"attempt".padEnd(46)}  ${"expected".padEnd(34)}  seen`);
  for await (const { attempt, expected, seen, isAsExpected } of lockdown(await compile())) {
    if (!isAsExpected) bad++;
    console.log(
      `${isAsExpected ? "ok " : "BAD"}  ${attempt.padEnd(46)}  ${expected.padEnd(34)}  ${
        isAsExpected ? seen.slice(0, 160) : seen
      }`,
    );
  }
  console.log(bad === 0 ? "All as expected." : `${bad} not as expected.`);
  Deno.exit(bad === 0 ? 0 : 1);
}
