/** A command about to run. */
export interface CommandDefaultsOptions {
  /** The variables of the command's flags, and whether each is read as yes or no. */
  readonly variables: ReadonlyMap<string, {readonly isYesOrNo: boolean}>
  /** Where to set the values. */
  readonly environment: NodeJS.ProcessEnv
  /** The current folder: only called when needed, and may throw. */
  readonly folder: () => string
  /** The first argument of the command, such as a container or a tap; undefined if there is none. */
  readonly argument: string | undefined
  /** Shows a warning to the user. */
  readonly warn: (line: string) => void
}
