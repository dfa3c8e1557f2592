import {expect} from 'chai'
import type {ContainerDetails} from '../../../../src/lib/engine/types.js'
import type {ProjectContainer} from '../../../../src/lib/package/project/model.js'
import {carriedElsewhere, volumeCarriers} from '../../../../src/lib/package/project/shared-volumes.js'

const anonymous = 'b'.repeat(64)

/** A service with volumes: `name:path`, read-only with `:ro`. */
function service(name: string, ...volumes: readonly string[]): ProjectContainer {
  const Mounts = volumes.map((text) => {
    const [Name = '', Destination = '', mode] = text.split(':')
    return {Type: 'volume', Name, Destination, Source: '', RW: mode !== 'ro'}
  })
  return {service: name, container: {Mounts} as unknown as ContainerDetails, replicas: []}
}

describe('the volumes of a project', () => {
  it('are carried by the first service that can write to them', () => {
    const services = [
      service('app', 'files:/files:ro', 'data:/a:ro'),
      service('db', 'data:/data', `${anonymous}:/cache`),
      service('worker', 'files:/shared'),
    ]
    expect([...volumeCarriers(services)]).to.deep.equal([
      ['files', 'worker'],
      ['data', 'db'],
    ])
  })

  it('are carried by one that only reads, if none writes', () => {
    expect([...volumeCarriers([service('app', 'files:/files:ro'), service('web', 'files:/x:ro')])]).to.deep.equal([
      ['files', 'app'],
    ])
  })

  it('are left out of the images of the others, and of a second mount of the same', () => {
    const app = service('app', 'files:/files', 'files:/again', 'own:/own')
    const worker = service('worker', 'files:/shared/')
    const carriers = volumeCarriers([app, worker])
    expect([...carriedElsewhere(app, carriers)]).to.deep.equal([['/again', 'app']])
    expect([...carriedElsewhere(worker, carriers)]).to.deep.equal([['/shared', 'app']])
  })
})
