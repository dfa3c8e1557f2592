import type {NetworkCreateOptions} from 'dockerode'
import {unlessStatus, type EngineConnection} from '../engine-connection.js'
import {EngineError} from '../engine-error.js'
import type {Filters, NetworkDetails, VolumeDetails} from '../types.js'

export type NetworkAndVolumeCalls = ReturnType<typeof networkAndVolumeCalls>

/** Networks and volumes. */
export function networkAndVolumeCalls({ask}: EngineConnection) {
  return {
    networks(filters: Filters = {}): Promise<readonly NetworkDetails[]> {
      return ask((docker) => docker.listNetworks({filters: JSON.stringify(filters)}))
    },

    /** One network by name or id; undefined if there is none. */
    network(name: string): Promise<NetworkDetails | undefined> {
      const request = ask<NetworkDetails>((docker) => docker.getNetwork(encodeURIComponent(name)).inspect())
      return unlessStatus([404], request)
    },

    /** @throws EngineError 409 if the name is taken and the options ask to check for that. */
    async createNetwork(options: NetworkCreateOptions): Promise<void> {
      await ask((docker) => docker.createNetwork(options))
    },

    /** Removes a network, unless a container uses it. @returns whether it is gone. */
    removeNetwork(name: string): Promise<boolean> {
      const removal = ask((docker) => docker.getNetwork(encodeURIComponent(name)).remove())
      return isGone(removal, 403)
    },

    async volumes(filters: Filters = {}): Promise<readonly VolumeDetails[]> {
      const options = {filters: JSON.stringify(filters)}
      const request = ask<{Volumes: readonly VolumeDetails[] | null}>((docker) => docker.listVolumes(options))
      return (await request).Volumes ?? []
    },

    volume(name: string): Promise<VolumeDetails | undefined> {
      const request = ask<VolumeDetails>((docker) => docker.getVolume(encodeURIComponent(name)).inspect())
      return unlessStatus([404], request)
    },

    /** Removes a volume, unless a container uses it. @returns whether it is gone. */
    removeVolume(name: string): Promise<boolean> {
      const removal = ask((docker) => docker.getVolume(encodeURIComponent(name)).remove())
      return isGone(removal, 409)
    },
  }
}

/** @param inUse the status of the answer if a container uses it */
async function isGone(removal: Promise<unknown>, inUse: number): Promise<boolean> {
  try {
    await unlessStatus([404], removal)
    return true
  } catch (error) {
    if (error instanceof EngineError && error.status === inUse) return false
    throw error
  }
}
