type BooleanType = boolean | string | undefined;
type StringType = string | undefined;
type Collectable = string | undefined;
type Negatable = string | undefined;
type Aliases<TArgNames = string, TAliasNames extends string = string> = Partial<
  Record<Extract<TArgNames, string>, TAliasNames | ReadonlyArray<TAliasNames>>
>;

/** `"a.b.c"` → `"a"`. */
type Head<TName> = TName extends `${infer H}.${string}` ? H : Extract<TName, string>;
/** `"a.b.c"` → `"b.c"`, for the names that begin with `THead` and a dot. */
type Rest<TName, THead extends string> = TName extends `${THead}.${infer R}` ? R : never;

type IsNever<T> = [T] extends [never] ? true : false;
type Without<T> = T extends undefined ? never : T;

/** What one argument holds by its kind alone, before defaults. */
type Kind<TName, TBooleans, TStrings, TCollect, TNegatable> =
  | (TName extends TCollect ? Array<Single<TName, TBooleans, TStrings>>
    : Single<TName, TBooleans, TStrings>)
  | (TName extends TNegatable ? (TName extends TBooleans ? never : false) : never);

type Single<TName, TBooleans, TStrings> = TName extends TStrings ? string
  : TName extends TBooleans ? boolean
  : unknown;

/** Defaults below `TName`, whether they were given dotted or as a nested object. */
type DefaultsBelow<TDefaults, TName extends string> =
  & { [K in keyof TDefaults as Rest<K, TName>]: TDefaults[K] }
  & (TName extends keyof TDefaults
    ? TDefaults[TName] extends Record<string, unknown> ? TDefaults[TName] : unknown
    : unknown);

type Leaf<TName extends string, TBooleans, TStrings, TCollect, TNegatable, TDefaults> = TName extends
  keyof TDefaults ? TName extends TBooleans | TStrings | TCollect ?
      | TDefaults[TName]
      | Kind<TName, TBooleans, TStrings, TCollect, TNegatable>
  : unknown
  : Kind<TName, TBooleans, TStrings, TCollect, TNegatable>;

type Node<TName extends string, TBooleans, TStrings, TCollect, TNegatable, TDefaults> =
  IsNever<Rest<TBooleans | TStrings | TCollect, TName>> extends true
    ? Leaf<TName, TBooleans, TStrings, TCollect, TNegatable, TDefaults>
    : Flat<
      Tree<
        Rest<TBooleans, TName>,
        Rest<TStrings, TName>,
        Rest<TCollect, TName>,
        Rest<TNegatable, TName>,
        DefaultsBelow<TDefaults, TName>
      >
    >;

/** Booleans, collected arguments and those with a default are always there; a string may be missing. */
type Tree<TBooleans, TStrings, TCollect, TNegatable, TDefaults> =
  & {
    [K in Head<TBooleans | TCollect | keyof TDefaults>]: Node<
      K,
      TBooleans,
      TStrings,
      TCollect,
      TNegatable,
      TDefaults
    >;
  }
  & {
    [K in Exclude<Head<TStrings>, Head<TBooleans | TCollect | keyof TDefaults>>]?: Node<
      K,
      TBooleans,
      TStrings,
      TCollect,
      TNegatable,
      TDefaults
    >;
  };

type AliasesOf<TName, TAliases> = TName extends keyof TAliases
  ? TAliases[TName] extends infer A ? A extends string ? (string extends A ? never : A)
    : A extends ReadonlyArray<infer B> ? (string extends B ? never : B)
    : never
  : never
  : never;

type AddAliases<TArgs, TAliases> = {
  [K in keyof TArgs as K | Extract<AliasesOf<K, TAliases>, string>]: TArgs[K];
};

/** Without `boolean`, `string` or `collect` nothing is known about the arguments. */
type IsTyped<TBooleans, TStrings, TCollect> = [
  (false extends TBooleans ? (true extends TBooleans ? true : undefined) : TBooleans) | TStrings | TCollect,
] extends [undefined] ? false : true;

