/** Alarms through a Discord webhook. Source: docs.discord.com, "Execute Webhook" and "Rate Limits". */
import type { ChannelAddress } from "../../domain/alarms/service_address.ts";
import type { Secret } from "../../domain/alarms/secret.ts";
import type { Alarm } from "./alarm.ts";
import { type Channel, secondsIn, type ServiceAnswer, type ServiceRequest, textIn } from "./channel.ts";

/** The most characters of a message. */
const LONGEST = 2_000;
/** Links get no preview. */
const SUPPRESS_EMBEDS = 1 << 2;
/** Characters with a meaning in Discord's Markdown, anywhere in a line or at its start. */
const MARKS = /[\\`*_~|<>#@:()[\]-]/g;

/**
 * Sends text without mentions, previews and markup. `wait=true` makes the answer show whether the message was kept.
 * Discord has no idempotency keys for webhooks, so the last line of the message is the alarm's key.
 */
export class DiscordChannel implements Channel {
  readonly name: string;
  readonly leastGapMs = 500;
  readonly #address: ChannelAddress;
  readonly #token: Secret;
  readonly #agent: string;

  constructor(address: ChannelAddress, token: Secret, agent: string) {
    this.name = `discord at ${address.host}`;
    this.#address = address;
    this.#token = token;
    this.#agent = agent;
  }

  request({ key, title, text }: Alarm): ServiceRequest {
    const { origin, recipient } = this.#address;
    const end = `\n\n\`${key}\``;
    const content = `**${unmarked(title)}**\n${unmarked(text)}`;
    const body = {
      content: `${cut(content, LONGEST - end.length)}${end}`,
      allowed_mentions: { parse: [] },
      flags: SUPPRESS_EMBEDS,
    };
    return {
      method: "POST",
      url: `${origin}/api/webhooks/${recipient}/${this.#token.reveal()}?wait=true`,
      headers: { "Content-Type": "application/json", "User-Agent": this.#agent },
      body: JSON.stringify(body),
    };
  }

  isTaken({ json }: ServiceAnswer): boolean {
    return textIn(json, "id") !== null;
  }

  explanation(json: unknown): string | null {
    return textIn(json, "message");
  }

  waitMs({ status, headers, json }: ServiceAnswer): number {
    if (status === 429) return secondsIn(json, "retry_after");
    // This message was accepted, but used up the rate limit.
    if (headers.get("x-ratelimit-remaining") !== "0") return 0;
    return secondsIn({ after: Number(headers.get("x-ratelimit-reset-after")) }, "after");
  }
}

/** Escapes every character that Markdown would interpret. */
function unmarked(text: string): string {
  return text.replace(MARKS, "\\$&");
}

/** The first `most` characters, without half of an escape at the end. */
function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/\\*$/, "").toWellFormed()}…`;
}
