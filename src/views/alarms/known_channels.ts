/** Which channel a service has, and what its token looks like. */
import {
  type ChannelAddress,
  isPrivate,
  type Service,
  type WebAddress,
} from "../../domain/alarms/service_address.ts";
import type { Secret } from "../../domain/alarms/secret.ts";
import type { Channel } from "./channel.ts";
import { DiscordChannel } from "./discord_channel.ts";
import { NtfyChannel } from "./ntfy_channel.ts";
import { TelegramChannel } from "./telegram_channel.ts";
import { WebhookChannel } from "./webhook_channel.ts";

/** The form of each service's token, and its description for messages. */
const TOKENS: Readonly<Record<Service, readonly [RegExp, string]>> = {
  webhook: [/^[\x21-\x7e]{1,1000}$/, "1 to 1000 ASCII characters without spaces"],
  ntfy: [/^[\x21-\x7e]{1,1000}$/, "1 to 1000 ASCII characters without spaces"],
  telegram: [/^\d{1,20}:[\w-]{20,100}$/, "a number, a colon, and letters, digits, - and _"],
  discord: [/^[\w-]{20,200}$/, "letters, digits, - and _"],
};
/** A token that is part of an address. */
const IN_ADDRESS = /^[\w.~!$&'()*+,;=:@/%-]{1,1000}$/;

/** The channel at `address`, whose token must have no flaw; `agent` names this program to the service. */
export function channelAt(address: ChannelAddress, token: Secret | null, agent: string): Channel {
  const { service } = address;
  if (token !== null && service === "telegram") return new TelegramChannel(address, token, agent);
  if (token !== null && service === "discord") return new DiscordChannel(address, token, agent);
  return service === "ntfy"
    ? new NtfyChannel(address, token, agent)
    : new WebhookChannel(address, token, agent);
}

/** Why `token` cannot be used with `address`, as a clause that does not contain the token; null if it can. */
export function tokenFlaw(
  address: WebAddress & { readonly needsToken: boolean; readonly service?: Service },
  token: Secret | null,
): string | null {
  if (token === null) return address.needsToken ? "it needs a token" : null;
  if (!isPrivate(address)) {
    return "a token is sent only over https or within this machine: anyone on the way could read it";
  }
  const { service = "webhook" } = address;
  const isInAddress = address.needsToken && (service === "webhook" || service === "ntfy");
  const [form, words] = isInAddress
    ? [IN_ADDRESS, "characters that an address may hold"] as const
    : TOKENS[service];
  return form.test(token.reveal()) ? null : `its token does not have the expected form: ${words}`;
}