type Flat<T> = { [K in keyof T]: T[K] };

type Values<
  TBooleans extends BooleanType,
  TStrings extends StringType,
  TCollectable extends Collectable,
  TNegatable extends Negatable,
  TDefault extends Record<string, unknown> | undefined,
  TAliases extends Aliases | undefined,
> = IsTyped<TBooleans, TStrings, TCollectable> extends true ?
    & Record<string, unknown>
    & AddAliases<
      Flat<
        Tree<
          Extract<TBooleans, string>,
          Without<TStrings>,
          Without<TCollectable>,
          Without<TNegatable>,
          [TDefault] extends [undefined] ? unknown : TDefault
        >
      >,
      TAliases
    >
  // deno-lint-ignore no-explicit-any
  : Record<string, any>;

interface DoubleDash {
  /** What followed `--`. */
  "--": string[];
}

/** What {@linkcode parseArgs} returns. */
export type Args<
  // deno-lint-ignore no-explicit-any
  TArgs extends Record<string, unknown> = Record<string, any>,
  TDoubleDash extends boolean | undefined = undefined,
> = Flat<
  & TArgs
  & {
    /** What belonged to no option. */
    _: Array<string | number>;
  }
  & (boolean extends TDoubleDash ? Partial<DoubleDash>
    : true extends TDoubleDash ? DoubleDash
    : unknown)
>;

/** Options of {@linkcode parseArgs}. */
export interface ParseOptions<
  TBooleans extends BooleanType = BooleanType,
  TStrings extends StringType = StringType,
  TCollectable extends Collectable = Collectable,
  TNegatable extends Negatable = Negatable,
  TDefault extends Record<string, unknown> | undefined = Record<string, unknown> | undefined,
  TAliases extends Aliases | undefined = Aliases | undefined,
  TDoubleDash extends boolean | undefined = boolean | undefined,
> {
  /** When true, what follows `--` goes to `["--"]`; otherwise to `_`. */
  "--"?: TDoubleDash;
  /** Further names for an argument; the result has every one of them. */
  alias?: TAliases;
  /** Arguments that are booleans, false when absent; `true` makes every `--flag` without `=` a boolean. */
  boolean?: TBooleans | ReadonlyArray<Extract<TBooleans, string>>;
  /** Values of arguments that are absent. */
  default?: TDefault;
  /** When true, everything after the first non-option goes to `_`. */
  stopEarly?: boolean;
  /** Arguments that stay strings, numbers included. */
  string?: TStrings | ReadonlyArray<Extract<TStrings, string>>;
  /** Arguments that may be repeated; always an array. */
  collect?: TCollectable | ReadonlyArray<Extract<TCollectable, string>>;
  /** Arguments for which `--no-…` means false. */
  negatable?: TNegatable | ReadonlyArray<Extract<TNegatable, string>>;
  /** Called with what is not named in these options; `false` leaves it out of the result. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** Takes a command line apart. */
export function parseArgs<
  TArgs extends Values<TBooleans, TStrings, TCollectable, TNegatable, TDefaults, TAliases>,
  TDoubleDash extends boolean | undefined = undefined,
  TBooleans extends BooleanType = undefined,
  TStrings extends StringType = undefined,
  TCollectable extends Collectable = undefined,
  TNegatable extends Negatable = undefined,
  TDefaults extends Record<string, unknown> | undefined = undefined,
  TAliases extends Aliases<TAliasArgNames, TAliasNames> | undefined = undefined,
  TAliasArgNames extends string = string,
  TAliasNames extends string = string,
>(
  args: string[],
  options?: ParseOptions<TBooleans, TStrings, TCollectable, TNegatable, TDefaults, TAliases, TDoubleDash>,
): Args<TArgs, TDoubleDash>;
