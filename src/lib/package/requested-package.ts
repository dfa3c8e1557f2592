import type {Questions} from '../command/ask.js'
import {UsageError} from '../error/keg-error.js'
import {understandReference} from '../reference/pasted-reference.js'
import {parseTag, type Reference} from '../reference/reference.js'

/** The package a user means. */
export interface RequestedPackage {
  /** With a tag or a digest. */
  readonly reference: Reference
  /** In words, how the text was understood. */
  readonly understood: string
}

/**
 * Reads a reference, an address of a package page or a docker pull line; what is missing is asked for. Without a tag it is
 * `latest`, as docker has it.
 * @throws UsageError `reference-invalid` with the position in its data.
 */
export async function requestedPackage(text: string | undefined, questions: Questions): Promise<RequestedPackage> {
  const {reference, understood} = understandReference(text ?? (await askForReference(questions)))
  const isBare = reference.tag === undefined && reference.digest === undefined
  return {reference: isBare ? {...reference, tag: parseTag('latest')} : reference, understood}
}

function askForReference(questions: Questions): Promise<string> {
  return questions.text('Which package? Paste its reference, its page or its docker pull line:', {
    flag: 'REFERENCE, such as registry.example.com/team/app:tag',
    validate: (answer) => {
      try {
        understandReference(answer)
        return true
      } catch (error) {
        if (error instanceof UsageError) return error.message
        throw error
      }
    },
  })
}
