import {expect} from 'chai'
import {blankedLabels} from '../../../src/lib/container/blanked-labels.js'

describe('blankedLabels', () => {
  it('blanks labels that tie a container to compose, Docker Desktop, a proxy, a folder or a user', () => {
    const labels = {
      'com.docker.compose.project': 'a',
      'com.docker.compose.service': 'a',
      'desktop.docker.io/binds/0/Source': 'a',
      'com.keg.folder': 'a',
      'com.keg.protect': 'true',
      'com.keg.tap.main': 'true',
      'traefik.http.routers.shop.rule': 'Host(`shop.example`)',
      'com.centurylinklabs.watchtower.enable': 'true',
      'com.keg.package.branch': 'kept',
      'org.opencontainers.image.source': 'kept',
      'com.dockerish': 'kept',
    }
    expect(Object.keys(blankedLabels(labels))).to.deep.equal([
      'com.docker.compose.project',
      'com.docker.compose.service',
      'desktop.docker.io/binds/0/Source',
      'com.keg.folder',
      'com.keg.protect',
      'com.keg.tap.main',
      'traefik.http.routers.shop.rule',
      'com.centurylinklabs.watchtower.enable',
    ])
  })

  it('excludes the container from a proxy, with a value that the proxy can read', () => {
    expect(blankedLabels({'traefik.enable': 'true'})).to.deep.equal({'traefik.enable': 'false'})
  })
})
