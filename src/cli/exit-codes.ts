/** The exit codes of the command, as its help lists them. */
export const EXIT = {
  /** Done, and nothing is wrong. */
  ok: 0,
  /** The command ran and failed, or found a problem. */
  failed: 1,
  /** The command line cannot be read. */
  usage: 2,
  /** A setting is missing or malformed. */
  configuration: 3,
  /** 8x8 may have accepted a message: running the command again could send it twice. */
  unknown: 4,
  /** Stopped with Ctrl+C, where that is not the regular end. */
  interrupted: 130,
} as const;
