import type {Questions} from '../../../src/lib/command/ask.js'
import type {CreateSyncOptions} from '../../../src/lib/sync/create/create-sync.js'
import {silent} from '../../../src/lib/terminal/progress.js'

const never = (question: string): Promise<never> => Promise.reject(new Error(`nobody is to be asked: ${question}`))

/** Nobody who could answer. */
export const nobody: Questions = {possible: false, choose: never, confirm: never, text: never}

/** What `keg sync create` does where nothing is said, in a folder that has no container. */
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
    questions: nobody,
    say: () => undefined,
    progress: silent,
    signal: new AbortController().signal,
  }
}
