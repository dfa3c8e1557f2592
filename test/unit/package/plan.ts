import type {PackagedMount, PackagePlan} from '../../../src/lib/package/package-result.js'
import {destinations} from '../../../src/lib/reference/destination.js'
import {parseImageName} from '../../../src/lib/reference/image-name.js'
import {parseRegistry} from '../../../src/lib/reference/reference.js'

export const volume: PackagedMount = {
  destination: '/data',
  type: 'volume',
  bytes: 1500,
  included: true,
  reason: null,
  flag: null,
}

/** A plan for `app` under the given tags; without a registry it stays in the local engine. */
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
    syncs: [],
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
    push: registry !== undefined,
    ...more,
  }
}
