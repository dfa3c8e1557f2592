import {createRequire} from 'node:module'

/** What of the package `debug` is needed here. */
interface DebugLog {
  /** @returns the names that were enabled, and what was left out of them with a minus sign. */
  disable(): string
  enable(names: string): void
}

/**
 * Leaves the engine's client out of the log that DEBUG asks for: it would write each request and answer there whole, with
 * credentials of registries, private keys and the environments of containers.
 */
export function keepClientOutOfLog(): void {
  const dockerode = createRequire(createRequire(import.meta.url).resolve('dockerode'))
  const log: unknown = createRequire(dockerode.resolve('docker-modem'))('debug')
  if (!isDebugLog(log)) return
  const names = log.disable()
  if (names !== '') log.enable(`${names},-modem`)
}

function isDebugLog(value: unknown): value is DebugLog {
  return typeof value === 'function' && 'disable' in value && 'enable' in value
}
