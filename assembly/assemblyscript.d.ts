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
declare function abs<T>(value: T): T;

/** 16 bytes, as lanes of one size. */
declare interface v128 {
  readonly bytes: 16;
}
declare namespace v128 {
  function load(at: usize, offset?: usize): v128;
  function store(at: usize, value: v128, offset?: usize): void;
  function or(left: v128, right: v128): v128;
  function xor(left: v128, right: v128): v128;
  function and(left: v128, right: v128): v128;
  /** Whether any bit is one. */
  function any_true(value: v128): boolean;
}
declare namespace i8x16 {
  function splat(value: number): v128;
  function eq(left: v128, right: v128): v128;
  function le_u(left: v128, right: v128): v128;
  /** The difference, or 0 if it is below 0. */
  function sub_sat_u(left: v128, right: v128): v128;
  /** The highest bit of each lane. */
  function bitmask(value: v128): i32;
  /** The lanes with these numbers; 0 for a number above 15. */
  function swizzle(value: v128, lanes: v128): v128;
  /** Lanes of the left, 0 to 15, and of the right, 16 to 31. */
  function shuffle(left: v128, right: v128, ...lanes: number[]): v128;
}
declare namespace i16x8 {
  function add(left: v128, right: v128): v128;
  function mul(left: v128, right: v128): v128;
  function shr_u(value: v128, bits: i32): v128;
  function narrow_i32x4_u(left: v128, right: v128): v128;
}
declare namespace i32x4 {
  function splat(value: i32): v128;
  function extract_lane(value: v128, lane: u8): i32;
  function replace_lane(value: v128, lane: u8, changed: i32): v128;
  /** The sums of two products each. */
  function dot_i16x8_s(left: v128, right: v128): v128;
}
declare namespace f64x2 {
  function add(left: v128, right: v128): v128;
  function extract_lane(value: v128, lane: u8): f64;
  function convert_low_i32x4_s(value: v128): v128;
}
