/** The addresses of services that alarms are sent to, as `--notify` and `--ping` take them. */
import { millisecondsIn } from "../numbers/duration.ts";

/** Where the token goes in an address; the token itself is in a file. */
export const TOKEN = "{token}";

/** The services whose APIs Penstock knows; a webhook takes Penstock's own JSON. */
export type Service = "webhook" | "ntfy" | "telegram" | "discord";

/** Where a service is reached, without its token. */
export interface WebAddress {
  /** As the user wrote it. */
  readonly text: string;
  /** `https://ntfy.sh`. */
  readonly origin: string;
  /** Host and port, for people: `ntfy.sh`. */
  readonly host: string;
  /** Path and query; with `{token}` where the token goes, if it goes there. */
  readonly path: string;
}

/** One channel of alarms. */
export interface ChannelAddress extends WebAddress {
  readonly service: Service;
  /** An ntfy topic, a Telegram chat or the number of a Discord webhook; empty for any other webhook. */
  readonly recipient: string;
  readonly needsToken: boolean;
}

/** A dead man's switch. */
export interface PingAddress extends WebAddress {
  readonly needsToken: boolean;
  readonly everyMs: number;
}

/** A text that is not an address of this kind. The message does not repeat the text, which may contain a token. */
export class UnusableAddress extends Error {
  override readonly name = "UnusableAddress";
}

/** The most characters in an address. */
const LONGEST = 2_000;
/** The most channels. */
const MOST_CHANNELS = 20;
const SERVICE = /^(ntfy|telegram|discord)(?:\+(https?))?:\/\/(.+)$/;
/** As ntfy checks it. */
const TOPIC = /^[-_A-Za-z0-9]{1,64}$/;
/** A private chat or, below zero, a group or a channel; or the public name of a channel. */
const CHAT = /^(-?\d{1,19}|@[A-Za-z]\w{3,31})$/;
const WEBHOOK_NUMBER = /^\d{1,20}$/;
const DISCORD_HOSTS = ["discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"];
const HOMES: Readonly<Record<string, string>> = { telegram: "api.telegram.org", discord: "discord.com" };
/** The hosts of public services, as `host:port`: all that `deno task alarms` may reach besides this machine. */
export const PUBLIC_HOSTS: readonly string[] = [
  "ntfy.sh:443",
  "api.telegram.org:443",
  "discord.com:443",
  "hc-ping.com:443",
];
/** Stands for the token while an address is parsed: parsing changes none of these letters. */
const STAND_IN = "penstocktokenstandsin";

const FORMS = "expected https://HOST/PATH, ntfy://HOST/TOPIC, telegram://CHAT or discord://WEBHOOK";
const PING_FORM = "expected an address and a duration from 10s to 24h, such as https://HOST/PATH 1m";
const ELSEWHERE = "the token belongs in the file of --notify-tokens";

/**
 * Returns the channels in a text, separated by spaces. Throws an UnusableAddress for any that cannot be used.
 *
 * @example
 * ```ts
 * import { channelsIn } from "./service_address.ts";
 * import { assertEquals } from "@std/assert";
 * const [phone] = channelsIn("ntfy://ntfy.example.com/alarms");
 * assertEquals([phone!.service, phone!.origin, phone!.recipient], ["ntfy", "https://ntfy.example.com", "alarms"]);
 * ```
 */
export function channelsIn(text: string): ChannelAddress[] {
  const words = text.split(" ").filter((word) => word !== "");
  if (words.length === 0) throw new UnusableAddress(FORMS);
  if (words.length > MOST_CHANNELS) throw new UnusableAddress(`expected up to ${MOST_CHANNELS} addresses`);
  const channels = words.map(channelIn);
  for (const [at, { text: one }] of channels.entries()) {
    if (channels.some(({ text: other }, before) => before < at && other === one)) {
      throw new UnusableAddress("expected each address once");
    }
  }
  return channels;
}

/** One channel. Throws an UnusableAddress. */
export function channelIn(text: string): ChannelAddress {
  check(text);
  const [, service, scheme, rest = ""] = SERVICE.exec(text) ?? [];
  if (service === undefined) return webChannel(text);
  // Without a scheme, Telegram and Discord are at their own hosts.
  const home = scheme !== undefined ? null : HOMES[service];
  const url = `${scheme ?? "https"}://${home === null || home === undefined ? rest : `${home}/${rest}`}`;
  return recipientAt(service as Exclude<Service, "webhook">, webAddress(url, text));
}

