/** What decides whether keg can ask. */
export interface InteractionFacts {
  readonly stdinIsTerminal: boolean
  /** Questions are written to standard error, because standard output is the result. */
  readonly stderrIsTerminal: boolean
  readonly environment: NodeJS.ProcessEnv
  readonly json: boolean
  readonly noInput: boolean
}

/** Whether an environment variable means yes: anything but empty, `0`, `false`, `no` and `off`. */
export function isTruthy(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false', 'no', 'off'].includes(value.toLowerCase())
}

/** Whether a user is there to answer: otherwise missing input is an error with exit code 2. */
export function isInteractive(facts: InteractionFacts): boolean {
  return (
    facts.stdinIsTerminal && facts.stderrIsTerminal && !facts.json && !facts.noInput && !isTruthy(facts.environment.CI)
  )
}
