/** Numbers of the log levels: the higher, the more urgent. */
export const LogLevels = {
  NOTSET: 0,
  DEBUG: 10,
  INFO: 20,
  WARN: 30,
  ERROR: 40,
  CRITICAL: 50,
} as const;

/** The name of a log level. */
export type LevelName = keyof typeof LogLevels;

/** The number of a log level. */
export type LogLevel = (typeof LogLevels)[LevelName];

/** The names of all log levels, from the least urgent to the most. */
export const LogLevelNames: LevelName[] = Object.keys(LogLevels) as LevelName[];

/** The number of the level with this name. Throws for any other name. */
export function getLevelByName(name: LevelName): LogLevel {
  // A name that arrives from a command line may also be one that every object has, such as "toString".
  if (!Object.hasOwn(LogLevels, name)) throw new Error(`Cannot get log level: no level named ${name}`);
  return LogLevels[name];
}

/** The name of the level with this number. Throws for any other number. */
export function getLevelName(level: LogLevel): LevelName {
  const name = LogLevelNames.find((candidate) => LogLevels[candidate] === level);
  if (name === undefined) throw new Error(`Cannot get log level: no level with number ${level}`);
  return name;
}
