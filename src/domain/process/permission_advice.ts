/** What the user can do about a missing permission: give a flag, or use another build. */

import { PUBLIC_HOSTS } from "../alarms/service_address.ts";

/** What is missing: hosts as `host:port`, paths as they were named. */
export interface MissingGrants {
  readonly net?: string;
  readonly read?: string;
  readonly write?: string;
}

/** Deno gives these only to a program that may do everything. */
const OF_THE_SYSTEM = /^\/(dev|proc|sys)\//;
const WHERE = "before main.ts, or in deno.json";
const FROM_SOURCES = "run Penstock from its sources with Deno";

/**
 * What to do, as the end of a sentence. A compiled program (`isCompiled`, Deno.build.standalone) takes no
 * flags: its permissions were fixed when it was built.
 *
 * @example
 * ```ts
 * import { grantAdvice } from "./permission_advice.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(
 *   grantAdvice({ read: "/srv/a.csv" }, false),
 *   "allow it with --allow-read=/srv/a.csv before main.ts, or in deno.json",
 * );
 * assertEquals(
 *   grantAdvice({ read: "/srv/a.csv" }, true),
 *   "this program was built to use only ./data: put the file there, " +
 *     "or run Penstock from its sources with Deno",
 * );
 * ```
 */
export function grantAdvice(missing: MissingGrants, isCompiled: boolean): string {
  const { net, read, write } = missing;
  if (isCompiled) {
    if (net === undefined) {
      return `this program was built to use only ./data: put the file there, or ${FROM_SOURCES}`;
    }
    return /^(127\.0\.0\.1|localhost|\[::1\])(:|$)/.test(net)
      ? `this program was built to reach only its exchange, not this machine: ${FROM_SOURCES}`
      : `this program was built for other hosts: build one for them with "deno task compile --exchange NAME", ` +
        `or ${FROM_SOURCES}`;
  }
  if ([read, write].some((path) => path !== undefined && OF_THE_SYSTEM.test(path))) {
    return `Deno gives devices only to a program that may do everything: allow it with --allow-all ${WHERE}`;
  }
  const flags = Object.entries({ net, read, write }).flatMap(([kind, what]) =>
    what === undefined ? [] : [`--allow-${kind}=${what}`]
  );
  return `allow it with ${flags.join(" ")} ${WHERE}`;
}

/** What to do if alarms may not be sent to `host` (`host:port`), as the end of a sentence. */
export function alarmAdvice(host: string, isCompiled: boolean): string {
  const build = `"deno task compile --notify-host ${host}"`;
  if (isCompiled) {
    return `this program was built for other hosts: build one with ${build}, or ${FROM_SOURCES}`;
  }
  return PUBLIC_HOSTS.includes(host)
    ? `use "deno task alarms" instead of "deno task watch"`
    : `build a program that may with ${build}, or add it to the hosts of "alarms" in deno.json and use ` +
      `"deno task alarms"`;
}

/** What to do if the memory of alarms may not be used, as the end of a sentence. */
export function memoryAdvice(missing: MissingGrants, isCompiled: boolean): string {
  const advice = grantAdvice(missing, isCompiled);
  return isCompiled ? advice : `use "deno task alarms" instead of "deno task watch", or ${advice}`;
}

/** What to do if a compiled program may not serve the live page, as the end of a sentence. */
export const WATCH_ADVICE =
  `this program was built to reach only its exchange, not this machine: build one that only watches with ` +
  `"deno task compile --watch", or ${FROM_SOURCES}`;

/** What is missing according to Deno's own message; null for any other message. */
export function missingIn(message: string): MissingGrants | null {
  const [, kind, what] = /^Requires (net|read|write|all) access to "([^"]+)"/.exec(message) ?? [];
  if (kind === undefined || what === undefined) return null;
  return kind === "all" ? { read: what } : { [kind]: what };
}

/** A clause with a capital letter, as a sentence starts. */
export function asSentence(clause: string): string {
  return clause.charAt(0).toUpperCase() + clause.slice(1);
}

/** What a program whose permissions were fixed when it was built cannot do. */
export interface BuildLimits {
  /** Commands that cannot run in it, each with what to do instead. */
  readonly missing: ReadonlyMap<string, string>;
  /** What it may use, as a sentence. */
  readonly reach: string;
}
