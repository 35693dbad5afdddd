/**
 * Denies a user-defined strategy clocks, random numbers and I/O while it runs, however it tries to access them. The
 * rest of the program still has them.
 */
import { STRATEGY_CALL } from "../../stages/strategies/own_strategy.ts";

let isInstalled = false;

/** Functions of the global scope that it may not call. */
const FUNCTIONS = [
  ...["fetch", "setTimeout", "setInterval", "setImmediate", "queueMicrotask"],
  ...["prompt", "alert", "confirm"],
] as const;
/** Objects and classes of the global scope that it may not touch. */
const OBJECTS = [
  ...["Deno", "process", "console", "crypto", "performance", "localStorage", "sessionStorage", "caches"],
  ...["navigator", "WebSocket", "WebSocketStream", "EventSource", "Worker", "BroadcastChannel", "Temporal"],
] as const;

/** Installs the guard, once per process. */
export function guardStrategies(): void {
  if (isInstalled) return;
  isInstalled = true;
  const scope = globalThis as unknown as Record<string, unknown>;
  for (const name of FUNCTIONS) {
    const real = scope[name];
    if (typeof real !== "function") continue;
    replace(scope, name, guarded(name, real as (...args: unknown[]) => unknown));
  }
  for (const name of OBJECTS) {
    const before = Object.getOwnPropertyDescriptor(scope, name);
    if (before?.configurable !== true) continue;
    Object.defineProperty(scope, name, {
      configurable: true,
      enumerable: before.enumerable ?? false,
      get: () => {
        refuse(name);
        return before.get === undefined ? before.value : before.get.call(scope);
      },
      // Tests and libraries may replace it with their own.
      set: (value: unknown) => Object.defineProperty(scope, name, { ...before, ...valueOf(before, value) }),
    });
  }
  Math.random = guarded("Math.random", Math.random);
  const RealDate = Date;
  RealDate.now = guarded("Date.now", RealDate.now);
  scope["Date"] = new Proxy(RealDate, {
    construct(target, args, newTarget) {
      if (args.length === 0) refuse("new Date()");
      return Reflect.construct(target, args, newTarget);
    },
    apply(target, self, args) {
      refuse("Date()");
      return Reflect.apply(target, self, args);
    },
  });
}

function valueOf(before: PropertyDescriptor, value: unknown): PropertyDescriptor {
  return before.get === undefined ? { value } : { get: () => value };
}

function replace(scope: Record<string, unknown>, name: string, value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(scope, name);
  if (before?.configurable === true) {
    Object.defineProperty(scope, name, { ...before, ...valueOf(before, value) });
  }
}

function guarded<F extends (...args: never[]) => unknown>(name: string, real: F): F {
  return function (this: unknown, ...args: never[]): unknown {
    refuse(name);
    return Reflect.apply(real, this, args);
  } as unknown as F;
}

function refuse(name: string): void {
  if (!STRATEGY_CALL.isActive) return;
  throw new Error(
    `a strategy may not use ${name}: it has its bars and options, but no clock, random numbers or I/O`,
  );
}
