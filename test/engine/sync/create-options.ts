import {createSync} from '../../../src/lib/sync/create/create-sync.js'
import type {CreateSyncResult} from '../../../src/lib/sync/create/create-result.js'
import type {SyncOptions} from '../../../src/lib/sync/create/model.js'
import {silent} from '../../../src/lib/terminal/progress.js'
import type {Work} from '../../../src/lib/work/work.js'
import {call, nobody} from '../../support/work.js'

export {nobody}

/** Settings and subject of a sync together. */
export type CreateSyncOptions = SyncOptions &
  Pick<Work, 'environment' | 'folder' | 'notice' | 'progress' | 'prompt' | 'signal'>

/** Creates a sync. */
export async function create(options: CreateSyncOptions): Promise<CreateSyncResult> {
  return call(createSync, options)
}

/** The defaults of `keg sync create`, in a folder without a container. */
export function createOptions(folder: string, environment: NodeJS.ProcessEnv): CreateSyncOptions {
  return {
    target: undefined,
    folder,
    environment,
    local: undefined,
    remote: undefined,
    name: undefined,
    mode: 'two-way-safe',
    ignore: [],
    ignoresVersionControl: true,
    watchMode: 'portable',
    permissions: {owner: undefined, group: undefined, fileMode: undefined, directoryMode: undefined},
    force: false,
    wait: true,
    dryRun: false,
    prompt: nobody,
    notice: () => undefined,
    progress: silent,
    signal: new AbortController().signal,
  }
}
