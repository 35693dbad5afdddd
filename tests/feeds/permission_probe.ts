/** Gives permissions up as told, in a process of its own, and says what it may still do. */
import { dropPermissions, lockedExchange, type Needs } from "../../src/feeds/process/permissions.ts";

/** What a probe is to do; `null` gives nothing up. */
export interface Probe {
  readonly needs: Needs | null;
  readonly paths: readonly string[];
  /** Asked afterwards. */
  readonly questions: readonly Deno.PermissionDescriptor[];
}

/** What it found. */
export interface Probed {
  readonly printed: string;
  readonly locked: string | null;
  /** Whether each is granted, in the order of the questions. */
  readonly granted: readonly boolean[];
}

if (import.meta.main) {
  const { needs, paths, questions }: Probe = JSON.parse(Deno.args[0]!);
  const locked = lockedExchange();
  const printed = needs === null ? "" : await dropPermissions(needs, paths);
  const granted = questions.map((question) => Deno.permissions.querySync(question).state === "granted");
  console.log(JSON.stringify({ printed, locked, granted } satisfies Probed));
}
