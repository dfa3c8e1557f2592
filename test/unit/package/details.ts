import type {ContainerDetails, HostConfig, ImageDetails, RuntimeConfig} from '../../../src/lib/engine/types.js'

/** The engine's details of a container that tests need. */
export function containerWith(config: RuntimeConfig = {}, host: HostConfig = {}): ContainerDetails {
  return {
    Id: 'c'.repeat(64),
    Name: '/app',
    Image: `sha256:${'1'.repeat(64)}`,
    State: {Status: 'running', Running: true, Paused: false, Restarting: false, ExitCode: 0},
    Config: {...config, Image: 'base:latest'},
    HostConfig: host,
    Mounts: [],
  }
}

/** The engine's details of an image that tests need. */
export function imageWith(config: RuntimeConfig = {}): ImageDetails {
  return {
    Id: `sha256:${'1'.repeat(64)}`,
    Architecture: 'amd64',
    Os: 'linux',
    Size: 0,
    Config: config,
    RootFS: {Type: 'layers', Layers: []},
  }
}
