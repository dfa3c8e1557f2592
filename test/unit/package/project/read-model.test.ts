import {expect} from 'chai'
import {readProjectModel} from '../../../../src/lib/package/project/read-model.js'

const image = `sha256:${'a'.repeat(64)}`
const db = {image, platform: 'linux/amd64'}
const app = {
  ...{image, platform: 'linux/arm64/v8', scale: 2, restart: 'always'},
  depends_on: {db: {condition: 'service_healthy'}},
  networks: {default: {aliases: ['front', 'data.base', 'a_b']}},
  ports: [{target: 8080, protocol: 'tcp'}],
  volumes: [{type: 'volume', source: 'files', target: '/files', read_only: true, volume: {nocopy: true}}],
}
const model = {
  name: 'shop',
  services: {app, db},
  networks: {default: {}, inner: {internal: true}},
  volumes: {files: {}},
}
const empty = {depends_on: {}, networks: {}, ports: [], volumes: []}

/** The model with other values for the app. */
const withApp = (changes: object): unknown => ({...model, services: {app: {...app, ...changes}, db}})

describe('the model of a packaged project', () => {
  it('is read as it was written', () => {
    expect(readProjectModel(structuredClone(model))).to.deep.equal({...model, services: {app, db: {...db, ...empty}}})
  })

  it('gives nothing that it does not know: no rights, paths or builds', () => {
    const more = {privileged: true, cap_add: ['ALL'], build: '.', env_file: '/etc/passwd', devices: ['/dev/kvm']}
    const read = readProjectModel({
      ...(withApp(more) as object),
      secrets: {token: {file: '/etc/shadow'}},
      include: ['/x'],
    })
    expect(read).to.deep.equal({...model, services: {app, db: {...db, ...empty}}})
  })

  const cases: Readonly<Record<string, unknown>> = {
    'no object': [],
    'a name that compose refuses': {...model, name: '../shop'},
    'no services': {...model, services: {}},
    'a service with a name that is none': {...model, services: {'a b': db}},
    'a network with a name that is none': {...model, networks: {'../x': {}}},
    'a volume that is a path': {...model, volumes: {'/etc': {}}},
    'an image without a digest': withApp({image: 'busybox'}),
    'a platform that is none': withApp({platform: 'linux/amd64; rm'}),
    'too many containers': withApp({scale: 1000}),
    'another restart policy': withApp({restart: 'no; x'}),
    'the network of the host': withApp({network_mode: 'host'}),
    'the network of a service that it does not have': withApp({network_mode: 'service:other'}),
    'a dependency that it does not have': withApp({depends_on: {other: {condition: 'service_started'}}}),
    'a condition that is none': withApp({depends_on: {db: {condition: 'never'}}}),
    'a network that it does not have': withApp({networks: {other: {}}}),
    'an alias with a space': withApp({networks: {default: {aliases: ['a b']}}}),
    'a port that is none': withApp({ports: [{target: 70_000, protocol: 'tcp'}]}),
    'a protocol that is none': withApp({ports: [{target: 80, protocol: 'icmp'}]}),
    'a bind mount': withApp({volumes: [{type: 'bind', source: '/', target: '/host'}]}),
    'a volume that it does not have': withApp({volumes: [{type: 'volume', source: 'other', target: '/files'}]}),
    'a volume over everything': withApp({volumes: [{type: 'volume', source: 'files', target: '/'}]}),
    'a volume at a path that is not clear': withApp({
      volumes: [{type: 'volume', source: 'files', target: '/a/../etc'}],
    }),
    'a volume with options in its path': withApp({volumes: [{type: 'volume', source: 'files', target: '/a:rw'}]}),
  }
  for (const [what, value] of Object.entries(cases))
    it(`is none with ${what}`, () => {
      expect(readProjectModel(value)).to.equal(undefined)
    })

  it('can have the network of another service, or none', () => {
    for (const mode of ['none', 'service:db'])
      expect(readProjectModel(withApp({network_mode: mode}))?.services.app?.network_mode).to.equal(mode)
  })
})
