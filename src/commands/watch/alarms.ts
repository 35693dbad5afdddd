/** The alarms and the dead man's switch of `penstock watch`. */
import { alarmChoiceIn } from "../../domain/alarms/alarm_choice.ts";
import { type Secret, withoutToken } from "../../domain/alarms/secret.ts";
import {
  type ChannelAddress,
  channelsIn,
  type PingAddress,
  pingIn,
} from "../../domain/alarms/service_address.ts";
import { tokensIn, UnusableTokens } from "../../domain/alarms/token_lines.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import { alarmAdvice, grantAdvice } from "../../domain/process/permission_advice.ts";
import type { FollowedMoment } from "../../domain/run/followed_moment.ts";
import { hostOf } from "../../exchanges/hosts.ts";
import { readSmallFile } from "../../feeds/files/small_file.ts";
import { pause } from "../../feeds/live/alarm.ts";
import { mayReach } from "../../feeds/process/permissions.ts";
import { AlarmMemory } from "../../stores/alarms/alarm_memory.ts";
import { filesOf } from "../../stores/files/whole_file.ts";
import {
  AlarmSender,
  DEFAULT_TIMING,
  type Report,
  type SenderTiming,
} from "../../views/alarms/alarm_sender.ts";
import { channelAt, tokenFlaw } from "../../views/alarms/known_channels.ts";
import { Pinger } from "../../views/alarms/pinger.ts";
import { healthAnswer } from "../../views/page/health.ts";
import { AlarmDelivery } from "./alarm_delivery.ts";
import { duePolls, type PollOptions } from "./due_polls.ts";
import { SharedStores } from "./shared_stores.ts";

/** The options for alarms, and the journals that they are about. */
export interface AlarmsOptions {
  /** Addresses separated by spaces; null for no alarms. */
  readonly notify: string | null;
  readonly notifyOn: string;
  /** The file of tokens; null for none. */
  readonly notifyTokens: string | null;
  readonly notifyMemory: string;
  /** An address and a duration; null for no dead man's switch. */
  readonly ping: string | null;
  /** The journals that are watched, by path. */
  readonly journals: readonly string[];
  /** The version of Penstock. */
  readonly version: string;
  readonly report: Report;
  readonly timing?: SenderTiming;
  /** How often to check whether an alarm is due, ms. Default: 1 s. */
  readonly pollMs?: number;
  /** The same for a journal whose store sends notices of changes, ms. Default: 5 s. */
  readonly notifiedMs?: number;
}

const POLL_MS = 1_000;
const NOTIFIED_MS = 5_000;
const MOST_TOKEN_BYTES = 64 * 1024;
/** The permission bits of a file that are not its owner's. */
const OTHERS = 0o077;

/** The parts that do the work. */
interface Working {
  readonly pinger: Pinger | null;
  readonly memory: AlarmMemory | null;
  readonly services: readonly Service[];
}

/** One service: its deliveries, one for each journal, and the stores that they read. */
interface Service {
  readonly deliveries: readonly AlarmDelivery[];
  readonly stores: SharedStores;
}

/** Sends alarms and pings until it is disposed. `watch` never waits for it. */
export class Alarms implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #pinger: Pinger | null;
  /** By journal: whether its run was healthy at the last poll. False before the first poll. */
  readonly #isHealthy: boolean[];
  readonly #work: Promise<void>;
  /** The permissions that alarms need: hosts to reach, as `host:port`, and files to write. */
  readonly hosts: readonly string[];
  readonly files: readonly string[];

  /**
   * Starts sending. Throws a ConfigError if an address, a token or a permission is missing, and an AlarmMemoryError if
   * the memory cannot be used.
   */
  static async start(options: AlarmsOptions): Promise<Alarms> {
    const { notify, ping, notifyOn, notifyMemory, journals, version, report } = options;
    const timing = options.timing ?? { ...DEFAULT_TIMING, pause };
    const addresses = notify === null ? [] : channelsIn(notify);
    const pinged = ping === null ? null : pingIn(ping);
    const tokens = await tokensOf(options, addressesIn(options));
    checkReach(options);
    const agent = `penstock/${version}`;
    const pinger = pinged === null
      ? null
      : new Pinger({ address: pinged, token: tokens.get(pinged.text) ?? null, agent, report, timing });
    if (addresses.length === 0) {
      return new Alarms({ pinger, memory: null, services: [] }, options);
    }
    const choice = alarmChoiceIn(notifyOn);
    if (typeof choice === "string") {
      throw new ConfigError([`--notify-on is "${notifyOn}": expected ${choice}`]);
    }
    const memory = AlarmMemory.open(notifyMemory);
    try {
      const services: Service[] = [];
      for (const [at, address] of addresses.entries()) {
        const token = tokens.get(address.text) ?? null;
        const channel = channelAt(address, token, agent);
        const alike = addresses.filter(({ host, service }) =>
          host === address.host && service === address.service
        );
        const name = alike.length === 1 ? channel.name : `${channel.name} (address ${at + 1})`;
        const sender = new AlarmSender({ channel, name, token, report, timing });
        const shared = { address: address.text, name, choice, sender, memory, report };
        const deliveries: AlarmDelivery[] = [];
        const stores = new SharedStores();
        for (const journal of journals) {
          const store = await stores.of(journal);
          deliveries.push(await AlarmDelivery.open({ ...shared, journal, store, memoryPath: notifyMemory }));
        }
        services.push({ deliveries, stores });
      }
      return new Alarms({ pinger, memory, services }, options);
    } catch (error) {
      memory[Symbol.dispose]();
      throw error;
    }
  }

  private constructor({ pinger, memory, services }: Working, options: AlarmsOptions) {
    const { journals, notifyMemory, pollMs = POLL_MS, notifiedMs = NOTIFIED_MS } = options;
    const polls = { paths: journals, pollMs, notifiedMs };
    this.#pinger = pinger;
    this.#isHealthy = journals.map(() => false);
    this.hosts = hostsIn(options);
    this.files = memory === null ? [] : filesOf(notifyMemory);
    const { signal } = this.#stop;
    const works = [...services.map((service) => deliver(service, polls, signal)), pinger?.run(signal)];
    this.#work = this.#all(works).finally(() => memory?.[Symbol.dispose]());
    // The failure is thrown on disposal.
    this.#work.catch(() => {});
  }

  /** Aborted on a failure that no retry can fix; the error is thrown on disposal. */
  get failed(): AbortSignal {
    return this.#stop.signal;
  }

  /**
   * Takes the result of a poll of the journal with this index. The switch is pinged only while every run is healthy.
   */
  polled(index: number, { problem, status }: FollowedMoment): void {
    this.#isHealthy[index] = healthAnswer([{ problem, status }]).status === 200;
    this.#pinger?.polled(this.#isHealthy.every((isHealthy) => isHealthy));
  }

  /**
   * Stops, and saves how far each service has got. An alarm that was being sent is sent again after the next start,
   * unless the service confirms it within the grace time.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#work;
  }

  /** Waits for all tasks. The first that fails stops the others, and its error is thrown. */
  async #all(works: readonly (Promise<void> | undefined)[]): Promise<void> {
    const ended = await Promise.allSettled(works.map(async (work) => {
      try {
        await work;
      } catch (error) {
        this.#stop.abort();
        throw error;
      }
    }));
    for (const one of ended) if (one.status === "rejected") throw one.reason;
  }
}

