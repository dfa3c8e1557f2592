import type {Tag} from '../../reference/reference.js'
import {Blobs} from './blobs.js'
import {Manifests} from './manifests.js'
import {RegistryRequests, type RegistryOptions, type RegistryWork} from './registry-requests.js'
import {listTags} from './tags.js'

/**
 * One repository of a registry, by the OCI distribution specification 1.1
 * (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md). Failures are RegistryFailure, which `registryError` turns
 * into errors for the user; an abort ends everything with the reason of the signal. Nothing is sent before the first call.
 */
export class RegistryClient implements Disposable {
  /** Any other request. */
  readonly requests: RegistryRequests
  readonly blobs: Blobs
  readonly manifests: Manifests

  constructor(work: RegistryWork, options: RegistryOptions) {
    this.requests = new RegistryRequests(work, options)
    this.blobs = new Blobs(this.requests)
    this.manifests = new Manifests(this.requests)
  }

  /** Whether the registry has accepted the credentials at least once. */
  get wasAccepted(): boolean {
    return this.requests.wasAccepted
  }

  /** The tags of the repository; none if it does not exist. */
  tags(options: {readonly pageSize?: number} = {}): AsyncGenerator<Tag> {
    return listTags(this.requests, options.pageSize)
  }

  /** Ends all connections. */
  [Symbol.dispose](): void {
    this.requests[Symbol.dispose]()
  }
}
