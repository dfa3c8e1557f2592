import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {expect} from 'chai'

import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {GitSandbox} from '../../support/git.js'
import type {SavedImage} from '../../support/layers.js'
import {keg} from '../../support/keg.js'
import {imageLayers} from '../../support/layers.js'
import {inContainer, labelsOf, packageJson, packageOf, waitingContainer} from './packaging.js'

const second = 1_000_000_000

describe('keg docker package: configuration @each-store', function () {
  this.timeout(120_000)
  const sandbox = new Sandbox()
  const git = new GitSandbox()
  let [container, folder, reference]: string[] = []
  let saved: SavedImage
  let result: Awaited<ReturnType<typeof packageOf>>

  before(async () => {
    folder = git.repository('shop', 'feature/Login')
    git.git('shop', 'remote', 'add', 'origin', 'git@git.example.org:acme/shop.git')
    git.write('shop/file.txt', 'changed\n')
    const image = await sandbox.imageFromFiles(
      uniqueName('configured'),
      [{path: '/www/index.html', content: 'hello'}],
      {
        from: baseImage,
        instructions: [
          'ENTRYPOINT ["/bin/env", "--"]',
          'CMD ["sleep", "1"]',
          'ENV FROM_IMAGE=image CHANGED=image',
          'EXPOSE 8080 9090/udp',
          'HEALTHCHECK --interval=7s --timeout=3s --retries=4 --start-period=2s CMD ["true"]',
          'LABEL app=shop changed=image com.docker.compose.version=2 desktop.docker.io/ports.scheme=v2',
          'SHELL ["/bin/sh", "-ec"]',
          'STOPSIGNAL SIGINT',
          'USER 1000:50',
          'VOLUME /declared',
          'WORKDIR /www',
        ],
      },
    )
    container = await sandbox.run([
      ...['-e', 'CHANGED=run', '-e', 'ADDED=a b=c\nd', '-p', '127.0.0.1::7070', '--stop-timeout', '7'],
      ...['--add-host', 'db.local:10.1.2.3', '--sysctl', 'net.core.somaxconn=1024', '--restart', 'unless-stopped'],
      ...['--cap-add', 'NET_ADMIN', '--device', '/dev/null:/dev/x', '--dns', '10.9.9.9', '--interactive'],
      ...['-v', '/anonymous', '-v', `${await sandbox.volume()}:/named`, '--shm-size', '128m'],
      ...['--label', 'changed=run', '--label', `com.keg.folder=${folder}`, '--label', 'com.keg.branch=feature/Login'],
      ...['--label', 'com.docker.compose.project=shop', '--label', 'com.docker.compose.service=web'],
      ...['--label', `com.docker.compose.project.working_dir=${folder}`, '--label', 'com.docker.desktop.extension=x'],
      ...['--label', 'traefik.enable=true', '--label', 'com.acme.checkout=/home/nobody-here/shop'],
      ...['--hostname', 'shop.local', '--name', uniqueName('configured'), image, 'sleep', '3600'],
    ])
    await inContainer(container, 'echo content > /named/file')
    result = await packageOf(sandbox, container, ['-m', 'New "login"\nwith two lines', '-a', 'Ada <ada@example.org>'])
    reference = result.reference
    saved = await imageLayers(reference)
  })

  after(async () => {
    git.remove()
    await sandbox.clean()
  })

  it('is that of the running container', () => {
    const {Labels, ...config} = saved.configuration.config
    const {Env, ...others} = config
    expect(others).to.deep.equal({
      Cmd: ['sleep', '3600'],
      Entrypoint: ['/bin/env', '--'],
      ExposedPorts: {'7070/tcp': {}, '8080/tcp': {}, '9090/udp': {}},
      Healthcheck: {
        ...{Interval: 7 * second, Retries: 4, StartPeriod: 2 * second},
        ...{Test: ['CMD', 'true'], Timeout: 3 * second},
      },
      Shell: ['/bin/sh', '-ec'],
      StopSignal: 'SIGINT',
      StopTimeout: 7,
      User: '1000:50',
      Volumes: {'/declared': {}},
      WorkingDir: '/www',
    })
    expect(Env).to.include.members(['FROM_IMAGE=image', 'CHANGED=run', 'ADDED=a b=c\nd'])
    expect(Env?.filter((assignment) => assignment.startsWith('CHANGED='))).to.have.length(1)
    expect(Labels).to.deep.include({app: 'shop', changed: 'run'})
  })

  it('has no label by which a tool finds its containers, and none that names a home folder', () => {
    const names = Object.keys(saved.configuration.config.Labels ?? {})
    expect(names).to.include('app')
    expect(names.filter((name) => /compose|desktop|traefik|checkout/.test(name))).to.deep.equal([])
    expect(result.warnings.join()).to.include('com.acme.checkout').and.not.include('nobody-here')
  })

  it('names its origin', async () => {
    const labels = await labelsOf(reference!)
    const commit = git.git('shop', 'rev-parse', 'HEAD')
    expect(labels).to.deep.include({
      'com.keg.package.author': 'Ada <ada@example.org>',
      'com.keg.package.branch': 'feature/Login',
      'com.keg.package.dirty': 'true',
      'com.keg.package.folder-commit': commit,
      'com.keg.package.message': 'New "login"\nwith two lines',
      'com.keg.package.schema': '1',
      'com.keg.role': 'package',
      'org.opencontainers.image.authors': 'Ada <ada@example.org>',
      'org.opencontainers.image.base.name': await docker(['inspect', '--format', '{{.Config.Image}}', container!]),
      'org.opencontainers.image.revision': commit,
      'org.opencontainers.image.source': 'https://git.example.org/acme/shop',
      'org.opencontainers.image.version': 'one',
    })
    expect(Date.now() - Date.parse(labels['org.opencontainers.image.created'] ?? '')).to.be.within(0, 60_000)
    expect(labels['com.keg.package.entries']).to.match(/^sha256:[0-9a-f]{64}$/)
    const diffIds = saved.layers.map(({diffId}) => diffId)
    const mounts = JSON.parse(labels['com.keg.package.mounts'] ?? '') as {layer: string; path: string; type: string}[]
    expect(mounts.map(({path, type}) => `${type} ${path}`)).to.deep.equal(
      ['/anonymous', '/declared', '/named'].map((path) => `volume ${path}`),
    )
    for (const {layer, path} of mounts)
      expect(saved.layers[diffIds.indexOf(layer)]?.entries.map((entry) => entry.path)).to.include(path)
    const settings = {
      ...{interactive: true, shmSize: 128 * 1024 * 1024, capAdd: ['NET_ADMIN'], ports: ['7070/tcp']},
      ...{hostname: 'shop.local', extraHosts: ['db.local:10.1.2.3'], dns: ['10.9.9.9']},
      ...{sysctls: {'net.core.somaxconn': '1024'}, devices: ['/dev/null:/dev/x'], restart: 'unless-stopped'},
      stopTimeout: 7,
    }
    const label = JSON.parse(labels['com.keg.package.run'] ?? '') as {capAdd: string[]}
    // Newer engines write the full name.
    const capAdd = label.capAdd.map((name) => name.replace('CAP_', ''))
    expect({...label, capAdd}).to.deep.equal(settings)
    expect(result.settings).to.deep.equal(label)
    expect(result).to.deep.include({branch: 'feature/Login', commit, dirty: true, folder})
  })

  it('reveals no folder of the machine', async () => {
    const labels = await labelsOf(reference!)
    expect(Object.keys(labels).filter((name) => name === 'com.keg.folder' || name === 'com.keg.branch')).to.deep.equal(
      [],
    )
    expect(JSON.stringify(saved.configuration)).to.not.include(git.folder)
  })

  it('is named after the compose service and tagged with the branch by default', async () => {
    const run = await keg(['docker', 'package', container!, '--dry-run', '--json'])
    const plan = packageJson(run)
    expect(plan).to.deep.include({name: 'shop-web', branch: 'feature/Login'})
    expect(plan.tags.join()).to.match(/^feature-Login-k[0-9a-f]{10}$/)
  })

  it('shows its steps in docker history', async () => {
    const format = ['--no-trunc', '--format', '{{.CreatedBy}}']
    const base = await docker(['inspect', '--format', '{{.Image}}', container!])
    const [own, ofBase] = await Promise.all(
      [reference!, base].map(async (image) => (await docker(['history', ...format, image])).split('\n')),
    )
    expect(own?.slice(0, 3)).to.deep.equal(
      ['/named', '/declared', '/anonymous'].map((path) => `keg docker package: volume ${path}`),
    )
    expect(own?.slice(-(ofBase?.length ?? 0))).to.deep.equal(ofBase)
  })

  it('runs as the container did', async () => {
    const again = await sandbox.run([reference!])
    const script = 'id -u; id -g; pwd; cat /named/file; echo "$ADDED"; ps'
    const output = await docker(['exec', again, 'sh', '-c', script])
    expect(output).to.match(/^1000\n50\n\/www\ncontent\na b=c\nd\n/)
    expect(output).to.match(/\bsleep 3600\b/)
  })
})

