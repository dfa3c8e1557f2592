import {access, constants, mkdir, symlink, writeFile} from 'node:fs/promises'
import {delimiter, join} from 'node:path'

import {expect} from 'chai'

import {Engine} from '../../../src/lib/engine/engine.js'
import {ensureNetwork, removeUnusedNetwork} from '../../../src/lib/proxy/network.js'
import {docker, uniqueName} from '../../support/docker.js'
import type {KegResult} from '../../support/keg.js'
import {idlingTap, pageFile, servingTap} from '../../support/tap-shapes.js'
import {page, TapBed, type LinkedTap} from '../../support/taps.js'
import {writeFiles} from '../../support/tree.js'

describe('keg tap start', function () {
  this.timeout(90_000)
  let bed: TapBed
  let shop: LinkedTap

  before(async () => {
    bed = await TapBed.start()
    shop = await bed.tap(idlingTap)
  })
  after(async () => bed.stop())

  /** Starts a tap without its sync. */
  async function start(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<KegResult> {
    return bed.keg(['tap', 'start', shop.name, '--no-sync', '--detach', '--json', ...words], {env})
  }

  function errorOf({code, json, stderr}: KegResult) {
    const {error} = json() as {error?: {code: string; exitCode: number; hint: string; message: string}}
    if (error === undefined) throw new Error(`no error: ${JSON.stringify(json())} ${stderr}`)
    expect(code).to.equal(error.exitCode)
    return error
  }

  it('runs the newest image of the registry, and makes a container anew where nothing of its own is lost', async () => {
    const first = await bed.startTap(shop, ['--no-sync'])
    expect(await page(first.url)).to.equal('A shop.\n')
    const again = await bed.startTap(shop, ['--no-sync'])
    expect(again.container).to.equal(first.container)

    const image = `${shop.repository}:develop`
    await writeFiles(shop.folder, {[pageFile]: 'A newer shop.\n'})
    await bed.build(shop.folder, image)
    await docker(['push', '--quiet', image])
    const newer = await docker(['image', 'inspect', '--format', '{{.Id}}', image])
    // The engine's own tag is the old one again: only the registry knows of the newer.
    await docker(['tag', await imageOf(first.container), image])
    const kept = await bed.startTap(shop, ['--no-sync', '--pull', 'never'])
    expect(kept.container).to.equal(first.container)
    const renewed = await start([])
    expect(renewed.code, renewed.stderr).to.equal(0)
    const {container, recreated, url} = renewed.json()
    expect(recreated).to.have.length(1)
    expect(await imageOf(String(container))).to.equal(newer)
    expect(await page(String(url))).to.equal('A newer shop.\n')
  })

  it('does not lose what only its container has without being told so', async () => {
    const {container} = await bed.startTap(shop, ['--no-sync'])
    await docker(['exec', container, 'sh', '-c', 'echo "only here" >/own'])
    const refused = errorOf(await start(['--env', 'A=1']))
    expect(refused).to.include({code: 'container-changed', exitCode: 3})
    expect(refused.message).to.include('/own')
    expect(refused.hint).to.include('--recreate').and.to.include('--no-recreate').and.to.include('keg tap package')

    const kept = (await start(['--env', 'A=1', '--no-recreate'])).json()
    expect(kept).to.include({container, created: false})
    expect(await docker(['exec', container, 'cat', '/own'])).to.equal('only here')

    const made = (await start(['--env', 'A=1', '--recreate'])).json()
    expect(made).to.include({created: true})
    expect(await docker(['exec', String(made.container), 'sh', '-c', 'echo "$A"; ls /own 2>&1 || true'])).to.match(
      /^1\n.*No such file/,
    )
    expect(await bed.containers('{{.Names}}')).to.deep.equal([made.name])
  })

  it('runs the image that is here where the registry cannot be reached, with a warning', async () => {
    const offline = '127.0.0.1:9/keg-test/offline:develop'
    await docker(['tag', `${shop.repository}:develop`, bed.sandbox.addImage(offline)])
    const words = ['tap', 'start', shop.name, '--no-sync', '--detach', '--recreate', '--from', offline]
    const {code, stderr} = await bed.keg(words)
    expect(code, stderr).to.equal(0)
    expect(stderr).to.match(/Warning: the registry 127\.0\.0\.1:9 cannot be reached/)
    const missing = errorOf(await start(['--from', '127.0.0.1:9/keg-test/nowhere:x', '--pull', 'never']))
    expect(missing.code).to.equal('image-missing')
  })

  it('does not sync later over the code of another branch that was chosen by --from', async () => {
    const packaged = bed.sandbox.addImage(`${shop.name}-package:other`)
    const dockerfile = `FROM ${shop.repository}:develop\nLABEL com.keg.role=package com.keg.package.branch=other\n`
    await docker(['build', '--quiet', '--tag', packaged, '-'], {input: dockerfile, environment: {DOCKER_BUILDKIT: '0'}})
    const from = `docker.io/library/${packaged}`
    const {container} = (await start(['--recreate', '--from', from, '--pull', 'never'])).json()
    const words = ['tap', 'start', shop.name, '--detach', '--json', '--no-recreate']
    const refused = errorOf(await bed.keg(words))
    expect(refused).to.include({code: 'branch-guard', exitCode: 3})
    expect(refused.message).to.include('branch other')
    expect((await start(['--no-recreate'])).json()).to.include({container, sync: null})
  })

  it('is found by a proxy on its network, which goes only when nothing is in it any more', async () => {
    const network = uniqueName('network')
    bed.sandbox.addNetwork(network)
    const env = {KEG_USE_PROXY: 'yes', KEG_DOCKER_NETWORK: network, KEG_PROXY_HOST: 'example.test'}
    const {container, name, ports, url} = (await start(['--recreate'], env)).json()
    expect(url).to.equal(`http://${String(name)}.example.test`)
    expect(ports).to.deep.equal([])
    const facts = await docker([
      'inspect',
      '--format',
      '{{json .Config.Labels}} {{json .NetworkSettings.Networks}}',
      String(container),
    ])
    expect(facts)
      .to.include(`Host(\`${String(name)}.example.test\`)`)
      .and.to.include(`"${network}":`)

    await using engine = await Engine.connect(process.env)
    expect(await ensureNetwork(engine, network)).to.equal(false)
    expect(await removeUnusedNetwork(engine, network)).to.equal(false)
    await docker(['stop', '--time', '0', String(container)])
    expect(await removeUnusedNetwork(engine, network), 'a stopped container needs it to start again').to.equal(false)
    await docker(['rm', '--force', String(container)])
    expect(await removeUnusedNetwork(engine, network)).to.equal(true)
    expect(await removeUnusedNetwork(engine, network)).to.equal(false)
    expect(await removeUnusedNetwork(engine, 'bridge'), "somebody else's").to.equal(false)
  })

  it('says what is missing where docker compose is not there, and does nothing', async () => {
    const folder = join(bed.git.folder, 'programs')
    await mkdir(folder)
    await symlink(await programPath('git'), join(folder, 'git'))
    const withoutClient = errorOf(await start([], {PATH: folder}))
    expect(withoutClient).to.include({code: 'compose-missing', exitCode: 4})

    // As a client answers that has no such plugin.
    const client = '#!/bin/sh\necho "unknown flag: --ansi\n\nUsage:  docker [OPTIONS] COMMAND" >&2\nexit 125\n'
    await writeFile(join(folder, 'docker'), client, {mode: 0o755})
    const withoutPlugin = errorOf(await start([], {PATH: folder}))
    expect(withoutPlugin).to.include({code: 'compose-missing', exitCode: 4})
    expect(withoutPlugin.hint).to.match(/apt-get install|brew install|https:/)
  })

  it('does not sync a folder that the compose file mounts', async () => {
    const mounted = await bed.tap(servingTap, {
      files: {'container/docker-compose.yml': 'services:\n  app:\n    volumes: ["..:/app"]\n'},
    })
    const words = ['tap', 'start', mounted.name, '--detach']
    const {code, stderr, stdout} = await bed.keg(words)
    expect(code, stderr).to.equal(0)
    expect(stderr).to.include('both are the same files already')
    expect(await page(stdout.trim())).to.equal('The news.\n')
    expect(errorOf(await bed.keg([...words, '--sync', '--json']))).to.include({code: 'sync-itself', exitCode: 2})
    await bed.kegSucceeds(['tap', 'destroy', mounted.name, '--yes'])
  })

  it('says that its command ended at once, and leaves its container waiting', async () => {
    const broken = await bed.tap(idlingTap, {
      files: {
        'container/run.sh':
          'if [ -z "$KEG_DOCKER_EXEC" ]; then trap "exit 0" TERM; sleep 1000000 & wait; fi\necho no such script >&2; exit 4\n',
      },
    })
    const ended = errorOf(await bed.keg(['tap', 'start', broken.name, '--no-sync', '--detach', '--json']))
    expect(ended).to.include({code: 'command-ended', exitCode: 1})
    expect(ended.message).to.include('exit code 4')
    expect((await bed.kegSucceeds(['tap', 'logs', broken.name])).stdout).to.include('no such script')
    await bed.kegSucceeds(['tap', 'destroy', broken.name, '--yes'])
  })

  it("touches no container of somebody else's, and says what compose or a container ended with", async () => {
    const other = await bed.tap(servingTap, {
      files: {'container/docker-compose.yml': 'services:\n  app:\n    devices: ["/dev/nowhere"]\n'},
    })
    const foreign = await bed.sandbox.run(['--name', `${other.name}-main`, bed.baseImage])
    const words = ['tap', 'start', other.name, '--no-sync', '--detach', '--json']
    expect(errorOf(await bed.keg(words))).to.include({code: 'container-foreign', exitCode: 3})
    expect(await docker(['inspect', '--format', '{{.State.Running}}', foreign])).to.equal('true')
    await docker(['rm', '--force', foreign])

    expect(errorOf(await bed.keg(words))).to.include({code: 'compose-failed', exitCode: 1})
    await writeFiles(other.folder, {
      'container/docker-compose.yml': 'services:\n  app:\n    command: ["sh", "-c", "echo broken; exit 3"]\n',
    })
    const ended = errorOf(await bed.keg(words))
    expect(ended).to.include({code: 'container-ended', exitCode: 1})
    expect(ended.message).to.match(/exit code 3\.\n.*broken/)
    await bed.kegSucceeds(['tap', 'destroy', other.name, '--yes'])
  })
})

async function imageOf(container: string): Promise<string> {
  return docker(['inspect', '--format', '{{.Image}}', container])
}

/** Where a program is that the tests need. */
async function programPath(program: string): Promise<string> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program)
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  throw new Error(`${program} is not on the PATH`)
}
