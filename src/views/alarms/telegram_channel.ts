/** Alarms through a Telegram bot. Source: core.telegram.org/bots/api, "sendMessage" and "ResponseParameters". */
import type { ChannelAddress } from "../../domain/alarms/service_address.ts";
import type { Secret } from "../../domain/alarms/secret.ts";
import type { Alarm } from "./alarm.ts";
import {
  type Channel,
  objectIn,
  secondsIn,
  type ServiceAnswer,
  type ServiceRequest,
  textIn,
} from "./channel.ts";

/** One message a second to a person, 20 a minute to a group or a channel (core.telegram.org/bots/faq). */
const PERSON_GAP_MS = 1_000;
const GROUP_GAP_MS = 3_000;

/**
 * Sends plain text, so Telegram interprets nothing in it as markup. Telegram has no idempotency keys, so the last line
 * of the message is the alarm's key. The bot's token is in the path, as Telegram requires.
 */
export class TelegramChannel implements Channel {
  readonly name: string;
  readonly leastGapMs: number;
  readonly #address: ChannelAddress;
  readonly #token: Secret;
  readonly #agent: string;

  constructor(address: ChannelAddress, token: Secret, agent: string) {
    this.name = `telegram at ${address.host}`;
    this.leastGapMs = /^\d/.test(address.recipient) ? PERSON_GAP_MS : GROUP_GAP_MS;
    this.#address = address;
    this.#token = token;
    this.#agent = agent;
  }

  request({ key, urgency, title, text }: Alarm): ServiceRequest {
    const { origin, recipient } = this.#address;
    const body = {
      chat_id: recipient,
      text: `${title}\n\n${text}\n\n${key}`,
      disable_notification: urgency === "usual",
      link_preview_options: { is_disabled: true },
    };
    return {
      method: "POST",
      url: `${origin}/bot${this.#token.reveal()}/sendMessage`,
      headers: { "Content-Type": "application/json", "User-Agent": this.#agent },
      body: JSON.stringify(body),
    };
  }

  isTaken({ json }: ServiceAnswer): boolean {
    return objectIn(json)["ok"] === true;
  }

  explanation(json: unknown): string | null {
    return textIn(json, "description");
  }

  waitMs({ json }: ServiceAnswer): number {
    return secondsIn(objectIn(json)["parameters"], "retry_after");
  }
}