/** Delivers the alarms of all journals to one service until `signal` is aborted. */
async function deliver(
  { deliveries, stores }: Service,
  polls: PollOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const index of duePolls(polls, signal)) {
      if (!await deliveries[index]!.step(signal)) return;
    }
  } finally {
    for (const delivery of deliveries) await delivery[Symbol.asyncDispose]();
    await stores[Symbol.asyncDispose]();
  }
}

/** Returns the tokens by address. Throws a ConfigError, which repeats no token, if one is missing or unusable. */
async function tokensOf(
  { notifyTokens: path, report }: AlarmsOptions,
  addresses: readonly Address[],
): Promise<ReadonlyMap<string, Secret>> {
  const byAddress = path === null ? new Map<string, Secret>() : await readTokens(path, addresses, report);
  const mistakes = addresses.flatMap((address, at) => {
    const flaw = tokenFlaw(address, byAddress.get(address.text) ?? null);
    const which = "everyMs" in address ? "--ping" : `--notify, address ${at + 1} (${address.host})`;
    const advice = path === null ? ": name the file that holds it with --notify-tokens" : `, see ${path}`;
    return flaw === null ? [] : [`${which}: ${flaw}${advice}`];
  });
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return byAddress;
}

async function readTokens(
  path: string,
  addresses: readonly Address[],
  report: Report,
): Promise<ReadonlyMap<string, Secret>> {
  try {
    const text = await readSmallFile(path, MOST_TOKEN_BYTES);
    const { mode } = await Deno.stat(path);
    if (mode !== null && (mode & OTHERS) !== 0) {
      report(
        "warn",
        `${path} holds tokens, but users other than its owner can use it: run chmod 600 ${path}`,
      );
    }
    const { byAddress, unused } = tokensIn(text, addresses);
    for (const line of unused) {
      report(
        "warn",
        `line ${line} of ${path} has an address that neither --notify nor --ping has: it is not used`,
      );
    }
    return byAddress;
  } catch (error) {
    const shown = withoutToken(path);
    const trouble = shown === path
      ? tokenTrouble(path, error)
      : "expected the name of a file that holds the token";
    throw new ConfigError([`--notify-tokens ${shown}: ${trouble}`]);
  }
}

function tokenTrouble(path: string, error: unknown): string {
  if (error instanceof UnusableTokens) return error.message;
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.NotCapable) {
    return `no permission to read it: ${grantAdvice({ read: path }, Deno.build.standalone)}`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** Throws a ConfigError if this program may not reach one of the services, before an alarm depends on it. */
function checkReach(options: AlarmsOptions): void {
  const beyond = hostsIn(options).filter((host) => !mayReach(host));
  if (beyond.length === 0) return;
  throw new ConfigError(
    beyond.map((host) => `no permission to reach ${host}: ${alarmAdvice(host, Deno.build.standalone)}`),
  );
}

/** As `host:port`. */
function hostsIn(options: AlarmsOptions): string[] {
  return [...new Set(addressesIn(options).map(({ origin }) => hostOf(origin)))];
}

type Address = ChannelAddress | PingAddress;

function addressesIn({ notify, ping }: Pick<AlarmsOptions, "notify" | "ping">): Address[] {
  return [...(notify === null ? [] : channelsIn(notify)), ...(ping === null ? [] : [pingIn(ping)])];
}
