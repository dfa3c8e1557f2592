import type {Hash} from 'node:crypto'
import type {RegistryRequests} from './registry-requests.js'

/** Where an upload that is not finished can go on, in another run of keg too. It has nothing that is secret. */
export interface UploadCheckpoint {
  /** Path and query of its address at the registry. */
  readonly path: string
  /** How many bytes the registry has confirmed. */
  readonly bytes: number
  /** Of these bytes, in hexadecimal digits. */
  readonly sha256: string
  /** The registry takes no smaller chunks, but for the last. */
  readonly minChunkBytes: number
}

/** Remembers one upload between runs of keg. */
export interface UploadMemory {
  /** How far an earlier run got. */
  readonly earlier: UploadCheckpoint | undefined
  /** Replaces what is remembered. @returns whether it could be kept */
  save(checkpoint: UploadCheckpoint): Promise<boolean>
  /** The upload is complete, or of no use any more. */
  forget(): Promise<void>
}

/** Parameters that would let anybody in who reads them. The registry's own addresses want the credentials again instead. */
const GRANTING = /auth|credential|key|password|secret|sig|token/i

/**
 * An address of an upload as it may be kept in a file: as a path, if it is at the registry itself and grants nothing by itself.
 * @returns undefined if it must not be kept
 */
export async function keepablePath(requests: RegistryRequests, address: URL): Promise<string | undefined> {
  const isGranting = [...address.searchParams.keys()].some((name) => GRANTING.test(name))
  const path = isGranting ? undefined : await requests.ownPath(address)
  return path !== undefined && isOwnPath(path) ? path : undefined
}

/** Whether an address in a file can only be at the registry itself. */
export function isOwnPath(path: string): boolean {
  return /^\/v2\/[\x21-\x5b\x5d-\x7e]+$/.test(path)
}

/** The digest of what was hashed so far; more can follow. */
export function sha256SoFar(hash: Hash): string {
  return hash.copy().digest('hex')
}
