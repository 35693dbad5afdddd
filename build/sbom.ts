/**
 * `deno task sbom` prints the program's bill of materials in CycloneDX 1.6: the packages in deno.lock that are built
 * in, with their checksums.
 *
 * @module
 */

/** The parts of deno.lock that are read. */
interface Lock {
  readonly npm?: Readonly<Record<string, { readonly integrity: string }>>;
  readonly jsr?: Readonly<Record<string, { readonly integrity: string }>>;
}

/** One package of the bill. */
export interface Component {
  readonly type: "library";
  readonly "bom-ref": string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes: readonly { readonly alg: "SHA-512" | "SHA-256"; readonly content: string }[];
}

/** A CycloneDX document. */
export interface Bill {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly version: 1;
  readonly metadata: { readonly component: Readonly<Record<string, unknown>> };
  readonly components: readonly Component[];
}

/** Packages that only tests use: they are not in the program. */
const ONLY_TESTS = ["fast-check", "pure-rand", "@std/assert", "@std/internal"];

/** The bill of `name` at `version`, from the text of its lock file. */
export function billOf(name: string, version: string, lock: string): Bill {
  const { npm = {}, jsr = {} } = JSON.parse(lock) as Lock;
  const components = [
    ...Object.entries(npm).map(([key, { integrity }]) => component("npm", key, integrity)),
    ...Object.entries(jsr).map(([key, { integrity }]) => component("jsr", key, integrity)),
  ].filter(({ group, name }) => !ONLY_TESTS.includes(group === undefined ? name : `${group}/${name}`));
  const purl = `pkg:generic/${name}@${version}`;
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": purl,
        name,
        version,
        purl,
        licenses: [{ license: { id: "MIT" } }],
      },
    },
    components: components.sort((a, b) => a.purl < b.purl ? -1 : 1),
  };
}

function component(from: "npm" | "jsr", key: string, integrity: string): Component {
  const at = key.lastIndexOf("@");
  // The packages that it was resolved with follow an underscore.
  const version = key.slice(at + 1).replace(/_.*$/, "");
  const whole = key.slice(0, at);
  const [, group, name = whole] = /^(@[^/]+)\/(.+)$/.exec(whole) ?? [];
  const path = `${group === undefined ? "" : `${encodeURIComponent(group)}/`}${name}@${version}`;
  const purl = from === "npm" ? `pkg:npm/${path}` : `pkg:generic/${path}?repository_url=https://jsr.io`;
  return {
    type: "library",
    "bom-ref": purl,
    ...(group === undefined ? {} : { group }),
    name,
    version,
    purl,
    hashes: [hashOf(integrity)],
  };
}

/** npm gives `sha512-` and base64, JSR gives SHA-256 in hexadecimal. */
function hashOf(integrity: string): Component["hashes"][number] {
  return integrity.startsWith("sha512-")
    ? { alg: "SHA-512", content: Uint8Array.fromBase64(integrity.slice("sha512-".length)).toHex() }
    : { alg: "SHA-256", content: integrity };
}

if (import.meta.main) {
  const read = (name: string) => Deno.readTextFileSync(new URL(`../${name}`, import.meta.url));
  const { version } = JSON.parse(read("deno.json"));
  console.log(JSON.stringify(billOf("penstock", version, read("deno.lock")), null, 2));
}