/** A channel written as a web address: one that is known by its host, or a webhook. */
function webChannel(text: string): ChannelAddress {
  const address = webAddress(text, text);
  const { host, path } = address;
  if (host === "ntfy.sh") return recipientAt("ntfy", address);
  if (host === "api.telegram.org") {
    throw new UnusableAddress(`expected telegram://CHAT, with the number of the chat; ${ELSEWHERE}`);
  }
  if (DISCORD_HOSTS.includes(host)) {
    const [, number, token = TOKEN, more] =
      /^\/api\/(?:v\d+\/)?webhooks\/(\d{1,20})(?:\/([^/?]*))?(.*)$/.exec(path) ?? [];
    if (number === undefined || more !== "" || token !== TOKEN) {
      throw new UnusableAddress(
        `expected https://discord.com/api/webhooks/NUMBER and nothing after it: ${ELSEWHERE}`,
      );
    }
    return { ...address, service: "discord", path: "", recipient: number, needsToken: true };
  }
  return { ...address, service: "webhook", recipient: "", needsToken: path.includes(TOKEN) };
}

function recipientAt(service: Exclude<Service, "webhook">, address: WebAddress): ChannelAddress {
  const recipient = address.path.slice(1);
  const isTopic = TOPIC.test(recipient) || recipient === TOKEN;
  if (service === "ntfy" && !isTopic) {
    throw new UnusableAddress("expected ntfy://HOST/TOPIC, with a topic of 1 to 64 letters, digits, - and _");
  }
  if (service === "telegram" && !CHAT.test(recipient)) {
    throw new UnusableAddress(
      `expected telegram://CHAT, the number of a chat such as -1001234567890, or @NAME of a channel; ${ELSEWHERE}`,
    );
  }
  if (service === "discord" && !WEBHOOK_NUMBER.test(recipient)) {
    throw new UnusableAddress(`expected discord://NUMBER, the number in the webhook's address; ${ELSEWHERE}`);
  }
  const needsToken = service !== "ntfy" || recipient === TOKEN;
  return { ...address, service, path: "", recipient, needsToken };
}

const EVERY_MS = 60_000;
const LEAST_EVERY_MS = 10_000;
const MOST_EVERY_MS = 86_400_000;

/**
 * Reads a dead man's switch: an address, a space and an interval, `1m` if it is left out. Throws an
 * UnusableAddress.
 */
export function pingIn(text: string): PingAddress {
  const [url = "", every = null, more] = text.split(" ");
  const everyMs = every === null ? EVERY_MS : millisecondsIn(every);
  if (more !== undefined || everyMs === null || everyMs < LEAST_EVERY_MS || everyMs > MOST_EVERY_MS) {
    throw new UnusableAddress(PING_FORM);
  }
  check(url);
  if (!/^https?:/i.test(url)) throw new UnusableAddress(PING_FORM);
  const address = webAddress(url, url);
  return { ...address, needsToken: address.path.includes(TOKEN), everyMs };
}

/** The address in `url`; `text` is what the user wrote. */
function webAddress(url: string, text: string): WebAddress {
  const parts = URL.parse(url.replace(TOKEN, STAND_IN));
  if (parts === null || !/^https?:$/.test(parts.protocol) || parts.hostname === "") {
    throw new UnusableAddress(FORMS);
  }
  const { origin, host, pathname, search, hash } = parts;
  if (parts.username !== "" || parts.password !== "") {
    throw new UnusableAddress(`expected no name or password in an address: ${ELSEWHERE}`);
  }
  if (hash !== "" || url.includes("#")) throw new UnusableAddress("expected an address without a # part");
  if (host.includes(STAND_IN)) throw new UnusableAddress(`expected ${TOKEN} after the host`);
  return { text, origin, host, path: `${pathname}${search}`.replace(STAND_IN, TOKEN) };
}

/** Checks what every kind of address requires. */
function check(text: string): void {
  if (text === "") throw new UnusableAddress(FORMS);
  if (text.length > LONGEST) throw new UnusableAddress(`expected up to ${LONGEST} characters`);
  if (!/^[\x21-\x7e]+$/.test(text) || text.includes(STAND_IN)) {
    throw new UnusableAddress("expected ASCII without spaces; other characters are written as %XX");
  }
  if (text.split(TOKEN).length > 2) throw new UnusableAddress(`expected ${TOKEN} once`);
}

/** Whether requests to the address are encrypted or stay on this machine, so that they may carry a token. */
export function isPrivate({ origin }: WebAddress): boolean {
  const { protocol, hostname } = new URL(origin);
  return protocol === "https:" || /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/.test(hostname);
}
