import {once} from 'node:events'
import {mkdir, rename, writeFile} from 'node:fs/promises'
import {createServer} from 'node:net'
import {join} from 'node:path'

import {expect} from 'chai'

import {docker} from '../../support/docker.js'
import type {KegResult} from '../../support/keg.js'
import {runAdvice, type AdviceOptions} from '../../support/run-advice.js'
import {idlingTap} from '../../support/tap-shapes.js'
import {TapBed, type LinkedTap} from '../../support/taps.js'

describe('what keg advises about taps @classic', function () {
  this.timeout(120_000)
  let bed: TapBed
  let shop: LinkedTap

  before(async () => {
    bed = await TapBed.start()
    shop = await bed.tap(idlingTap, {branch: 'main'})
  })
  after(async () => bed.stop())

  const advised = async (said: KegResult, beginning: string, options: AdviceOptions = {}): Promise<KegResult> =>
    runAdvice(said, beginning, {...options, env: {...bed.environment, ...options.env}})

  async function fails(words: readonly string[], code: string, cwd?: string): Promise<KegResult> {
    const [topic = '', command = '', ...rest] = words
    const result = await bed.keg([topic, command, '--json', ...rest], cwd === undefined ? {} : {cwd})
    expect(result.json()).to.have.nested.property('error.code', code)
    return result
  }

  const stateOf = async (container: string): Promise<string> =>
    docker(['inspect', '--format', '{{.State.Status}}', container])

  it('starts a tap, manages it, and continues after it was stopped or paused', async () => {
    const missing = await fails(['tap', 'exec', shop.name, '--', 'true'], 'tap-not-started')
    await advised(missing, 'keg tap status')
    await advised(missing, 'keg tap start', {add: ['--no-sync'], until: /http:\/\/[\d.]+:\d+/})
    const [container = ''] = await bed.containers('{{.Names}}')
    expect(await stateOf(container)).to.equal('running')

    const linked = await bed.kegSucceeds(['tap', 'link', shop.folder, '--name', shop.name])
    await advised(linked, `keg ${shop.name} start`, {add: ['--no-sync'], until: /http:\/\/[\d.]+:\d+/})
    const idle = await bed.kegSucceeds(['tap', 'status', shop.name])
    await advised(idle, 'keg tap start', {add: ['--no-sync'], until: /http:\/\/[\d.]+:\d+/})

    const unnamed = await fails(['sync', 'create'], 'container-missing')
    const add = ['--remote', '/app', '--dry-run', '--json']
    const planned = await advised(unnamed, 'keg sync create', {fill: {CONTAINER: container}, add, cwd: shop.folder})
    expect(planned.json()).to.include({created: false})

    await docker(['pause', container])
    await advised(await fails(['tap', 'exec', shop.name, '--', 'true'], 'container-stopped'), 'docker unpause')
    await bed.kegSucceeds(['tap', 'exec', shop.name, '--', 'true'])

    await bed.kegSucceeds(['tap', 'stop', shop.name, '--yes'])
    const stopped = await fails(['tap', 'exec', shop.name, '--', 'true'], 'container-stopped')
    await advised(stopped, 'keg tap restart', {add: ['--detach']})
    await bed.kegSucceeds(['tap', 'exec', shop.name, '--', 'true'])

    // Another process takes its port while it is stopped.
    const port = Number((await docker(['port', container])).split(':').at(-1))
    await bed.kegSucceeds(['tap', 'stop', shop.name, '--yes'])
    const other = createServer().listen(port, '127.0.0.1')
    await once(other, 'listening')
    const taken = await fails(['tap', 'restart', shop.name, '--detach'], 'port-taken')
    await advised(taken, 'keg tap start', {add: ['--no-sync', '--detach', '--yes']})
    other.close()
    await bed.kegSucceeds(['tap', 'exec', shop.name, '--', 'true'])
  })

  it('packages what only a container has before it is recreated', async () => {
    const {container} = await bed.startTap(shop, ['--no-sync'])
    await docker(['exec', container, 'sh', '-c', 'echo "only here" >/own'])
    const words = ['tap', 'start', shop.name, '--no-sync', '--detach', '--env', 'A=1']
    const refused = await fails(words, 'container-changed')
    const packaged = await advised(refused, 'keg tap package', {add: ['--json', '--no-action']})
    bed.sandbox.addImage(String(packaged.json().reference))
    const again = await advised(packaged, 'keg docker package run', {add: ['-d', '--wait', '0', '--json']})
    const copy = bed.sandbox.addContainer(String(again.json().container))
    expect(await docker(['exec', copy, 'cat', '/own'])).to.equal('only here')
    await docker(['rm', '--force', copy])
  })

  it('finds what is left of an unlinked tap, and removes it', async () => {
    await bed.startTap(shop, ['--no-sync'])
    const unlinked = await bed.kegSucceeds(['tap', 'unlink', shop.name, '--yes'])
    expect((await advised(unlinked, 'docker ps')).stdout).to.include(shop.name)
    await advised(unlinked, 'keg sync list')
    await advised(unlinked, 'keg tap link')
    await advised(unlinked, 'keg tap destroy', {add: ['--yes']})
    expect(await bed.containers('{{.Names}}')).to.deep.equal([])
  })

  it('links a folder that is not linked, was moved, or is new', async () => {
    await bed.kegSucceeds(['tap', 'unlink', shop.name, '--yes'])
    const none = await bed.kegSucceeds(['tap', 'list'])
    await advised(none, 'keg tap link', {fill: {PATH: shop.folder}, add: ['--name', shop.name]})
    const taps = await bed.kegSucceeds(['tap', 'list', '--quiet'])
    expect(taps.stdout).to.equal(`${shop.name}\n`)

    const folder = await bed.sandbox.temporaryFolder("it's new")
    await fails(['tap', 'path'], 'tap-missing', folder)
    const nothing = await fails(['tap', 'link'], 'tap-container-missing', folder)
    const made = await advised(nothing, 'keg tap new', {cwd: folder, add: ['news', '--no-link']})
    const linked = await advised(made, 'keg tap link')
    expect((await bed.kegSucceeds(['tap', 'path', 'news'])).stdout.trim()).to.include('news')
    expect(linked.stdout).to.include('keg news start')

    const unknown = await fails(['tap', 'path', 'nothing'], 'tap-unknown')
    await advised(unknown, 'keg tap link', {fill: {PATH: shop.folder}, add: ['--name', 'other']})
    await bed.kegSucceeds(['tap', 'unlink', 'other', '--yes'])

    const moved = `${shop.folder} moved`
    await rename(shop.folder, moved)
    const gone = await fails(['tap', 'path', shop.name], 'tap-folder-missing')
    await advised(gone, 'keg tap link', {fill: {PATH: moved}})
    expect((await bed.kegSucceeds(['tap', 'path', shop.name])).stdout).to.equal(`${moved}\n`)
    await rename(moved, shop.folder)
    const here = await fails(['tap', 'path'], 'tap-missing', shop.folder)
    await advised(here, `keg tap link ${shop.folder} --name ${shop.name}`)
    expect((await bed.kegSucceeds(['tap', 'path', shop.name])).stdout).to.equal(`${shop.folder}\n`)
    await rename(shop.folder, moved)
    await advised(await fails(['tap', 'path', shop.name], 'tap-folder-missing'), 'keg tap unlink', {add: ['--yes']})
    await rename(moved, shop.folder)
    const unlinked = await fails(['tap', 'path'], 'tap-missing', shop.folder)
    await advised(unlinked, 'keg tap link', {cwd: shop.folder, add: ['--name', shop.name]})
    await bed.kegSucceeds(['tap', 'path', shop.name])
  })

  it("shows mistakes in a tap's files, and available values", async () => {
    const unknown = await fails(['tap', 'env', 'KEG_PROXY_PROT'], 'value-unknown', shop.folder)
    expect((await advised(unknown, 'keg tap env', {cwd: shop.folder})).stdout).to.include('KEG_PROXY_PORT')

    const file = join(shop.folder, 'container/values-local.yml')
    await writeFile(file, 'env: [1]\n')
    const invalid = await fails(['tap', 'start', '--dry-run'], 'tap-invalid', shop.folder)
    await writeFile(file, 'env: {CORE: "{{ cli.paths.core }}", PLACE: "{{ docker.namespace }}"}\n')
    const nowhere = await fails(['tap', 'env', 'CORE'], 'value-template', shop.folder)
    await advised(nowhere, 'keg config set paths', {fill: {PATH: shop.folder}})
    const core = await bed.kegSucceeds(['tap', 'env', 'CORE'], {cwd: shop.folder})
    expect(core.stdout).to.equal(`${shop.folder}\n`)
    const nameless = await fails(['tap', 'env', 'PLACE'], 'value-template', shop.folder)
    await advised(nameless, 'keg config set registry', {fill: {'HOST/NAMESPACE': 'ghcr.io/acme'}})
    const place = await bed.kegSucceeds(['tap', 'env', 'PLACE'], {cwd: shop.folder})
    expect(place.stdout).to.equal('acme\n')
    for (const name of ['paths.core', 'registry']) await bed.kegSucceeds(['config', 'unset', name])
    await writeFile(file, 'env: {}\n')
    await advised(invalid, 'keg tap validate')
  })

  it('shows what is in the engine, Mutagen and keg', async () => {
    const lines = [
      ...['docker buildx ls', 'docker context ls', 'docker images', 'docker info', 'docker network ls', 'docker ps -a'],
      ...['docker version', 'docker images --filter label=com.keg.role=package'],
      ...['mutagen sync list --long', "mutagen sync list --template '{{json .}}'", 'keg config list'],
      ...['keg sync list', 'keg tap list'],
    ]
    const cwd = await bed.sandbox.temporaryFolder('looking')
    await mkdir(join(cwd, 'empty'))
    for (const line of lines) await runAdvice(`See: ${line}`, line, {cwd, env: bed.environment})
    const foreign = await bed.keg(['docker', 'package', 'inspect', bed.baseImage])
    const shown = await advised(foreign, 'docker image inspect')
    expect(shown.stdout).to.include(bed.baseImage)
    // It exits with 1 if something on this machine needs fixing, and still shows them.
    const {stdout} = await advised(await bed.keg(['doctor']), 'keg doctor --advisories', {exits: [0, 1]})
    expect(stdout).to.match(/^\w+ +advisories /m)
  })
})
