import { assertEquals, assertStringIncludes } from "@std/assert";
import { missingFromLock, PACKAGES, withLinks, withoutStd } from "../../std/switch.ts";

const config = `{
  "name": "x",
  "imports": {
    "@std/cli": "jsr:@std/cli@^1.0.0"
  },
  "fmt": { "lineWidth": 110 }
}
`;

Deno.test("withLinks() adds and removes the links and leaves everything else alone", () => {
  const linked = withLinks(config, true);
  assertStringIncludes(linked, `  },\n  "links": ["./std/assert", "./std/cli", "./std/log"],\n  "fmt"`);
  assertEquals(withLinks(linked, true), linked);
  assertEquals(withLinks(linked, false), config);
  assertEquals(withLinks(config, false), config);
});

Deno.test("missingFromLock() names the packages that a lock file has no entry for", () => {
  const all = PACKAGES.map((name) => `jsr:@std/${name}`);
  const published = JSON.stringify({ specifiers: { "jsr:@std/cli@^1.0.32": "1.0.32", "npm:a@1": "1.0.0" } });
  assertEquals(missingFromLock(published, false), ["jsr:@std/assert", "jsr:@std/log"]);
  assertEquals(missingFromLock(published, true), all);
  const links = Object.fromEntries(all.map((name) => [`${name}@1.0.0`, {}]));
  assertEquals(missingFromLock(JSON.stringify({ workspace: { links } }), true), []);
});

Deno.test("withoutStd() takes only the @std entries from a lock file", () => {
  const lock = {
    specifiers: { "jsr:@std/cli@^1.0.32": "1.0.32", "npm:a@1": "1.0.0" },
    jsr: {},
    npm: { "a@1.0.0": {} },
  };
  assertEquals(JSON.parse(withoutStd(JSON.stringify(lock))), {
    npm: { "a@1.0.0": {} },
    specifiers: { "npm:a@1": "1.0.0" },
  });
});
