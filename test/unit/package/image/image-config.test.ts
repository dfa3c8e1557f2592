import {expect} from 'chai'
import {addedEnvironment, packageConfig} from '../../../../src/lib/package/image/image-config.js'
import {containerWith, imageWith} from '../details.js'

describe('configuration of a package', () => {
  it('is that of the container', () => {
    const config = {
      User: 'app:app',
      ExposedPorts: {'80/tcp': {}},
      Env: ['PATH=/bin', 'EMPTY=', 'NAME'],
      Entrypoint: ['/entry', 'a b'],
      Cmd: ['serve'],
      Healthcheck: {Test: ['CMD', 'true'], Interval: 5},
      WorkingDir: '/srv',
      StopSignal: 'SIGINT',
      StopTimeout: 0,
      ArgsEscaped: true,
    }
    expect(packageConfig(containerWith(config), imageWith(), {})).to.deep.equal(config)
  })

  it('has what is for builds from its image, which engines keep from containers', () => {
    const config = {OnBuild: ['RUN x'], Shell: ['/bin/bash', '-c']}
    expect(packageConfig(containerWith(), imageWith(config), {})).to.deep.equal(config)
  })

  it('has nothing of the session, and nothing that says nothing', () => {
    const config = {
      Tty: true,
      OpenStdin: true,
      User: '',
      WorkingDir: '',
      Cmd: null,
      Entrypoint: [],
      Env: null,
      ExposedPorts: {},
      Healthcheck: null,
      OnBuild: null,
      Labels: null,
      StopTimeout: null,
      ArgsEscaped: false,
    }
    expect(packageConfig(containerWith(config), imageWith(), {})).to.deep.equal({})
    const unknown = {Hostname: 'abc', Domainname: 'x', MacAddress: '02:42', AttachStdin: true, StdinOnce: true}
    expect(packageConfig(containerWith({...unknown, Image: 'base'} as object), imageWith(), {})).to.deep.equal({})
  })

  it('has the VOLUMEs of its image, never those of a run-time -v', () => {
    const container = containerWith({Volumes: {'/of-image': {}, '/of-run': {}}})
    expect(packageConfig(container, imageWith({Volumes: {'/of-image': {}}}), {})).to.deep.equal({
      Volumes: {'/of-image': {}},
    })
    expect(packageConfig(container, imageWith({Volumes: null}), {})).to.deep.equal({})
    expect(packageConfig(container, imageWith(), {})).to.deep.equal({})
  })

  it("has the app's labels and the given ones, not those by which tools find their containers, nor an earlier package's", () => {
    const kept = {
      maintainer: 'Ada',
      'org.opencontainers.image.title': 'App',
      'org.opencontainers.image.licenses': 'MIT',
      'org.opencontainers.image.revisions': 'other',
      'com.docker.composed': 'kept',
      'com.kegs.x': 'kept',
      'x.com.keg.folder': 'kept',
      'traefik.enable': 'true',
    }
    const dropped = {
      'com.docker.compose.project': 'app',
      'com.docker.compose.project.working_dir': '/home/ada',
      'com.docker.compose.oneoff': 'False',
      'desktop.docker.io/binds/0/Source': '/Users/ada',
      'com.docker.desktop.extension': 'x',
      'com.keg.folder': '/home/ada',
      'com.keg.role': 'dev',
      'com.keg.protect': 'true',
      'com.keg.package.message': 'an old one',
      'org.opencontainers.image.created': '2001',
      'org.opencontainers.image.authors': 'Bob',
      'org.opencontainers.image.source': 'https://old',
      'org.opencontainers.image.revision': 'old',
      'org.opencontainers.image.version': 'old',
      'org.opencontainers.image.base.name': 'old',
      'org.opencontainers.image.base.digest': 'old',
    }
    const labels = {'com.keg.role': 'package', maintainer: 'keg'}
    const config = packageConfig(containerWith({Labels: {...kept, ...dropped}}), imageWith({Labels: dropped}), labels)
    expect(config).to.deep.equal({Labels: {...kept, ...labels}})
  })

  it("has no labels of the proxy that a tap's own container is reached by", () => {
    const proxied = {
      'com.keg.tap.main': 'true',
      'traefik.enable': 'true',
      'traefik.http.routers.shop.rule': 'Host(`a`)',
    }
    const config = packageConfig(containerWith({Labels: {...proxied, kept: 'yes'}}), imageWith(), {})
    expect(config).to.deep.equal({Labels: {kept: 'yes'}})
  })
})

describe('added environment', () => {
  it('names what the image does not have or has otherwise, in order, and never a value', () => {
    const container = containerWith({Env: ['PATH=/bin', 'TOKEN=secret=x', 'LANG=de', 'B', 'EMPTY=']})
    const base = imageWith({Env: ['PATH=/bin', 'LANG=en', 'GONE=1']})
    expect(addedEnvironment(container, base)).to.deep.equal(['B', 'EMPTY', 'LANG', 'TOKEN'])
  })

  it('is none where the container has none', () => {
    expect(addedEnvironment(containerWith({Env: null}), imageWith({Env: ['A=1']}))).to.deep.equal([])
    expect(addedEnvironment(containerWith({Env: ['A=1']}), {...imageWith(), Config: null})).to.deep.equal(['A'])
  })
})
