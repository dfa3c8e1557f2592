import {readUserConfiguration} from '../../config/user-configuration.js'

/** What the words of a command line say about the tap. */
export interface TakenTapName {
  /** Undefined if the first word is not a linked tap: then the tap of the current folder is meant. */
  readonly name: string | undefined
  readonly rest: string[]
}

/** Removes a tap's name from the front of a command's words, if there is one. @throws what readUserConfiguration does */
export async function takeTapName(words: readonly string[], environment: NodeJS.ProcessEnv): Promise<TakenTapName> {
  const [first, ...rest] = words
  if (first === undefined) return {name: undefined, rest}
  const {invalid, taps} = await readUserConfiguration(environment)
  // For an invalid link, the user should get its error.
  return taps.has(first) || invalid.has(`taps.${first}`) ? {name: first, rest} : {name: undefined, rest: [...words]}
}
