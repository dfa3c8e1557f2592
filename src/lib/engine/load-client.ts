import type Docker from 'dockerode'
import {createRequire, Module} from 'node:module'

/**
 * Loads dockerode without what it and its docker-modem load at once and keg never uses: gRPC for the sessions of BuildKit, and
 * an ssh client in JavaScript (keg starts the user's own ssh). Both together take longer to load than all the rest.
 */
export async function loadClient(): Promise<typeof Docker> {
  const dockerode = requireOf(createRequire(import.meta.url), 'dockerode')
  leaveOut(dockerode, './session')
  leaveOut(requireOf(dockerode, 'docker-modem'), './ssh')
  return (await import('dockerode')).default
}

/** What a package resolves and loads its own modules with. */
function requireOf(require: NodeJS.Require, name: string): NodeJS.Require {
  return createRequire(require.resolve(name))
}

/** Takes the place of a module that nobody has loaded yet. Where there is no such module, there is nothing to leave out. */
function leaveOut(require: NodeJS.Require, name: string): void {
  const path = resolved(require, name)
  if (path === undefined || path in require.cache) return
  const unused = new Module(path)
  unused.loaded = true
  unused.exports = (): never => {
    throw new Error(`keg leaves ${name} of its client out`)
  }
  require.cache[path] = unused
}

function resolved(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name)
  } catch {
    return undefined
  }
}
