/** The container files keep the promises that SECURITY.md makes, and agree with one another. */
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { readArguments } from "../../src/config/arguments.ts";
import { configureSweep } from "../../src/config/grid.ts";
import { readDatabasePlace } from "../../src/domain/run/database_place.ts";
import { EXCHANGE_NAMES, hostsOf } from "../../src/exchanges/hosts.ts";
import { dockerArguments } from "./container.ts";

const read = (name: string) => Deno.readTextFileSync(new URL(`../../${name}`, import.meta.url));
const HEALTH = '["/penstock", "status", "data/penstock.db", "--max-age=60s"]';

Deno.test("Dockerfile's last stage has one file, a user without a name and no shell", () => {
  const stages = read("Dockerfile").split(/^FROM /m).slice(1);
  const last = stages.at(-1)!;
  assertEquals(stages.length, 2);
  assert(last.startsWith("gcr.io/distroless/cc-debian12:nonroot\n"));
  assert(!/^(RUN|ADD|SHELL)\b/m.test(last), "nothing runs in the last stage");
  for (
    const line of [
      "USER 65532:65532",
      'ENTRYPOINT ["/penstock"]',
      "ENV NO_PROXY=*",
      "ENV NODE_OPTIONS= OTEL_SDK_DISABLED=true",
      "VOLUME /data",
    ]
  ) {
    assertStringIncludes(last, `\n${line}\n`);
  }
  assertEquals(dockerArguments("CMD"), ["run"]);
  assertEquals(dockerArguments("HEALTHCHECK"), ["status", "data/penstock.db", "--max-age=60s"]);
});

Deno.test(".dockerignore lets in what the Dockerfile copies, and nothing else", () => {
  const letIn = read(".dockerignore").split("\n").filter((line) => line.startsWith("!")).map((line) =>
    line.slice(1)
  );
  const copied = [...read("Dockerfile").matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, names]) =>
    names!.split(" ")
  );
  assert(/^\*$/m.test(read(".dockerignore")));
  assertEquals(letIn.sort(), copied.sort());
});

Deno.test("the files for containers drop every privilege, and check health as the image does", () => {
  for (
    const [name, promises] of Object.entries({
      "compose.yaml": [
        'user: "65532:65532"',
        "read_only: true",
        "cap_drop: [ALL]",
        'security_opt: ["no-new-privileges:true"]',
        "pids_limit: 64",
        "mem_limit: 256m",
        'NO_PROXY: "*"',
        'NODE_OPTIONS: ""',
        'OTEL_SDK_DISABLED: "true"',
        "- data:/data",
        `test: ${HEALTH.replace("[", '["CMD", ')}`,
      ],
      "deploy/kubernetes.yaml": [
        "- name: NODE_OPTIONS",
        "- name: OTEL_SDK_DISABLED",
        "runAsNonRoot: true",
        "runAsUser: 65532",
        "readOnlyRootFilesystem: true",
        "allowPrivilegeEscalation: false",
        "drop: [ALL]",
        "type: RuntimeDefault",
        "automountServiceAccountToken: false",
        "memory: 256Mi",
        "mountPath: /data",
        `command: ${HEALTH}`,
        "policyTypes: [Ingress, Egress]",
        "ingress: []",
      ],
      "deploy/sweep.yaml": [
        "- name: NODE_OPTIONS",
        "- name: OTEL_SDK_DISABLED",
        "runAsNonRoot: true",
        "runAsUser: 65532",
        "readOnlyRootFilesystem: true",
        "allowPrivilegeEscalation: false",
        "drop: [ALL]",
        "type: RuntimeDefault",
        "automountServiceAccountToken: false",
        "mountPath: /data",
        "policyTypes: [Ingress, Egress]",
        "ingress: []",
        "egress: []",
      ],
      "deploy/sweep_queue.yaml": [
        "- name: NODE_OPTIONS",
        "- name: OTEL_SDK_DISABLED",
        "runAsNonRoot: true",
        "runAsUser: 65532",
        "readOnlyRootFilesystem: true",
        "allowPrivilegeEscalation: false",
        "drop: [ALL]",
        "type: RuntimeDefault",
        "automountServiceAccountToken: false",
        "mountPath: /data",
        "policyTypes: [Ingress, Egress]",
        "ingress: []",
      ],
    })
  ) {
    const lines = read(name).split("\n").map((line) => line.trim());
    for (const promise of promises) assert(lines.includes(promise), `${name} has no line "${promise}"`);
  }
});

