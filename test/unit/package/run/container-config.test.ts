import {expect} from 'chai'
import {containerConfig} from '../../../../src/lib/package/run/container-config.js'

const owner = {host: 'laptop/1', pid: 7, process: '', user: 'ada', since: '2026-01-01T00:00:00.000Z'}

describe('containerConfig', () => {
  it('grants no privilege, mount or variable that was not requested', () => {
    const config = containerConfig({
      image: 'app:x',
      imageLabels: {'com.docker.compose.project': 'shop', 'com.keg.folder': '/home/me', team: 'kept'},
      proxyLabels: {},
      name: 'keg-app-x',
      detach: true,
      autoRemove: false,
      isAttached: false,
      command: [],
      entrypoint: undefined,
      variables: [],
      ownVariables: [],
      network: undefined,
      ports: [{port: 80, protocol: 'tcp', address: '127.0.0.1', hostPort: '8080', movable: true}],
      settings: {init: false, tty: false, readOnly: false, writable: [], tmpfs: {}},
      run: 'abc',
      owner,
    })
    expect(config).to.deep.equal({
      Image: 'app:x',
      Env: [],
      ExposedPorts: {'80/tcp': {}},
      Labels: {
        'com.docker.compose.project': '',
        'com.keg.folder': '',
        'com.keg.owner': JSON.stringify(owner),
        'com.keg.role': 'package',
        'com.keg.run': 'abc',
      },
      HostConfig: {AutoRemove: false, PortBindings: {'80/tcp': [{HostIp: '127.0.0.1', HostPort: '8080'}]}},
    })
  })
})
