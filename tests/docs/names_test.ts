/** Everything that the pages name exists: pages, sections, files, tasks, options. */
import { assert, assertEquals } from "@std/assert";
import meta from "../../deno.json" with { type: "json" };
import { readArguments } from "../../src/config/arguments.ts";
import { csvColumns } from "../../src/formats/csv_layout.ts";
import { configure } from "../../src/config/config.ts";
import { configureSweep } from "../../src/config/grid.ts";
import { OPTION_NAMES } from "../../src/config/options.ts";
import { optionWord } from "../../src/domain/process/config_error.ts";
import { codeSpans, commandLines, fences, PAGES, programArguments, ROOT, TEXTS, wordsOf } from "./pages.ts";

const TASKS = Object.keys(meta.tasks);
const OPTIONS = OPTION_NAMES.map(optionWord);
/** Options of the engine and of tasks that are not commands. */
const OTHER_OPTIONS = [
  "help",
  "version",
  ...meta.tasks.run.command.matchAll(/--([\w-]+)/g).map(([, name]) => name!),
];
/** Names of things outside this repository. */
const ELSEWHERE = /^(data|dist)\/|^\/|[*…<>{}$]|^[A-Z]+:/;

/** The part of a link that names a section, for a heading. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-");
}

function headingsOf(text: string): string[] {
  return [...text.replaceAll(/^```[^]*?^```$/gm, "").matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    anchorOf(heading!)
  );
}

Deno.test("every link and image leads to a file, and to a section that it has", () => {
  for (const [path, text] of TEXTS) {
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const [file = "", anchor] = target!.split("#");
      const place = file === "" ? new URL(path, ROOT) : new URL(file, new URL(path, ROOT));
      assert(isFile(place), `${path} links to ${target}, which is not there`);
      if (anchor === undefined) continue;
      const headings = headingsOf(Deno.readTextFileSync(place));
      assert(headings.includes(anchor), `${path} links to ${target}: ${headings.join(", ")}`);
    }
  }
});

Deno.test("every page of docs/ is linked from README", () => {
  const links = [...PAGES.get("README.md")!.matchAll(/\]\((docs\/\w+\.md)\)/g)].map(([, target]) => target);
  for (const path of PAGES.keys()) {
    assert(path === "README.md" || links.includes(path), `README links to no ${path}`);
  }
});

Deno.test("every file of this repository that a page or SECURITY.md names exists", () => {
  for (const [path, text] of [...PAGES, ["SECURITY.md", TEXTS.get("SECURITY.md")!] as const]) {
    for (const span of codeSpans(text)) {
      const isPath = /^(\.ci|\.github|build|deploy|docs|src|std|tests)\/|^[\w-]+\.(yaml|json|lock)$/.test(
        span,
      );
      if (!isPath || ELSEWHERE.test(span) || OUTSIDE.includes(span)) continue;
      assert(isThere(new URL(span, ROOT)), `${path} names ${span}, which is not there`);
    }
  }
});

/** Files that a reader or a task creates. */
const OUTSIDE = ["penstock.json", "result.json", "std/jsr.lock", "std/local.lock"];

Deno.test("every task that a page names exists", () => {
  for (const [path, text] of TEXTS) {
    const named = [...commandLines(text), ...codeSpans(text)].flatMap((line) => {
      const found = /(?:^|[ |])(?:deno|npx --yes deno@\S+) task (?:-q )?([\w:]+)/.exec(line);
      return found === null || found[1] === "COMMAND" ? [] : [found[1]!];
    });
    for (const name of named) assert(TASKS.includes(name), `${path} names the task ${name}`);
  }
});

Deno.test("every option that a page names exists", () => {
  for (const [path, text] of PAGES) {
    for (const span of codeSpans(text).filter((span) => !/^(npx|docker|kubectl) /.test(span))) {
      for (const [, name] of span.matchAll(/(?:^|\s)--([a-z][\w-]*)/g)) {
        assert([...OPTIONS, ...OTHER_OPTIONS].includes(name!), `${path} names the option --${name}`);
      }
    }
  }
});

Deno.test("every command line of the program has valid options and values", () => {
  let count = 0;
  for (const [path, page] of PAGES) {
    for (const line of commandLines(page)) {
      const args = programArguments(line);
      if (args === null) continue;
      count++;
      const { command, given, mistakes } = readArguments(args);
      const all = [...mistakes];
      try {
        if (command === "sweep") configureSweep(given, all);
        else configure(given, all, command);
      } catch (error) {
        throw new Error(`${path}: ${line}`, { cause: error });
      }
      assertEquals(all, [], `${path}: ${line}`);
    }
  }
  assert(count > 50, `${count} command lines were looked at`);
});

Deno.test("the other command lines name existing files of this repository and the right version of Deno", () => {
  const version = /deno@(\d+\.\d+\.\d+)/.exec(Deno.readTextFileSync(new URL(".ci/run", ROOT)))![1];
  for (const [path, text] of TEXTS) {
    for (const [, named] of text.matchAll(/deno@(\d+\.\d+\.\d+)/g)) assertEquals(named, version, path);
  }
  for (const [path, page] of PAGES) {
    for (const word of commandLines(page).flatMap(wordsOf)) {
      if (/^(deploy|build|src|tests)\//.test(word)) {
        assert(isFile(new URL(word, ROOT)), `${path} names ${word}`);
      }
    }
  }
});

Deno.test("a CSV file with the columns named on the page about backtests can be read", () => {
  const [header = ""] = fences(PAGES.get("docs/backtest.md")!, "").find((fence) => fence.startsWith("id,"))!
    .split("\n");
  assertEquals(csvColumns(header), { ...csvColumns(header), header: true });
});

function isFile(place: URL): boolean {
  return isThere(place) && Deno.statSync(place).isFile;
}

function isThere(place: URL): boolean {
  try {
    Deno.statSync(place);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