Deno.test("sweep.yaml has a pod for each part, with options that a sweep accepts, and joins what they write", () => {
  const text = read("deploy/sweep.yaml");
  const [parts = [], join = []] = [...text.matchAll(/^ {10}args:\n((?: {12}.*\n)+)/gm)].map(([, lines]) =>
    [...lines!.matchAll(/^ +- (.+)$/gm)].map(([, word]) => word!)
  );
  const completions = Number(/^ {2}completions: (\d+)$/m.exec(text)?.[1]);
  for (const index of [0, completions - 1]) {
    const words = parts.map((word) => word.replaceAll("$(JOB_COMPLETION_INDEX)", `${index}`));
    const { given, mistakes, files } = readArguments(words);
    const { config, swept: { places } } = configureSweep(given, mistakes);
    assertEquals([config.part, files.length], [`${index + 1}/${completions}`, 1]);
    assert(places.length >= completions && config.out!.startsWith(join[2]!));
  }
  const { given, mistakes } = readArguments(join);
  assert(configureSweep(given, mistakes).config.join);
});

Deno.test("sweep_queue.yaml has a sweep and workers of one queue, whose only way out is to its database", () => {
  const text = read("deploy/sweep_queue.yaml");
  const [swept = [], works = []] = [...text.matchAll(/^ {10}args:\n((?: {12}.*\n)+)/gm)].map(([, lines]) =>
    [...lines!.matchAll(/^ +- (.+)$/gm)].map(([, word]) => word!)
  );
  const asked = readArguments(swept);
  const { config, swept: { places } } = configureSweep(asked.given, asked.mistakes);
  const { command, given, files, mistakes } = readArguments(works);
  assertEquals([command, given.untilEmpty?.text, mistakes, files], ["worker", "on", [], [config.queue]]);
  assert(places.length > 100 && asked.files[0]!.startsWith(given.data!.text));
  const { host, port, isVerified, rootCertificate } = readDatabasePlace(config.queue!);
  assertEquals([isVerified, rootCertificate], [true, "data/ca.crt"]);
  assertStringIncludes(text, `--build-arg STATE_HOST=${host}:${port}`);
  const ports = [...text.matchAll(/^ +port: (\d+)$/gm)].map(([, opened]) => opened!);
  assertEquals(ports, ["53", "53", String(port)]);
  assertEquals(/PASSWORD.*\n +value:/.test(text), false, "no password is in the file");
});

Deno.test("the container that watches has the rights of the one that trades, and the program that only watches", () => {
  const [run = "", watch = ""] = read("compose.yaml").split(/^ {2}(?:watch|fleet):$/m);
  assert(!/^ +ports:/m.test(run + watch), "no port is published");
  const linesOf = (text: string) => text.split("\n").map((line) => line.trim());
  const rights = linesOf(run).filter((line) =>
    /^(user|read_only|cap_drop|security_opt|pids_limit|mem_limit|memswap_limit|[A-Za-z_]+_?PROXY|NODE_OPTIONS|OTEL_\w+):/
      .test(line)
  );
  assert(rights.length > 12);
  assertEquals(rights.filter((line) => !linesOf(watch).includes(line)), []);
  assertStringIncludes(watch, "\n    profiles: [watch]\n");
  const [build = "", last = ""] = read("deploy/watch.Dockerfile").split(/^FROM /m).slice(1);
  const [builds = "", trades = ""] = read("Dockerfile").split(/^FROM /m).slice(1);
  const copies = (text: string) => text.match(/^COPY .+$/gm);
  assertEquals([copies(build), copies(last)], [copies(builds), copies(trades)]);
  assertStringIncludes(build, "\nRUN deno task compile --watch ");
  assert(!/^(RUN|ADD|SHELL)\b/m.test(last), "nothing runs in the last stage");
  const settings = (text: string) => text.match(/^(USER|ENV|VOLUME|WORKDIR|ENTRYPOINT) .+$/gm);
  assertEquals(settings(last), settings(trades));
});

Deno.test("the container of a run in a database has the rights of the one that trades, and no password is in the file", () => {
  const [run = "", , fleet = ""] = read("compose.yaml").split(/^ {2}(?:watch|fleet|database):$/m);
  const linesOf = (text: string) => text.split("\n").map((line) => line.trim());
  const rights = linesOf(run).filter((line) =>
    /^(user|read_only|cap_drop|security_opt|[a-z]+_limit|NODE_OPTIONS):/.test(line)
  );
  assertGreater(rights.length, 7);
  assertEquals(rights.filter((line) => !linesOf(fleet).includes(line)), []);
  assert(linesOf(fleet).includes("STATE_HOST: database:5432"));
  const passwords = [...read("compose.yaml").matchAll(/PASSWORD: (.*)$/gm)].map(([, value]) => value);
  assertEquals(passwords, Array(2).fill("${PENSTOCK_PASSWORD:-}"));
});

