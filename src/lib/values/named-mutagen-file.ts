import {resolve} from 'node:path'
import {KegError} from '../error/keg-error.js'
import type {Values} from './values.js'
import {readMutagenFile} from '../tap-folder/file/mutagen-file.js'
import {refuseProblems} from '../tap-folder/tap-folder.js'
import type {TapFolder, TapProblem} from '../tap-folder/model.js'

/**
 * A tap's folder with the file of KEG_MUTAGEN_FILE, if that has sync settings. Old taps can name one without any, or a
 * missing one: then the container folder's own is used, as before.
 * @throws FailedError `tap-invalid` if the file has errors
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

/** An invalid template does not matter unless the tap is synced; keg tap validate reports it. */
function namedFile(values: Values): string | undefined {
  try {
    return values.text('KEG_MUTAGEN_FILE')
  } catch (error) {
    if (error instanceof KegError) return undefined
    throw error
  }
}
