/** Drops permissions as requested, in its own process, and prints which remain. */
import { dropPermissions, lockedExchange, type Needs } from "../../src/feeds/process/permissions.ts";

/** The task of a probe; `null` drops nothing. */
export interface Probe {
  readonly needs: Needs | null;
  readonly paths: readonly string[];
  /** The permissions to query afterwards. */
  readonly questions: readonly Deno.PermissionDescriptor[];
}

/** The result of a probe. */
export interface Probed {
  readonly printed: string;
  readonly locked: string | null;
  /** Whether each is granted, in the order of the queries. */
  readonly granted: readonly boolean[];
}

if (import.meta.main) {
  const { needs, paths, questions }: Probe = JSON.parse(Deno.args[0]!);
  const locked = lockedExchange();
  const printed = needs === null ? "" : await dropPermissions(needs, paths);
  const granted = questions.map((question) => Deno.permissions.querySync(question).state === "granted");
  console.log(JSON.stringify({ printed, locked, granted } satisfies Probed));
}
