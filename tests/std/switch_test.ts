import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { changedPins, missingFromLock, PACKAGES, switchTo, withLinks, withoutStd } from "../../std/switch.ts";

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

/** A lock file with the stand-ins or the published packages, and one npm package with a checksum. */
function lockOf(linked: boolean, integrity = "sha512-a", version = "1.0.0"): string {
  const links = Object.fromEntries(PACKAGES.map((name) => [`jsr:@std/${name}@1.0.0`, {}]));
  const specifiers = Object.fromEntries(PACKAGES.map((name) => [`jsr:@std/${name}@1.0.0`, "1.0.0"]));
  return JSON.stringify({
    specifiers: { "npm:a@1": version, ...(linked ? {} : specifiers) },
    jsr: linked ? {} : { "@std/cli@1.0.0": { integrity: "ab" } },
    npm: { [`a@${version}`]: { integrity } },
    workspace: linked ? { links } : {},
  });
}

/** A project in its own folder, with the stand-ins linked. */
function inProject(run: (root: URL, read: (name: string) => string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "penstock-switch-" });
  const root = new URL(`file://${folder}/`);
  try {
    Deno.mkdirSync(new URL("std", root));
    Deno.writeTextFileSync(new URL("deno.json", root), withLinks(config, true));
    Deno.writeTextFileSync(new URL("deno.lock", root), lockOf(true));
    run(root, (name) => Deno.readTextFileSync(new URL(name, root)));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("changedPins() names what another lock file resolves differently, and not what it does not need", () => {
  assertEquals(changedPins(lockOf(true), lockOf(false)), []);
  assertEquals(changedPins(lockOf(false), lockOf(true)), []);
  assertEquals(changedPins(lockOf(true), lockOf(false, "sha512-b")), ["a@1.0.0"]);
  assertEquals(changedPins(lockOf(true), lockOf(true, "sha512-a", "1.0.1")), ["npm:a@1"]);
});

Deno.test("switchTo() keeps the lock file of both, and comes back to the very one it left", () => {
  inProject((root, read) => {
    const there = switchTo(root, false, (cwd, isFrozen) => {
      assert(!isFrozen, "there is no lock file of the published packages yet");
      Deno.writeTextFileSync(new URL("deno.lock", cwd), lockOf(false));
      return true;
    });
    assert(there.done);
    assertStringIncludes(
      there.text,
      "resolved today, and is now in std/jsr.lock. Read it before you commit it",
    );
    assertEquals([read("deno.json"), read("deno.lock")], [config, lockOf(false)]);
    assertEquals([read("std/jsr.lock"), read("std/local.lock")], [lockOf(false), lockOf(true)]);

    const back = switchTo(root, true, (_cwd, isFrozen) => isFrozen);
    assert(back.done, back.text);
    assertStringIncludes(back.text, "Every package is the one in the lock file kept for it");
    assertEquals([read("deno.json"), read("deno.lock")], [withLinks(config, true), lockOf(true)]);
  });
});

Deno.test("switchTo() resolves nothing where std/jsr.lock is there", () => {
  inProject((root, read) => {
    Deno.writeTextFileSync(new URL("std/jsr.lock", root), lockOf(false));
    assert(switchTo(root, false, (_cwd, isFrozen) => isFrozen).done);
    assertEquals(read("deno.lock"), lockOf(false));
  });
});

Deno.test("switchTo() restores every file where a package cannot be fetched or a pin would change", () => {
  inProject((root, read) => {
    for (
      const [lock, said] of [
        [lockOf(true), "jsr:@std/assert, jsr:@std/cli, jsr:@std/log could not be fetched"],
        [lockOf(false, "sha512-b"), "what is pinned would have changed: a@1.0.0"],
      ] as const
    ) {
      const { done, text } = switchTo(root, false, (cwd) => {
        Deno.writeTextFileSync(new URL("deno.lock", cwd), lock);
        return true;
      });
      assert(!done);
      assertStringIncludes(text, said);
      assertEquals([read("deno.json"), read("deno.lock")], [withLinks(config, true), lockOf(true)]);
      assertEquals([...Deno.readDirSync(new URL("std", root))], []);
    }
    assertThrows(() =>
      switchTo(root, false, () => {
        throw new RangeError("no deno");
      }), RangeError);
    assertEquals([read("deno.json"), read("deno.lock")], [withLinks(config, true), lockOf(true)]);
  });
});
