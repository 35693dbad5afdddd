/**
 * What the sources here use of AssemblyScript, for Deno's type check, which takes every number for a double. The
 * types that count are checked when the modules are built.
 */
declare type u8 = number;
declare type u32 = number;
declare type i32 = number;
declare type u64 = number;
declare type i64 = number;
declare type f64 = number;
declare type usize = number;
/** Reads from memory, little endian. */
declare function load<T>(at: usize, offset?: usize): T;
declare function store<T>(at: usize, value: T, offset?: usize): void;
/** Zero bits before the first, and behind the last that is one. */
declare function clz<T>(value: T): T;
declare function ctz<T>(value: T): T;
/** Where these numbers stand in memory from the start. */
declare namespace memory {
  function data<T>(values: readonly T[]): usize;
}
