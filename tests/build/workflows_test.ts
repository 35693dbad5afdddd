/** The workflows keep SECURITY.md's promises about releases: who may write, what is pinned, what is compared. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const read = (name: string) => Deno.readTextFileSync(new URL(name, ROOT));
const FOLDER = ".github/workflows/";
const NAMES = [...Deno.readDirSync(new URL(FOLDER, ROOT))].map(({ name }) => name);

/** The text of a workflow without its comments. */
function workflow(name: string): string {
  return read(FOLDER + name).replaceAll(/(^|\s)#.*$/gm, "");
}

/** The jobs of a workflow, by name. */
function jobsOf(name: string): Record<string, string> {
  const [, jobs = ""] = workflow(name).split(/^jobs:$/m);
  return Object.fromEntries(
    jobs.split(/^(?= {2}[\w-]+:$)/m).slice(1).map((job) => [/^ {2}([\w-]+):/.exec(job)![1]!, job]),
  );
}

Deno.test("the workflows name every action by the hash of a commit, and may only read unless a job has more permissions", () => {
  assert(NAMES.includes("release.yml") && NAMES.includes("ci.yml"));
  for (const name of NAMES) {
    const text = workflow(name);
    const used = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action!);
    assert(used.length > 0);
    for (const action of used) assert(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(action), `${name}: ${action}`);
    assertStringIncludes(text, "\npermissions:\n  contents: read\n\n");
    const checkouts = text.split("uses: actions/checkout@").slice(1);
    for (const rest of checkouts) {
      assert(
        /^\S+\s+with:\s+persist-credentials: false\n/.test(rest),
        `${name} leaves a token in the checkout`,
      );
    }
    assert(!/\bsecrets\.|pull_request_target|workflow_run/.test(text), name);
    // Text that a user controls, such as a branch's name, reaches a shell only through the environment.
    const scripts = [...text.matchAll(/run: (?:\|\n((?: {10}.*\n)+)|(.*))/g)].map(([, block, line]) =>
      block ?? line!
    );
    for (const script of scripts) assert(!script.includes("${{"), `${name}: ${script}`);
  }
});

Deno.test("only the job that publishes may write, and it runs no code of the repository or of a package", () => {
  for (const name of NAMES) {
    for (const [job, text] of Object.entries(jobsOf(name))) {
      const rights = [...text.matchAll(/^ {6}([\w-]+): write$/gm)].map(([, right]) => right!);
      const isPublishing = name === "release.yml" && job === "publish";
      assertEquals(rights, isPublishing ? ["contents", "id-token", "attestations"] : [], `${name}, ${job}`);
      assertEquals(/^ {4}permissions:/m.test(text), isPublishing, `${name}, ${job}`);
    }
  }
  const { publish = "" } = jobsOf("release.yml");
  assert(!/checkout|\b(deno|npm|npx|node|bash|sh|source|curl|wget)\b/.test(publish), publish);
  assert(
    !/(^|\s)\.?\/\S|release-first\/penstock(?!\.cdx)/m.test(publish.replaceAll(/subject-path.*/g, "")),
    publish,
  );
  const actions = [...publish.matchAll(/uses: ([^@]+)@/g)].map(([, action]) => action!);
  assertEquals(actions, ["actions/download-artifact", "actions/attest-build-provenance"]);
});

Deno.test("a release is built from the tag's files, the lock file and pinned bases, by a pinned Deno", () => {
  const jobs = jobsOf("release.yml");
  assertEquals(Object.keys(jobs), ["gate", "build", "publish"]);
  for (const [name, job] of Object.entries(jobs)) {
    // Each of these would install whatever a registry returns that day.
    assert(!/npx|std:jsr|frozen=false|no-lock|npm install|deno (install|add|update|upgrade)/.test(job), name);
  }
  const { gate = "", build = "" } = jobs;
  for (const job of [gate, build]) {
    assertStringIncludes(job, "npm ci --ignore-scripts --prefix .github/deno\n");
  }
  assertStringIncludes(gate, "run: deno task ok\n");
  assertStringIncludes(build, "deno task compile:all --pinned --exchange");
  assert(build.indexOf("git diff --exit-code HEAD") > build.indexOf("deno task release:notes"));

  const { lock, imports, tasks } = JSON.parse(read("deno.json"));
  assertEquals(lock, { path: "./deno.lock", frozen: true });
  assertStringIncludes(read("build/compile.ts"), `["install", "--frozen", "--entrypoint", "main.ts"]`);
  assertEquals(tasks["compile:all"].command, "deno task compile --all");
  assert(!/frozen|no-lock/.test(tasks.compile.command), tasks.compile.command);
  for (const [name, from] of Object.entries<string>(imports)) {
    assert(/@\d+\.\d+\.\d+$/.test(from), `${name} is ${from}: no exact version`);
  }
  const { npm, jsr = {} } = JSON.parse(read("deno.lock"));
  for (const [name, { integrity }] of Object.entries<{ integrity: string }>({ ...npm, ...jsr })) {
    assert(/^sha512-|^[0-9a-f]{64}$/.test(integrity), name);
  }
});

Deno.test("a release is built twice and published only if both builds are the same and the gate is green", () => {
  const { build = "", publish = "" } = jobsOf("release.yml");
  assertStringIncludes(build, "copy: [first, second]\n");
  assertStringIncludes(build, "name: release-${{ matrix.copy }}\n");
  assertStringIncludes(publish, "needs: [gate, build]\n");
  const compared = publish.indexOf("run: diff --recursive release-first release-second\n");
  assert(compared > 0 && compared < publish.indexOf("attest-build-provenance"), publish);
});

Deno.test("every workflow and the gate use one version of Deno, whose files .github/deno pins by their hashes", () => {
  const { packages } = JSON.parse(read(".github/deno/package-lock.json")) as {
    packages: Record<string, { version?: string; integrity?: string }>;
  };
  const { "": _root, ...locked } = packages;
  const deno = /deno@(\d+\.\d+\.\d+)/.exec(read(".ci/run"))?.[1];
  for (const [name, { version, integrity }] of Object.entries(locked)) {
    if (/\bdeno$|@deno\//.test(name)) assertEquals(version, deno, name);
    assert(/^sha512-/.test(integrity ?? ""), name);
  }
  for (const name of NAMES) {
    for (const [, version] of workflow(name).matchAll(/\bdeno@(\S+)/g)) assertEquals(version, deno, name);
  }
});
