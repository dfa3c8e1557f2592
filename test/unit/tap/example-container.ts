import type {ContainerDetails} from '../../../src/lib/engine/types.js'
import {exampleContainer as running} from '../sync/example-container.js'

/** A running container with these labels, and a test's changes. */
export function exampleContainer(
  name: string,
  labels: Readonly<Record<string, string>>,
  changes: Partial<ContainerDetails> = {},
): ContainerDetails {
  return {...running, Name: `/${name}`, Config: {...running.Config, Labels: labels}, ...changes}
}

/** Labels that a start sets on a container of the tap shop, on its own one at branch main. */
export const TAP_LABELS = {
  'com.keg.tap': 'shop',
  'com.keg.folder': '/home/me/shop',
  'com.keg.branch': 'main',
  'com.keg.role': 'dev',
  'com.keg.tap.main': 'true',
  'com.docker.compose.project': 'shop-main',
  'com.docker.compose.service': 'app',
} as const
