import {errorText} from './client/answer-failure.js'
import type {RegistryClient} from './client/registry-client.js'

/** Whether a registry would accept a push, as far as it says so. */
export type PushAnswer =
  | {readonly kind: 'allowed'}
  /** Its reason against it, in the form of engines: `code: message`. */
  | {readonly kind: 'refused' | 'missing'; readonly status: number; readonly response: string}
  | {readonly kind: 'unknown'}

/**
 * Starts an upload and cancels it at once, the only way to learn whether a push is allowed (as go-containerregistry does,
 * pkg/v1/remote/check.go). An answer without a registry's error format may come from some other server, and does not count.
 */
export async function tryPush({requests}: RegistryClient): Promise<PushAnswer> {
  const answer = await requests.ask({method: 'POST', path: 'blobs/uploads/'})
  const {headers, status} = answer
  if (status === 201 || status === 202) {
    // A registry discards an abandoned upload: whether cancelling works does not matter.
    if (headers.location !== undefined)
      await requests.ask({method: 'DELETE', path: requests.resolve(headers.location, answer)}).catch(() => undefined)
    return {kind: 'allowed'}
  }
  const response = errorText(answer)
  if (response === undefined) return {kind: 'unknown'}
  if (status === 404) return {kind: 'missing', status, response: response}
  return [400, 401, 403, 405].includes(status) ? {kind: 'refused', status, response: response} : {kind: 'unknown'}
}
