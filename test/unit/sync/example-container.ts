import type {ContainerDetails} from '../../../src/lib/engine/types.js'

/** A running container. */
export const exampleContainer: ContainerDetails = {
  Id: 'c0ffee'.padEnd(64, '0'),
  Name: '/shop',
  Image: `sha256:${'ab'.repeat(32)}`,
  State: {Status: 'running', Running: true, Paused: false, Restarting: false, ExitCode: 0},
  Config: {Image: 'shop'},
  HostConfig: {},
  Mounts: [],
}
