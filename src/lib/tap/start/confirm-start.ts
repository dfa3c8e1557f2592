import {shownName} from '../../container/container-name.js'
import {FailedError, RefusedError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import type {Prompt} from '../../terminal/prompt.js'
import {count, printable} from '../../terminal/text.js'
import {firstFew, lostPaths, lostTexts} from '../containers/losses.js'
import type {StartAnswers, StartQuestion} from './model.js'
import {otherBranchText} from './plan-start.js'

/**
 * Asks a question before a start.
 * @returns the answer
 * @throws RefusedError `container-changed`, `branch-guard` if nobody can be asked; FailedError `cancelled`
 */
export async function askStart(question: StartQuestion, tap: string, prompt: Prompt): Promise<StartAnswers> {
  const text = questionText(question)
  return question.kind === 'recreate'
    ? {recreate: await askRecreate(question, text, {tap, prompt})}
    : {code: await askCode(question, text, prompt)}
}

/** The question, and the flags that answer it. */
export function shownQuestion(question: StartQuestion): {readonly text: string; readonly flags: string} {
  return {text: questionText(question), flags: flagsOf(question)}
}

/** The flags that answer a question. */
function flagsOf(question: StartQuestion): string {
  if (question.kind === 'code') return '--no-sync or --force'
  return question.canStart ? '--recreate or --no-recreate' : '--recreate'
}

function questionText(question: StartQuestion): string {
  if (question.kind === 'code')
    return `${otherBranchText(question.name, question.origin)}: a sync would overwrite the code in it.`
  const {container, differences, losses} = question
  const lost = lostTexts(losses)
  const whose = `it has ${count(lost.length, 'change')} of its own: ${printable(firstFew(lost))}`
  return `${shownName(container)} would be recreated (${differences.join(', ')}), and ${whose}.`
}

async function askRecreate(
  question: StartQuestion & {readonly kind: 'recreate'},
  text: string,
  {prompt, tap}: {readonly prompt: Prompt; readonly tap: string},
): Promise<'start' | 'recreate'> {
  const {canStart, container, differences, losses} = question
  // Also works on a protected branch, where a package needs its own tag, and only for this machine.
  const packageLine = commandLine`keg tap package ${tap} --tag kept --no-push`
  if (!prompt.isInteractive)
    throw new RefusedError(text, {
      code: 'container-changed',
      hint: `--recreate recreates it${canStart ? ', --no-recreate starts it as it is' : ''}. To keep what it has: ${packageLine}`,
      data: {
        container: container.Id,
        differences,
        changes: lostPaths(losses).slice(0, MAX_CHANGES),
        reproducible: losses.reproducible.slice(0, MAX_CHANGES),
      },
    })
  const answer = await prompt.choose(
    text,
    [
      ...(canStart ? [{name: 'Start it as it is', value: 'start'}] : []),
      {name: `Package it first: ${packageLine}`, value: 'package'},
      {name: 'Recreate it; its own changes are lost', value: 'recreate'},
    ],
    {flag: flagsOf(question)},
  )
  if (answer === 'start' || answer === 'recreate') return answer
  throw new FailedError('Nothing was changed.', {
    code: 'cancelled',
    hint: `Package it with: ${packageLine}. Then start it again.`,
  })
}

async function askCode(
  question: StartQuestion & {readonly kind: 'code'},
  text: string,
  prompt: Prompt,
): Promise<'no-sync' | 'force'> {
  const {origin} = question
  if (!prompt.isInteractive)
    throw new RefusedError(text, {
      code: 'branch-guard',
      hint: 'Run it as it is with --no-sync, or have the folder overwrite it with --force. Or check out its branch.',
      data: {branch: origin.branch, checkedOut: origin.checkedOut},
    })
  const answer = await prompt.choose(
    text,
    [
      {name: 'Run it as it is, without a sync', value: 'no-sync'},
      {name: 'Sync: the folder overwrites its code', value: 'force'},
      {name: 'Do nothing', value: 'cancel'},
    ],
    {flag: flagsOf(question)},
  )
  if (answer === 'no-sync' || answer === 'force') return answer
  throw new FailedError('Nothing was started.', {code: 'cancelled', hint: 'Check out the branch of the image.'})
}

/** How many paths are in the JSON output. */
const MAX_CHANGES = 100
