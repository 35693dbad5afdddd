/**
 * Preloaded into a program whose memory a test watches for growth, with V8's collector exposed. It collects garbage
 * every second, so only what the program keeps is left. V8's own collections depend on how busy the machine is.
 */
const COLLECT_EVERY_MS = 1_000;
const { gc } = globalThis as unknown as { readonly gc: () => void };

Deno.unrefTimer(setInterval(gc, COLLECT_EVERY_MS));
