import {FailedError, UsageError} from '../../error/keg-error.js'
import {didYouMean} from '../../terminal/closest-word.js'
import {count, printable} from '../../terminal/text.js'
import type {Work} from '../../work/work.js'
import type {StartedPackage} from './started-packages.js'

/** Which of the started packages is meant. */
export interface ChooseStartedOptions {
  /** As the user typed them; the user is asked if there are none. */
  readonly names: readonly string[]
  readonly question: string
}

/**
 * Those that the user means, each once.
 * @throws UsageError `input-missing`, `nothing-started`; FailedError `not-started`
 */
export async function chooseStarted(
  {prompt}: Pick<Work, 'prompt'>,
  started: readonly StartedPackage[],
  {names, question}: ChooseStartedOptions,
): Promise<readonly StartedPackage[]> {
  if (names.length === 0) {
    if (started.length === 0) throw nothingStarted()
    const choices = started.map((each) => ({
      name: printable(`${each.name} (${count(each.containers.length, 'container')})`),
      value: each,
    }))
    return [await prompt.choose(question, choices, {flag: 'NAME, of a container or a compose project', isList: true})]
  }
  const found: StartedPackage[] = []
  for (const name of new Set(names)) {
    const named = started.find((each) => each.name === name)
    if (named === undefined) throw await notStarted(name, started)
    found.push(named)
  }
  return found
}

function nothingStarted(): UsageError {
  return new UsageError('Nothing that was started from a package is in this engine.', {
    code: 'nothing-started',
    hint: 'What other programs started is not listed.',
  })
}

async function notStarted(name: string, started: readonly StartedPackage[]): Promise<FailedError> {
  const names = started.map((each) => each.name)
  const question = await didYouMean(name, names)
  const list = names.map((each) => printable(each)).join(', ')
  return new FailedError(`keg started no package that is called ${printable(name)}.`, {
    code: 'not-started',
    hint:
      names.length === 0
        ? 'Nothing that was started from a package is in this engine.'
        : `${question}What it started: ${list}.`,
    data: {started: names},
  })
}
