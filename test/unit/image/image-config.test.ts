import {expect} from 'chai'
import {addedEnvironment, packageConfig} from '../../../src/lib/image/image-config.js'
import {containerWith, imageWith} from '../package/details.js'

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
    expect(packageConfig(containerWith(config), imageWith(), {}).config).to.deep.equal(config)
  })

  it('has settings for builds from its image, since containers do not have them', () => {
    const config = {OnBuild: ['RUN x'], Shell: ['/bin/bash', '-c']}
    expect(packageConfig(containerWith(), imageWith(config), {}).config).to.deep.equal(config)
  })

  it('has no settings of the session, and no empty ones', () => {
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
    expect(packageConfig(containerWith(config), imageWith(), {}).config).to.deep.equal({})
    const unknown = {Hostname: 'abc', Domainname: 'x', MacAddress: '02:42', AttachStdin: true, StdinOnce: true}
    expect(packageConfig(containerWith({...unknown, Image: 'base'} as object), imageWith(), {}).config).to.deep.equal(
      {},
    )
  })

  it('has the VOLUMEs of its image, never those of a run-time -v', () => {
    const container = containerWith({Volumes: {'/of-image': {}, '/of-run': {}}})
    expect(packageConfig(container, imageWith({Volumes: {'/of-image': {}}}), {}).config).to.deep.equal({
      Volumes: {'/of-image': {}},
    })
    expect(packageConfig(container, imageWith({Volumes: null}), {}).config).to.deep.equal({})
    expect(packageConfig(container, imageWith(), {}).config).to.deep.equal({})
  })

  it("has the app's labels and the given ones, not those of tools or of an earlier package", () => {
    const kept = {
      maintainer: 'Ada',
      'org.opencontainers.image.title': 'App',
      'org.opencontainers.image.licenses': 'MIT',
      'org.opencontainers.image.revisions': 'other',
      'com.dockered.x': 'kept',
      'com.kegs.x': 'kept',
      'x.com.keg.folder': 'kept',
    }
    const dropped = {
      'com.docker.compose.project': 'app',
      'com.docker.compose.project.working_dir': '/home/ada',
      'com.docker.compose.oneoff': 'False',
      'desktop.docker.io/binds/0/Source': '/Users/ada',
      'com.docker.desktop.extension': 'x',
      'devcontainer.local_folder': '/home/ada/app',
      'traefik.enable': 'true',
      'com.centurylinklabs.watchtower.enable': 'true',
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
    const {labels: found} = packageConfig(
      containerWith({Labels: {...kept, ...dropped}}),
      imageWith({Labels: dropped}),
      labels,
    )
    expect(found).to.deep.equal({...kept, ...labels})
  })
})

describe('added environment', () => {
  it('names the variables that the image lacks or sets differently, in order, and never a value', () => {
    const container = containerWith({Env: ['PATH=/bin', 'TOKEN=secret=x', 'LANG=de', 'B', 'EMPTY=']})
    const base = imageWith({Env: ['PATH=/bin', 'LANG=en', 'GONE=1']})
    expect(addedEnvironment(container, base)).to.deep.equal(['B', 'EMPTY', 'LANG', 'TOKEN'])
  })

  it('is empty if the container has none', () => {
    expect(addedEnvironment(containerWith({Env: null}), imageWith({Env: ['A=1']}))).to.deep.equal([])
    expect(addedEnvironment(containerWith({Env: ['A=1']}), {...imageWith(), Config: null})).to.deep.equal(['A'])
  })
})
