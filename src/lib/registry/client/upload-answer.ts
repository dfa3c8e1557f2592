import type {ReadAnswer} from './answer-failure.js'
import {nameRequest} from './connection-failure.js'
import {RegistryFailure} from './registry-failure.js'
import type {RegistryRequests} from './registry-requests.js'
import {bytesInRange} from './upload-range.js'

/** How many bytes of an upload the registry has. @param sent how many it should have @throws RegistryFailure `upload-lost` */
export function rangeIn({address, headers: {range = ''}}: ReadAnswer, sent?: number): number {
  const bytes = bytesInRange(range, sent)
  if (bytes === undefined) throw lostUpload(address, `it answers with the range "${range}"`)
  return bytes
}

/**
 * An upload that the registry does not know any more is lost, whatever the registry calls that. distribution 2.8 also refuses to say
 * (400) how much it has of a request that broke off in the middle.
 */
export async function uploadFailure(requests: RegistryRequests, answer: ReadAnswer): Promise<RegistryFailure> {
  const {method, status} = answer
  const failure = await requests.failure(answer)
  const isLost = status === 404 || (method === 'GET' && [400, 405, 416].includes(status))
  return isLost ? new RegistryFailure('upload-lost', failure.response, {status}) : failure
}

/** The failure of an upload that cannot go on. */
export function lostUpload(address: URL, problem: string): RegistryFailure {
  return new RegistryFailure('upload-lost', nameRequest({method: 'PATCH', address}, problem))
}
