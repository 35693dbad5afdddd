/**
 * The parts of AssemblyScript that the sources here use, for Deno's type check, in which every number is a double. The
 * compiler checks the real types when it builds the modules.
 */
declare type u8 = number;
declare type u16 = number;
declare type u32 = number;
declare type i32 = number;
declare type u64 = number;
declare type i64 = number;
declare type f64 = number;
declare type usize = number;
/** Reads from memory, little endian. */
declare function load<T>(at: usize, offset?: usize): T;
declare function store<T>(at: usize, value: T, offset?: usize): void;
/** The number of zero bits before the first one bit, and after the last. */
declare function clz<T>(value: T): T;
declare function ctz<T>(value: T): T;
/** How many of the bits are one. */
declare function popcnt<T>(value: T): T;
/** The address of these numbers, which are in memory from the start. */
declare namespace memory {
  function data<T>(values: readonly T[]): usize;
}
