import {access, constants, mkdir, readdir, rename, rm, symlink, writeFile} from 'node:fs/promises'
import {delimiter, join} from 'node:path'

import {expect} from 'chai'

import {Engine} from '../../../src/lib/engine/engine.js'
import type {ShownPlan, StartResult} from '../../../src/lib/tap/start/model.js'
import {ensureNetwork, removeUnusedNetwork} from '../../../src/lib/proxy/network.js'
import {buildImage, docker, uniqueName} from '../../support/docker.js'
import type {KegResult} from '../../support/keg.js'
import {runAdvice} from '../../support/run-advice.js'
import {idlingTap, pageFile, servingTap} from '../../support/tap-shapes.js'
import {page, TapBed, type LinkedTap} from '../../support/taps.js'
import {writeFiles} from '../../support/tree.js'
import {ctrlC, kegOnTerminal} from '../package/terminal.js'
import {watchEngine} from '../package/watched-engine.js'

describe('keg tap start @classic', function () {
  this.timeout(180_000)
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

  it('finds a renamed container by its labels', async () => {
    const plain = await bed.tap(idlingTap)
    const {container} = await bed.startTap(plain, ['--no-sync'])
    const name = bed.sandbox.addContainer(uniqueName('renamed'))
    await docker(['rename', container, name])
    await docker(['stop', '--time', '1', container])
    const again = await bed.kegSucceeds(['tap', 'start', plain.name, '--no-sync', '--detach', '--json'])
    expect(again.json()).to.include({container, name, created: false})
    const status = await bed.kegSucceeds(['tap', 'status', plain.name, '--json'])
    expect((status.json().containers as {name: string}[]).map((each) => each.name)).to.deep.equal([name])
    const made = await bed.kegSucceeds(['tap', 'start', plain.name, '--no-sync', '--detach', '--json', '--recreate'])
    expect(made.json()).to.include({name: `${plain.name}-main`, created: true})
    await bed.kegSucceeds(['tap', 'destroy', plain.name, '--yes'])
    expect(await docker(['ps', '--all', '--quiet', '--filter', `label=com.keg.tap=${plain.name}`])).to.equal('')
  })

  it('runs the newest image of the registry, and recreates a container that would lose nothing', async () => {
    const first = await bed.startTap(shop, ['--no-sync'])
    expect(await page(first.url)).to.equal('A shop.\n')
    const again = await bed.startTap(shop, ['--no-sync'])
    expect(again.container).to.equal(first.container)
    const followed = await bed.kegSucceeds(['tap', 'start', shop.name, '--no-sync'])
    expect(followed.stderr).to.include('is already running')
    await runAdvice(followed.stderr, 'keg tap logs', {env: bed.environment, until: /serving by compose-start/})

    const image = `${shop.repository}:develop`
    await writeFiles(shop.folder, {[pageFile]: 'A newer shop.\n'})
    await bed.build(shop.folder, image)
    await docker(['push', '--quiet', image])
    const newer = await docker(['image', 'inspect', '--format', '{{.Id}}', image])
    // The engine's own tag is the old one again: only the registry has the newer one.
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

  it('creates the container in a second try if the image store lost a race', async () => {
    const raced = await bed.tap(idlingTap)
    const creations: string[] = []
    const engine = await watchEngine({
      instead: ({line}) => {
        if (line !== 'POST /containers/create' || creations.push(line) > 1) return undefined
        return {status: 500, body: {message: `unable to find image "sha256:${'0'.repeat(64)}"`}}
      },
    })
    try {
      const words = ['tap', 'start', raced.name, '--no-sync', '--detach', '--json']
      const started = await bed.keg(words, {env: {DOCKER_HOST: engine.host}})
      expect(started.code, started.stdout + started.stderr).to.equal(0)
      expect(creations).to.have.length(2)
      await bed.kegSucceeds(['tap', 'destroy', raced.name, '--yes'])
    } finally {
      await engine.close()
    }
  })

  it('does what its dry run shows: create, keep, start, recreate, and ask', async () => {
    const planned = await bed.tap(servingTap)
    const words = ['tap', 'start', planned.name, '--no-sync', '--detach', '--json']
    /** A dry run, which changes nothing. */
    const plan = async (...more: readonly string[]): Promise<StartResult & {readonly plan: ShownPlan}> => {
      const before = await bed.present()
      const result = (await bed.kegSucceeds([...words, ...more, '--dry-run'])).json() as unknown as StartResult
      expect(await bed.present()).to.deep.equal(before)
      if (result.plan === null) throw new Error('no plan')
      return {...result, plan: result.plan}
    }
    /** Compares the real run with the plan. */
    const compared = async (...more: readonly string[]): Promise<StartResult & {readonly plan: ShownPlan}> => {
      const shown = await plan(...more)
      const {action, reasons} = shown.plan.container
      const done = (await bed.kegSucceeds([...words, ...more])).json() as unknown as StartResult
      const {branch, folder, image, name, ports, tap} = shown
      expect(done).to.deep.include({branch, folder, image, name, ports, tap, sync: null})
      expect([done.created, done.recreated]).to.deep.equal([
        action === 'create' || action === 'recreate',
        action === 'recreate' ? reasons : [],
      ])
      const id = String(done.container)
      expect(await imageOf(id)).to.equal(shown.plan.image.id)
      if (action === 'keep' || action === 'start') {
        expect(id).to.equal(shown.container)
        return shown
      }
      expect(id).not.to.equal(shown.container)
      const labels = JSON.parse(await docker(['inspect', '--format', '{{json .Config.Labels}}', id])) as object
      expect(labels).to.include(Object.values(shown.model?.services ?? {})[0]?.labels)
      return shown
    }

    expect((await compared()).plan).to.deep.include({
      container: {action: 'create', reasons: [], losses: [], reproducible: []},
      compose: ['up --detach --no-recreate'],
    })
    expect((await compared()).plan).to.deep.include({
      container: {action: 'keep', reasons: [], losses: [], reproducible: []},
      compose: [],
    })
    await bed.kegSucceeds(['tap', 'stop', planned.name])
    expect((await compared()).plan.container.action).to.equal('start')
    const other = await compared('--env', 'A=1')
    expect(other.plan.container).to.deep.include({action: 'recreate', reasons: ['its settings have changed']})

    await docker(['exec', String((await plan()).container), 'sh', '-c', 'echo "only here" >/own'])
    const asked = await plan('--env', 'A=2')
    expect(asked.plan.container.losses).to.include('/own')
    expect(asked.plan.question?.flags).to.equal('--recreate or --no-recreate')
    const refused = errorOf(await bed.keg([...words, '--env', 'A=2']))
    expect(refused).to.include({code: 'container-changed', message: asked.plan.question?.text})
    expect((await compared('--env', 'A=2', '--no-recreate')).plan).to.deep.include({question: null, compose: []})
    expect((await compared('--env', 'A=2', '--recreate')).plan.container.action).to.equal('recreate')
    await bed.kegSucceeds(['tap', 'destroy', planned.name, '--yes'])
  })

  it('loses nothing that only its container has, unless told to', async () => {
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

  it('runs the local image if the registry cannot be reached, with a warning', async () => {
    const offline = '127.0.0.1:9/keg-test/offline:develop'
    await docker(['tag', `${shop.repository}:develop`, bed.sandbox.addImage(offline)])
    const words = ['tap', 'start', shop.name, '--no-sync', '--detach', '--recreate', '--from', offline]
    const {code, stderr} = await bed.keg(words)
    expect(code, stderr).to.equal(0)
    expect(stderr).to.match(/Warning: the registry 127\.0\.0\.1:9 cannot be reached/)
    const missing = errorOf(await start(['--from', '127.0.0.1:9/keg-test/nowhere:x', '--pull', 'never']))
    expect(missing.code).to.equal('image-missing')
  })

  it('warns if git does not find the repository of a worktree', async () => {
    const lost = await bed.tap(idlingTap)
    await rm(join(lost.folder, '.git'), {recursive: true, force: true})
    await writeFile(join(lost.folder, '.git'), 'gitdir: /nowhere/.git/worktrees/lost\n')
    const {code, stderr} = await bed.keg(['tap', 'start', lost.name, '--no-sync', '--dry-run'])
    expect(code, stderr).to.equal(0)
    expect(stderr).to.include(`Warning: git finds no repository in ${lost.folder}, although it has a .git.`)
  })

  it('does not later sync over the code of another branch chosen with --from', async () => {
    const packaged = bed.sandbox.addImage(`${shop.name}-package:other`)
    const dockerfile = `FROM ${shop.repository}:develop\nLABEL com.keg.role=package com.keg.package.branch=other\n`
    await buildImage(['--tag', packaged, '-'], dockerfile)
    const from = `docker.io/library/${packaged}`
    const {container} = (await start(['--recreate', '--from', from, '--pull', 'never'])).json()
    const words = ['tap', 'start', shop.name, '--detach', '--json', '--no-recreate']
    const refused = errorOf(await bed.keg(words))
    expect(refused).to.include({code: 'branch-guard', exitCode: 3})
    expect(refused.message).to.include('branch other')
    expect((await start(['--no-recreate'])).json()).to.include({container, sync: null})
  })

  it('is found by a proxy on its network, which is removed only when it is empty', async () => {
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

  it('says that docker compose is missing, and does nothing', async () => {
    const folder = join(bed.git.folder, 'programs')
    await mkdir(folder)
    await symlink(await programPath('git'), join(folder, 'git'))
    const withoutClient = errorOf(await start([], {PATH: folder}))
    expect(withoutClient).to.include({code: 'compose-missing', exitCode: 4})

    // The answer of a client without the plugin.
    const client = '#!/bin/sh\necho "unknown flag: --ansi\n\nUsage:  docker [OPTIONS] COMMAND" >&2\nexit 125\n'
    await writeFile(join(folder, 'docker'), client, {mode: 0o755})
    const withoutPlugin = errorOf(await start([], {PATH: folder}))
    expect(withoutPlugin).to.include({code: 'compose-missing', exitCode: 4})
    expect(withoutPlugin.hint).to.match(/apt-get install|brew install|https:/)
  })

  it('suggests a command that shows the model when docker compose rejects it without a reason', async () => {
    const folder = join(bed.git.folder, 'silent')
    await mkdir(folder)
    const client = [
      '#!/bin/sh',
      `case "\${PRINTED_CONFIG:+set} $* " in set*' config '*) echo "$PRINTED_CONFIG"; exit 0 ;; *' up '*) exit 0 ;; esac`,
      `exec ${await programPath('docker')} "$@"`,
      '',
    ].join('\n')
    await writeFile(join(folder, 'docker'), client, {mode: 0o755})
    const plain = await bed.tap(servingTap, {
      files: {'container/docker-compose.yml': 'services:\n  app:\n    init: true\n'},
    })
    const words = ['tap', 'start', plain.name, '--no-sync', '--detach', '--json']
    const env = {PATH: [folder, process.env.PATH ?? ''].join(delimiter)}
    const none = errorOf(await bed.keg(words, {env}))
    expect(none).to.include({code: 'compose-failed', exitCode: 1})
    expect(none.message).to.include('created no container')
    const broken = {...env, PRINTED_CONFIG: '[]'}
    const unreadable = errorOf(await bed.keg(words, {env: broken}))
    expect(unreadable).to.include({code: 'compose-answer-invalid', exitCode: 1})
    // Other things on this machine may be a problem for it.
    const options = {env: {...bed.environment, ...broken}, add: ['--json'], exits: [0, 1]}
    const {checks} = (await runAdvice(unreadable.hint, 'keg doctor', options)).json()
    expect((checks as {id: string; detail: string}[]).find(({id}) => id === 'compose')?.detail).to.match(/^\d/)
    const shown = await runAdvice(none.hint, 'keg tap start', {env: bed.environment})
    expect(shown.json()).to.have.nested.property('model.services')
    expect(await bed.containers('{{.Names}}')).not.to.include(`${plain.name}-main`)
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

  it('says that its command exited at once, and leaves its container waiting', async () => {
    const broken = await bed.tap(idlingTap, {
      files: {
        'container/run.sh':
          'if [ -z "$KEG_DOCKER_EXEC" ]; then trap "exit 0" TERM; sleep 1000000 & wait; fi\necho no such script >&2; exit 4\n',
      },
    })
    const ended = errorOf(await bed.keg(['tap', 'start', broken.name, '--no-sync', '--detach', '--json']))
    expect(ended).to.include({code: 'command-ended', exitCode: 1})
    expect(ended.message).to.include('exit code 4')
    const logs = await runAdvice(ended.hint, 'keg tap logs', {env: bed.environment})
    expect(logs.stdout).to.include('no such script')

    // Its folder is moved: the advice must still work, and nothing is removed without asking.
    const moved = `${broken.folder}-moved`
    await rename(broken.folder, moved)
    await bed.kegSucceeds(['tap', 'link', moved, '--name', broken.name])
    const words = ['tap', 'start', broken.name, '--no-sync', '--detach', '--json']
    const refused = errorOf(await bed.keg(words))
    expect(refused).to.include({code: 'container-foreign', exitCode: 3})
    const advised = {env: bed.environment}
    const kept = await runAdvice(refused.hint, 'keg docker package', {...advised, add: ['--json']})
    bed.sandbox.addImage(String(kept.json().reference))
    const again = await runAdvice(kept, 'keg docker package run', {...advised, add: ['-d', '--wait', '0', '--json']})
    bed.sandbox.addContainer(String(again.json().container))
    await runAdvice(refused.hint, 'docker rm', advised)
    expect(errorOf(await bed.keg(words))).to.include({code: 'command-ended'})
    await bed.kegSucceeds(['tap', 'destroy', broken.name, '--yes'])
  })

  it('is followed at a terminal until Ctrl-C; then its container idles, its log is kept, and a restart works like the start', async () => {
    const follow = async (verb: 'restart' | 'start', words: readonly string[] = []): Promise<string> => {
      const terminal = await kegOnTerminal(['tap', verb, shop.name, ...words], bed.environment)
      await terminal.shows(/serving by compose-start/)
      await terminal.shows(/http:\/\/[\d.]+:\d+/)
      terminal.press(ctrlC)
      const {code, shown} = await terminal.ended
      expect(code, shown).to.equal(130)
      return /http:\/\/[\d.]+:\d+/.exec(shown)?.[0] ?? ''
    }
    const appOf = async () => {
      const status = await bed.kegSucceeds(['tap', 'status', shop.name, '--json'])
      const {app, id, url} =
        (status.json() as {containers: {app: string; id: string; url: string}[]}).containers[0] ?? {}
      return {app, id: String(id), url}
    }
    const logs = async (words: readonly string[] = []) => bed.kegSucceeds(['tap', 'logs', shop.name, ...words])

    await follow('start', ['--no-sync', '--recreate'])
    const {app, id, url} = await appOf()
    expect({app, url}).to.deep.equal({app: 'idle', url: null})
    expect((await bed.kegSucceeds(['tap', 'status', shop.name])).stdout)
      .to.include('idle')
      .and.not.include('http')
    const first = await logs()
    expect(first.stdout).to.equal('serving by compose-start\n^C\n')
    expect(first.stderr).to.match(/^==> \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ sh container\/run\.sh\n$/)
    await follow('restart')
    expect((await logs(['--tail', '1', '--timestamps'])).stdout).to.match(/^\d{4}-[\d:T.-]+Z \^C\n$/)

    const started = await bed.startTap(shop, ['--no-sync'])
    expect(started.container).to.equal(id)
    await docker(['restart', '--time', '1', id])
    const restarted = await bed.kegSucceeds(['tap', 'restart', shop.name])
    expect(restarted.stderr).to.include('stays in the background: --no-detach follows it.')
    expect(await page(restarted.stdout.trim())).to.include('shop')
    expect(await appOf()).to.include({app: 'running'})
    const all = await logs()
    expect(all.stdout.match(/serving by compose-start/g)).to.have.length(4)
    await bed.kegSucceeds(['tap', 'destroy', shop.name, '--yes'])
    expect(await readdir(join(bed.home, 'state/keg/containers'))).not.to.include(id)
  })

  it('takes no container of a branch whose name differs only in letter case', async () => {
    const cased = await bed.tap(idlingTap)
    const {container} = await bed.startTap(cased, ['--no-sync'])
    bed.git.git(cased.name, 'switch', '--quiet', '--create', 'Main')
    const refused = errorOf(await bed.keg(['tap', 'start', cased.name, '--no-sync', '--detach', '--json']))
    expect(refused).to.include({code: 'container-foreign', exitCode: 3})
    expect(refused.message).to.include('belongs to the branch main, which differs from Main in letter case alone')
    expect(await docker(['inspect', '--format', '{{.State.Running}}', container])).to.equal('true')
    await bed.kegSucceeds(['tap', 'destroy', cased.name, '--all', '--yes'])
  })

  it("does not touch somebody else's container, and shows why compose or a container failed", async () => {
    const other = await bed.tap(servingTap, {
      files: {'container/docker-compose.yml': 'services:\n  app:\n    devices: ["/dev/nowhere"]\n'},
    })
    const foreign = await bed.sandbox.run(['--name', `${other.name}-main`, bed.baseImage])
    const words = ['tap', 'start', other.name, '--no-sync', '--detach', '--json']
    const advised = {env: bed.environment}
    const taken = errorOf(await bed.keg(words))
    expect(taken).to.include({code: 'container-foreign', exitCode: 3})
    expect(await docker(['inspect', '--format', '{{.State.Running}}', foreign])).to.equal('true')
    await runAdvice(taken.hint, 'keg tap link', advised)
    expect((await bed.kegSucceeds(['tap', 'path', `${other.name}-2`])).stdout).to.equal(`${other.folder}\n`)
    await runAdvice(taken.hint, 'docker rename', advised)

    const failed = errorOf(await bed.keg(words))
    expect(failed).to.include({code: 'compose-failed', exitCode: 1})
    const model = await runAdvice(failed.hint, 'cd ', advised)
    expect(model.stdout).to.include('/dev/nowhere')
    await writeFiles(other.folder, {
      'container/docker-compose.yml': 'services:\n  app:\n    command: ["sh", "-c", "echo broken; exit 3"]\n',
    })
    const ended = errorOf(await bed.keg(words))
    expect(ended).to.include({code: 'container-ended', exitCode: 1})
    expect(ended.message).to.match(/exit code 3\.\n.*broken/)
    expect((await runAdvice(ended.hint, 'keg tap logs', advised)).stdout).to.include('broken')
    await bed.kegSucceeds(['tap', 'destroy', other.name, '--yes'])
  })
})

async function imageOf(container: string): Promise<string> {
  return docker(['inspect', '--format', '{{.Image}}', container])
}

/** Path of a program that the tests need. */
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
