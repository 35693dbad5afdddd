import { assertEquals, assertStringIncludes } from "@std/assert";
import { notesOf } from "../../build/release_notes.ts";

const CHANGELOG = `# Changelog

## [Unreleased]

## [1.2.3] - 2026-11-27

### Added

- One.

## [1.2.2] - 2026-11-26

- Before.
`;

Deno.test("notesOf() returns a version's section and nothing of its neighbours", () => {
  assertEquals(notesOf(CHANGELOG, "1.2.3"), "### Added\n\n- One.");
  assertEquals(notesOf(CHANGELOG, "1.2.2"), "- Before.");
});

Deno.test("notesOf() returns null for a version without notes", () => {
  assertEquals(notesOf(CHANGELOG, "9.9.9"), null);
  assertEquals(notesOf(CHANGELOG, "Unreleased"), null);
});

Deno.test("release:notes refuses a tag that does not match the version", async () => {
  const script = new URL("../../build/release_notes.ts", import.meta.url).pathname;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", script, "v0.0.1"],
  }).output();
  assertEquals(code, 1);
  assertStringIncludes(new TextDecoder().decode(stderr), 'the tag is "v0.0.1": expected v');
});
