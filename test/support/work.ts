import {Cleanup} from '../../src/lib/async/cleanup.js'
import type {Engine} from '../../src/lib/engine/engine.js'
import type {EngineWork} from '../../src/lib/engine/engine-work.js'
import {silent} from '../../src/lib/terminal/progress.js'
import type {Prompt} from '../../src/lib/terminal/prompt.js'
import {makeWork, type Work} from '../../src/lib/work/work.js'

const never = (question: string): Promise<never> => Promise.reject(new Error(`nobody is to be asked: ${question}`))

/** For a test in which no prompt is expected. */
export const nobody: Prompt = {isInteractive: false, choose: never, confirm: never, text: never}

/** A fake engine with only the given parts. */
type EnginePart = Partial<Pick<Engine, keyof Engine>>

/**
 * The work of a test: no prompts, no output, no interruption, and the environment of the tests, unless given. A test
 * that connects to an engine has it by `await using`.
 */
export function testWork(parts: Partial<Work> & {readonly engine: EnginePart}): EngineWork & AsyncDisposable
export function testWork(parts?: Partial<Work>): Work & AsyncDisposable
export function testWork(parts: Partial<Work> = {}): Work & AsyncDisposable {
  const work = makeWork({
    currentFolder: () => process.cwd(),
    environment: process.env,
    signal: new AbortController().signal,
    prompt: nobody,
    progress: silent,
    notice: () => undefined,
    cleanup: new Cleanup(),
    ...parts,
  })
  return {...work, ...parts, [Symbol.asyncDispose]: () => work.cleanup[Symbol.asyncDispose]()}
}

/** Calls a service with its work and its options as one object. */
export async function call<Options extends Partial<Work>, Result>(
  service: (work: Work, options: Options) => Promise<Result>,
  given: Options,
): Promise<Result> {
  await using work = testWork(given)
  return await service(work, given)
}
