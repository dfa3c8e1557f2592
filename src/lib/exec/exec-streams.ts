/** Keys that somebody presses, or what is handed to keg's standard input. */
export type ExecInput = NodeJS.ReadableStream & {
  readonly isTTY?: boolean
  setRawMode?(isRaw: boolean): unknown
}

/** Where output goes: a terminal, a file, a pipe. */
export type ExecOutput = NodeJS.WritableStream & {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** keg's own standard streams; whatever is undefined is neither read nor written. */
export interface ExecStreams {
  readonly stdin: ExecInput | undefined
  readonly stdout: ExecOutput | undefined
  readonly stderr: ExecOutput | undefined
}
