/** Keys pressed at a terminal, or the content of keg's standard input. */
export type ExecInput = NodeJS.ReadableStream & {
  readonly isTTY?: boolean
  setRawMode?(isRaw: boolean): unknown
}

/** Where output goes: a terminal, file or pipe. */
export type ExecOutput = NodeJS.WritableStream & {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** keg's own standard streams; an undefined one is not read or written. */
export interface ExecStreams {
  readonly stdin: ExecInput | undefined
  readonly stdout: ExecOutput | undefined
  readonly stderr: ExecOutput | undefined
}
