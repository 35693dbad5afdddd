/**
 * `assertEquals()` of @std/assert for large values. Its own comparison copies every object and takes half of the time
 * of a property test; this one looks first whether two values are the same in the plain way.
 */
import { assertEquals as assertEqualsInDetail, equal } from "@std/assert";

/** Like `assertEquals()` of @std/assert, in every answer and message, for values without cycles. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  if (!areSame(actual, expected)) assertEqualsInDetail(actual, expected, message);
}

/**
 * Whether two values are equal. It may say no to values that @std/assert calls equal, such as objects with and without
 * a prototype, and never yes to others.
 */
export function areSame(one: unknown, other: unknown): boolean {
  if (one === other || Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const prototype = Object.getPrototypeOf(one);
  if (prototype === null) return equal(one, other);
  if (Object.getPrototypeOf(other) !== prototype) return false;
  const [left, right] = [one as Record<PropertyKey, unknown>, other as Record<PropertyKey, unknown>];
  if (prototype !== Object.prototype && prototype !== Array.prototype) {
    const accessors = accessorsOf(prototype);
    if (accessors === null || hasHidden(one) || hasHidden(other)) return equal(one, other);
    if (!accessors.every((name) => areSame(left[name], right[name]))) return false;
  }
  if (Object.getOwnPropertySymbols(one).length + Object.getOwnPropertySymbols(other).length > 0) return false;
  const keys = Object.keys(one);
  const others = Object.keys(other);
  if (others.length !== keys.length) return false;
  if (prototype === Array.prototype && (one as unknown[]).length !== (other as unknown[]).length) {
    return false;
  }
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    // Most objects were made in the same way and have their keys in the same order.
    if (key !== others[i] && !Object.hasOwn(right, key)) return false;
    if (left[key] !== right[key] && !areSame(left[key], right[key])) return false;
  }
  return true;
}

const known = new Map<object, readonly PropertyKey[] | null>();

/**
 * The names of the accessors of a prototype, which @std/assert compares like properties; null if its objects are more
 * than what they show, as a Map is, and must be left to it.
 */
function accessorsOf(prototype: object): readonly PropertyKey[] | null {
  const before = known.get(prototype);
  if (before !== undefined) return before;
  const names: PropertyKey[] = [];
  let accessors: readonly PropertyKey[] | null = names;
  for (let at = prototype; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    if (!isOrdinary(at)) {
      accessors = null;
      break;
    }
    for (const name of Reflect.ownKeys(at)) {
      if (Object.getOwnPropertyDescriptor(at, name)!.get !== undefined) names.push(name);
    }
  }
  known.set(prototype, accessors);
  return accessors;
}

/** Whether a prototype is that of a class or function written in TypeScript or JavaScript. */
function isOrdinary(prototype: object | null): boolean {
  return typeof prototype?.constructor === "function" &&
    !/\[native code\]/.test(Function.prototype.toString.call(prototype.constructor));
}

/** Whether an object has properties of its own that are not enumerable. */
function hasHidden(value: object): boolean {
  return Object.getOwnPropertyNames(value).length !== Object.keys(value).length;
}
