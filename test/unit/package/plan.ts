import type {PackagedMount, PackagePlan} from '../../../src/lib/package/plan/package-plan.js'
import {destinations} from '../../../src/lib/reference/destination.js'
import {parseImageName} from '../../../src/lib/reference/image-name.js'
import {parseRegistry} from '../../../src/lib/reference/reference.js'

export const volume: PackagedMount = {
  destination: '/data',
  type: 'volume',
  bytes: 1500,
  included: true,
  content: null,
  reason: null,
  flag: null,
}

/** A plan for `app` with the given tags; without a registry it stays in the local engine. */
export function planWith(
  {registry, tags = ['x']}: {registry?: string; tags?: readonly string[]} = {},
  more: Partial<PackagePlan> = {},
): PackagePlan {
  const found = destinations({
    tags,
    defaultTag: undefined,
    name: parseImageName('app'),
    registry: registry === undefined ? undefined : parseRegistry(registry),
  })
  const [first, ...rest] = found
  if (first === undefined) throw new Error('no destination')
  return {
    container: 'shop-web-1',
    destinations: [first, ...rest],
    replaces: [],
    otherServices: [],
    syncs: [],
    secrets: [],
    excluded: {paths: [], environment: []},
    wantedExclusions: [],
    excludable: [],
    layers: 3,
    entries: 2,
    agentFiles: {paths: [], mounts: []},
    labelsLeftOut: [],
    author: undefined,
    message: undefined,
    verify: false,
    pause: 'short',
    project: {
      folder: '/home/ada/app',
      origin: 'container',
      repository: {
        folder: '/home/ada/app',
        branch: 'main',
        commit: 'c'.repeat(40),
        dirty: true,
        remote: undefined,
        author: undefined,
      },
      branch: 'main',
      commit: 'c'.repeat(40),
      tag: undefined,
    },
    mounts: [volume],
    measured: true,
    addedEnvironment: [],
    writers: [],
    settings: {},
    push: registry !== undefined,
    way: {via: registry === undefined ? undefined : 'registry', isLoaded: registry === undefined},
    output: undefined,
    ...more,
  }
}