describe('keg docker package: a server @each-store', function () {
  this.timeout(120_000)
  const sandbox = new Sandbox()

  after(() => sandbox.clean())

  it('serves from its package what its container served, including the contents of mounts', async () => {
    const folder = await sandbox.temporaryFolder()
    await mkdir(join(folder, 'bound'))
    await writeFile(join(folder, 'bound', 'page'), 'from the bind')
    const image = await sandbox.imageFromFiles(uniqueName('server'), [{path: '/www/page', content: 'from the image'}], {
      from: baseImage,
      instructions: ['EXPOSE 8080', 'VOLUME /www/data', 'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]'],
    })
    const container = await sandbox.run(['-v', `${join(folder, 'bound')}:/www/bound`, image])
    await inContainer(container, 'echo "from the volume" > /www/data/page; echo "from the own layer" > /www/own')
    const {reference} = await packageOf(sandbox, container)
    await docker(['rm', '--force', '--volumes', container])
    const reviewed = await sandbox.run(['-p', '127.0.0.1::8080', reference])
    const address = (await docker(['port', reviewed, '8080/tcp'])).split('\n')[0]!
    const fetched = async (path: string) => (await (await fetch(`http://${address}/${path}`)).text()).trim()
    await waitFor(async () => (await fetch(`http://${address}/page`)).ok)
    expect(await Promise.all(['page', 'bound/page', 'data/page', 'own'].map(fetched))).to.deep.equal([
      ...['from the image', 'from the bind', 'from the volume', 'from the own layer'],
    ])
  })

  it('has the configuration of its container and no more', async () => {
    const container = await waitingContainer(sandbox, [baseImage], 'true')
    const {reference} = await packageOf(sandbox, container)
    const {Env, ...config} = (await imageLayers(reference)).configuration.config
    expect(Env ?? []).to.deep.equal((await imageLayers(baseImage)).configuration.config.Env ?? [])
    expect(config).to.have.all.keys('Cmd', 'Labels')
    expect(config.Cmd).to.deep.equal(['sleep', '3600'])
  })
})

/** Waits up to ten seconds until a condition is true. */
async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000
  while (!(await condition().catch(() => false))) {
    if (Date.now() > end) throw new Error('it does not come up')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
