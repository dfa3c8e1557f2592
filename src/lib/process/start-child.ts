import type {Options, ResultPromise} from 'execa'
import {withoutResolved} from './resolved.js'

/** Options of every child process of keg. */
interface OwnOptions {
  readonly env: NodeJS.ProcessEnv
  readonly extendEnv: false
  readonly reject: false
}

/**
 * Starts a program: the only place in keg that does, with a list of arguments and never through a shell. Returns how it
 * ended instead of throwing.
 * @param environment its complete environment; what keg resolved for its own flags is removed, because another keg would
 * take it for the user's
 * @param options execa's
 */
export async function startChild<Given extends Omit<Options, keyof OwnOptions | 'shell'>>(
  [program, ...parameters]: readonly [string, ...string[]],
  environment: NodeJS.ProcessEnv,
  options: Given,
): Promise<{readonly child: ResultPromise<Given & OwnOptions>}> {
  const {execa} = await import('execa')
  const own: OwnOptions = {env: withoutResolved(environment), extendEnv: false, reject: false}
  // In an object, because it can be awaited, and returning it directly would wait for its end.
  return {child: execa(program, parameters, {...options, ...own})}
}
