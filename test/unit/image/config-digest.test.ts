import {expect} from 'chai'
import {CONFIG_LABEL, configDigest} from '../../../src/lib/image/config-digest.js'

const config = {
  Cmd: ['serve', '--port', '80'],
  Env: ['PATH=/bin', 'A=1'],
  ExposedPorts: {'80/tcp': {}, '81/tcp': {}},
  Healthcheck: {Test: ['CMD', 'true'], Interval: 5},
  Labels: {a: '1', b: '2'},
  User: 'app',
}

describe('digest of a configuration', () => {
  it('is the same however a builder writes the configuration', () => {
    const same: object[] = [
      {...config, ExposedPorts: {'81/tcp': {}, '80/tcp': {}}, Labels: {b: '2', a: '1'}},
      {...config, Volumes: null, Entrypoint: [], WorkingDir: '', OnBuild: null},
      {...config, Hostname: 'abc', Image: 'sha256:1', AttachStdin: false, Domainname: ''},
      {...config, Labels: {...config.Labels, [CONFIG_LABEL]: 'sha256:2'}},
    ]
    for (const each of same) expect(configDigest(each), JSON.stringify(each)).to.equal(configDigest(config))
  })

  it('differs with anything that decides how it runs, or with its labels', () => {
    const others: object[] = [
      config,
      {...config, Cmd: ['serve', '80', '--port']},
      {...config, Entrypoint: ['sh']},
      {...config, Env: ['A=1', 'PATH=/bin']},
      {...config, ExposedPorts: {'80/tcp': {}}},
      {...config, Healthcheck: {Test: ['CMD', 'false'], Interval: 5}},
      {...config, Labels: {a: '1', b: '3'}},
      {...config, Labels: {a: '1'}},
      {...config, OnBuild: ['RUN true']},
      {...config, Shell: ['/bin/ash']},
      {...config, StopSignal: 'SIGINT'},
      {...config, User: 'root'},
      {...config, Volumes: {'/data': {}}},
      {...config, WorkingDir: '/srv'},
    ]
    expect(new Set(others.map((each) => configDigest(each))).size).to.equal(others.length)
  })

  it('is that of an empty configuration if there is none', () => {
    for (const nothing of [undefined, null, 'text', []]) expect(configDigest(nothing)).to.equal(configDigest({}))
  })
})
