import { assertEquals } from "@std/assert";
import { billOf } from "../../build/sbom.ts";

const LOCK = JSON.stringify({
  npm: {
    "decimal.js@10.6.0": { integrity: "sha512-AQI=" },
    "@zip.js/zip.js@2.24.0": { integrity: "sha512-/w==" },
    "fast-check@4.10.2": { integrity: "sha512-AQI=" },
  },
  jsr: { "@std/cli@1.0.32": { integrity: "ab12" }, "@std/assert@1.0.19": { integrity: "cd" } },
});

Deno.test("billOf() lists what is built in, with its origin and checksum", () => {
  const { bomFormat, specVersion, metadata, components } = billOf("penstock", "1.2.3", LOCK);
  assertEquals([bomFormat, specVersion], ["CycloneDX", "1.6"]);
  assertEquals(metadata.component["purl"], "pkg:generic/penstock@1.2.3");
  assertEquals(components.map(({ purl, hashes: [hash] }) => [purl, hash]), [
    ["pkg:generic/%40std/cli@1.0.32?repository_url=https://jsr.io", { alg: "SHA-256", content: "ab12" }],
    ["pkg:npm/%40zip.js/zip.js@2.24.0", { alg: "SHA-512", content: "ff" }],
    ["pkg:npm/decimal.js@10.6.0", { alg: "SHA-512", content: "0102" }],
  ]);
  assertEquals(components.map(({ group, name }) => [group, name]), [
    ["@std", "cli"],
    ["@zip.js", "zip.js"],
    [undefined, "decimal.js"],
  ]);
});

Deno.test("billOf() of this program names every package that deno.json imports, except test packages", () => {
  const read = (name: string) => Deno.readTextFileSync(new URL(`../../${name}`, import.meta.url));
  const { imports, version } = JSON.parse(read("deno.json"));
  const found = billOf("penstock", version, read("deno.lock")).components.map(({ group, name }) =>
    group === undefined ? name : `${group}/${name}`
  );
  for (const [name, from] of Object.entries<string>(imports)) {
    if (!from.startsWith("npm:") || name === "fast-check") continue;
    assertEquals(found.includes(name), true, name);
  }
  assertEquals(found.includes("fast-check"), false);
});
