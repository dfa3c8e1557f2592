import {resolve} from 'node:path'
import {KegError} from '../../error/keg-error.js'
import type {Values} from '../../environment/values.js'
import {readMutagenFile} from './file/mutagen-file.js'
import {refuseProblems, type TapFolder, type TapProblem} from './tap-folder.js'

/**
 * A tap's folder with the file that KEG_MUTAGEN_FILE names, where that says how something is synced. Files of old taps name one
 * that does not, or none that is there: then the container folder's own counts, as before.
 * @throws FailedError `tap-invalid` where the file has errors
 */
export async function withNamedMutagenFile(files: TapFolder, values: Values): Promise<TapFolder> {
  const named = namedFile(values)
  const mutagenFile = named === undefined ? undefined : resolve(files.folder, named)
  if (mutagenFile === undefined || mutagenFile === files.mutagenFile) return files
  const problems: TapProblem[] = []
  const {actions, syncs} = await readMutagenFile(mutagenFile, problems)
  if (syncs.size === 0) return files
  refuseProblems({folder: files.folder, problems})
  return {...files, mutagenFile, syncs, actions: new Map([...actions, ...files.actions])}
}

/** A template that names nothing is in nobody's way who does not sync; keg tap validate tells of it. */
function namedFile(values: Values): string | undefined {
  try {
    return values.text('KEG_MUTAGEN_FILE')
  } catch (error) {
    if (error instanceof KegError) return undefined
    throw error
  }
}
