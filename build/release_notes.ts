/**
 * `deno task release:notes v1.2.3` prints what CHANGELOG.md says about that version.
 *
 * @module
 */

/**
 * The section about `version` in a changelog in the format of Keep a Changelog, without its heading; null if there is
 * none.
 */
export function notesOf(changelog: string, version: string): string | null {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.startsWith(`[${version}]`));
  const notes = section?.slice(section.indexOf("\n")).trim();
  return notes === undefined || notes === "" ? null : notes;
}

if (import.meta.main) {
  const [tag = ""] = Deno.args;
  const read = (name: string) => Deno.readTextFileSync(new URL(`../${name}`, import.meta.url));
  const { version } = JSON.parse(read("deno.json"));
  const notes = notesOf(read("CHANGELOG.md"), version);
  if (tag !== `v${version}`) {
    console.error(`the tag is "${tag}": expected v${version}, the version in deno.json`);
    Deno.exit(1);
  }
  if (notes === null) {
    console.error(`CHANGELOG.md says nothing about ${version}: expected a section "## [${version}] - DATE"`);
    Deno.exit(1);
  }
  console.log(notes);
}