Deno.test("kubernetes_fleet.yaml has two processes of one run in a database, with the rights of the one in a file", () => {
  const linesOf = (text: string) => text.split("\n").map((line) => line.trim());
  const [one, fleet] = [read("deploy/kubernetes.yaml"), read("deploy/kubernetes_fleet.yaml")];
  const rights = linesOf(one).filter((line) =>
    /^(runAs\w+|fsGroup|type|readOnlyRootFilesystem|allowPrivilegeEscalation|privileged|drop|memory|cpu|automount\w+|enableServiceLinks|policyTypes|ingress|except):/
      .test(line) && line !== "type: Recreate"
  );
  assertGreater(rights.length, 14);
  assertEquals(rights.filter((line) => !linesOf(fleet).includes(line)), []);
  const [, list = ""] = /^ +args:\n((?: +- .*\n)+)/m.exec(fleet) ?? [];
  const args = linesOf(list).filter((line) => line !== "").map((line) => line.replace(/^- /, ""));
  const { command, given, mistakes } = readArguments(args);
  assertEquals([command, given.standby?.text, mistakes], ["run", "on", []]);
  const { host, port, isVerified, rootCertificate } = readDatabasePlace(given.state!.text);
  assertEquals([isVerified, rootCertificate], [true, "data/ca.crt"]);
  assertStringIncludes(fleet, `--build-arg STATE_HOST=${host}:${port}`);
  assertStringIncludes(fleet, "\n  replicas: 2\n");
  const ports = (text: string) => [...text.matchAll(/^ +port: (\d+)$/gm)].map(([, opened]) => opened!).sort();
  assertEquals(ports(fleet), [...ports(one), String(port)].sort());
  assertEquals(/PASSWORD.*\n +value:/.test(fleet), false, "no password is in the file");
});

Deno.test("the network policies open the ports of the known hosts, and name no other host", () => {
  const ports = new Set(EXCHANGE_NAMES.flatMap(hostsOf).map((host) => host.split(":")[1]));
  const kubernetes = read("deploy/kubernetes.yaml");
  const opened = [...kubernetes.matchAll(/- protocol: TCP\n +port: (\d+)/g)].map(([, port]) => port!);
  assertEquals(new Set(opened.filter((port) => port !== "53")), ports);

  const rules = read("deploy/cilium_policy.yaml").split("- toFQDNs:").slice(1);
  const allowed = rules.flatMap((rule) => {
    const port = /port: "(\d+)"/.exec(rule)?.[1];
    return [...rule.matchAll(/matchName: (\S+)/g)].map(([, name]) => `${name}:${port}`);
  });
  assertEquals(allowed.sort(), hostsOf("binance").sort());
});

Deno.test("the image has the same name and version everywhere it is built, run or pulled", () => {
  const { version } = JSON.parse(read("deno.json"));
  const named: readonly (readonly [file: string, pattern: RegExp])[] = [
    ["docs/operate.md", /^docker build .*-t (\S+)/gm],
    ["docs/operate.md", /the image `([^`]+)`/g],
    ["compose.yaml", /^services:$[^]*?^ +image: (\S+)$/gm],
    ["deploy/kubernetes.yaml", /^ +image: (\S+)$/gm],
    ["deploy/sweep.yaml", /^ +image: (\S+)$/gm],
    ["deploy/kubernetes_fleet.yaml", /^ +image: (penstock)-fleet(:\S+)$/gm],
    ["deploy/sweep_queue.yaml", /^ +image: (penstock)-fleet(:\S+)$/gm],
  ];
  for (const [file, pattern] of named) {
    const names = [...read(file).matchAll(pattern)].map(([, ...parts]) => parts.join(""));
    assert(names.length > 0, `${file} names no image: ${pattern}`);
    for (const name of names) assertEquals([file, name], [file, `penstock:${version}`]);
  }
  const images = read("compose.yaml").match(/(?<=^ +image: )\S+$/gm);
  const own = ["", "-watch", "-fleet"].map((program) => `penstock${program}:${version}`);
  assertEquals(images, [...own, "postgres:15"]);
});
