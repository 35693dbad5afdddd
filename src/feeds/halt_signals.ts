/** The kill switch: what the person tells a run from outside. */
import type { OnHalt } from "../domain/halt.ts";

/** Halts at SIGUSR1, and flattens at SIGUSR2, as long as it is in scope; Windows has neither. */
export function onHaltSignals(halt: (action: OnHalt) => void): Disposable {
  const signals = Deno.build.os === "windows" ? [] : [
    { name: "SIGUSR1", listen: () => halt("hold") },
    { name: "SIGUSR2", listen: () => halt("flatten") },
  ] as const;
  for (const { name, listen } of signals) Deno.addSignalListener(name, listen);
  return {
    [Symbol.dispose]: () => {
      for (const { name, listen } of signals) Deno.removeSignalListener(name, listen);
    },
  };
}
