// @ts-types="./prompt_secret.d.ts"
export { promptSecret } from "deno-std/cli/prompt_secret.js";
export type { PromptSecretOptions } from "./prompt_secret.d.ts";
