import {UsageError} from '../error/keg-error.js'
import {listLocalPackages, localPackageText} from './list/local-packages.js'
import {understandReference} from '../reference/pasted-reference.js'
import {withTag, type Reference} from '../reference/reference.js'
import type {Work} from '../work/work.js'

/** The package a user means. */
export interface RequestedPackage {
  /** With a tag or a digest. */
  readonly reference: Reference
  /** How the text was understood, in words. */
  readonly understood: string
  /** Whether the text was a plain reference, so that there is nothing to explain. */
  readonly isPlain: boolean
}

/**
 * Reads a reference, an address of a package page or a docker pull line. A missing one is asked for, with the engine's packages
 * as choices. Without a tag it is `latest`, as in docker.
 * @throws UsageError `reference-invalid` with the position in its data.
 */
export async function requestedPackage(
  work: Pick<Work, 'environment' | 'prompt'>,
  text: string | undefined,
): Promise<RequestedPackage> {
  const {kind, reference, understood} = understandReference(text ?? (await askForReference(work)))
  return {reference: withTag(reference), understood, isPlain: kind === 'reference'}
}

const FLAG = 'REFERENCE, such as registry.example.com/team/app:tag'

async function askForReference({environment, prompt}: Pick<Work, 'environment' | 'prompt'>): Promise<string> {
  // Without an engine the user can still type; whatever needs the engine reports that it is missing.
  const packages = prompt.isInteractive ? await listLocalPackages(environment).catch(() => []) : []
  const now = new Date()
  const choices = packages.map((each) => ({name: localPackageText(each, now), value: each.reference}))
  if (choices.length > 0)
    return prompt.choose(
      'Which package? Choose one, or paste its reference, its page or its docker pull line:',
      choices,
      {
        flag: FLAG,
        isList: true,
        typed: (text) => (referenceProblem(text) === undefined ? text : undefined),
      },
    )
  return prompt.text('Which package? Paste its reference, its page or its docker pull line:', {
    flag: FLAG,
    validate: (answer) => referenceProblem(answer) ?? true,
  })
}

/** Why a text names no image; undefined if it does. */
export function referenceProblem(text: string): string | undefined {
  try {
    understandReference(text)
    return undefined
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
}
