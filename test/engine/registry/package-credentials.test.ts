/** Credentials through the whole program: `keg docker package --push`, with real helpers, registries and engines. */
import {expect} from 'chai'
import {mkdir, readdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, startKeg, type KegOptions, type KegResult, type RunningKeg} from '../../support/keg.js'
import {madeBy, stateOf, watchEngine, type WatchedEngine} from '../package/watched-engine.js'
import {echoingRegistry, proxy} from './misbehaving-registry.js'

const privateRegistry = process.env.KEG_TEST_PRIVATE_REGISTRY ?? '127.0.0.1:5443'
const privateLogin = process.env.KEG_TEST_PRIVATE_LOGIN ?? 'keg:keg'
const secret = 'sw0rdfish-0f-the-helper'

/** What a person or a script is told about a failure. */
interface Expected {
  readonly exit: number
  readonly code: string
  readonly says: RegExp
  readonly hints: RegExp
}

describe('keg docker package --push, with credentials @containerd', function () {
  this.timeout(180_000)

  let sandbox: Sandbox
  let container: string
  let folder: string
  let engine: WatchedEngine
  let open: {close(): Promise<void>}[]

  before(async () => {
    sandbox = new Sandbox()
    container = await sandbox.run([baseImage, 'sleep', '100000'])
  })
  after(() => sandbox.clean())

  beforeEach(async () => {
    folder = await sandbox.temporaryFolder('docker-config')
    open = []
    engine = closing(await watchEngine())
  })
  afterEach(() => Promise.all(open.map((each) => each.close())))

  function closing<T extends {close(): Promise<void>}>(each: T): T {
    open.push(each)
    return each
  }

  const options = (env: KegOptions['env'] = {}): KegOptions => ({
    env: {DOCKER_CONFIG: folder, DOCKER_HOST: engine.host, PATH: `${folder}:${process.env.PATH ?? ''}`, ...env},
  })

  function helper(name: string, script: string): Promise<void> {
    return writeFile(join(folder, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`, {mode: 0o755})
  }

  function config(content: object | string): Promise<void> {
    return writeFile(join(folder, 'config.json'), typeof content === 'string' ? content : JSON.stringify(content))
  }

  /** The arguments that package the container for a registry under a unique name. */
  function commandLine(registry: string, flags: readonly string[] = []): {line: string[]; reference: string} {
    const name = uniqueName('credentials')
    const reference = sandbox.addImage(`${registry}/${name}:one`)
    const line = [
      'docker',
      'package',
      container,
      '--name',
      name,
      '-t',
      'one',
      '--registry',
      registry,
      '--push',
      ...flags,
    ]
    return {line, reference}
  }

  const pushing = (flags: readonly string[] = [], registry = privateRegistry): string[] =>
    commandLine(registry, flags).line

  /** Expects that nothing was made, the container runs, and the helper's secret was not printed. */
  async function expectUntouched(run: KegResult): Promise<void> {
    expect(engine.requests.filter(({line}) => !/^(GET|HEAD) /.test(line))).to.deep.equal([])
    expect(await madeBy(engine)).to.deep.equal([])
    expect(await stateOf(container)).to.equal('running false')
    expect(run.leftovers).to.deep.equal([])
    expect(run.stdout + run.stderr).not.to.contain(secret)
  }

  async function expectFailure({code, exit, hints, says}: Expected, env: KegOptions['env'] = {}): Promise<void> {
    const asJson = await keg(pushing(['--json']), options({...env, KEG_DEBUG: '1'}))
    expect(asJson.code, asJson.stdout + asJson.stderr).to.equal(exit)
    const {error} = asJson.json() as {error: {code: string; message: string; hint: string; exitCode: number}}
    expect(error).to.include({code, exitCode: exit})
    expect(error.message).to.match(says)
    expect(error.hint).to.match(hints)
    await expectUntouched(asJson)
    const asText = await keg(pushing(), options({...env, KEG_DEBUG: '1'}))
    expect(asText.code).to.equal(exit)
    expect(asText.stderr).to.match(says).and.to.match(hints)
    // A helper has no access to the terminal.
    expect(asText.stderr).not.to.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\ufffd]/)
    await expectUntouched(asText)
  }

  const failures: Readonly<Record<string, {script?: string; config?: object | string; expected: Expected}>> = {
    'is missing': {
      config: {credsStore: 'nowhere'},
      expected: {
        exit: 4,
        code: 'credential-helper-missing',
        says: /docker-credential-nowhere for \S+ is not on the PATH/,
        hints: /Install docker-credential-nowhere/,
      },
    },
    'is no name of a program': {
      config: {credsStore: '../bad'},
      expected: {exit: 1, code: 'credential-helper-invalid', says: /\.\.\/bad/, hints: /docker-credential-/},
    },
    fails: {
      script: `echo '${secret}'; printf '\\033[2J\\377\\r${secret}' >&2; exit 7`,
      expected: {
        exit: 1,
        code: 'credential-helper-failed',
        says: /docker-credential-bad ended with exit code 7/,
        hints: /echo \S+ \| docker-credential-bad get/,
      },
    },
    'makes noise before its answer': {
      script: `printf '\\033]0;x\\007 ${secret} \\377\\n'; echo '{"Username":"ann","Secret":"${secret}"}'`,
      expected: {
        exit: 1,
        code: 'credential-helper-failed',
        says: /gave an answer without credentials/,
        hints: /docker-credential-bad get/,
      },
    },
    'prints without end': {
      script: `exec yes '${secret}'`,
      expected: {exit: 1, code: 'credential-helper-failed', says: /printed too much/, hints: /-bad get/},
    },
    'gives a user name with a colon': {
      script: `echo '{"Username":"an:n","Secret":"${secret}"}'`,
      expected: {exit: 1, code: 'credential-helper-failed', says: /user name with a colon/, hints: /-bad get/},
    },
    'is not named, the file being broken': {
      config: `{"auths": {"${privateRegistry}": {"auth": "${secret}"`,
      expected: {
        exit: 1,
        code: 'docker-config-invalid',
        says: /config\.json is not a JSON object/,
        hints: /docker login/,
      },
    },
  }
  for (const [what, {script, config: content, expected}] of Object.entries(failures)) {
    it(`fails with ${expected.code} and leaves nothing if the helper ${what}`, async () => {
      if (script !== undefined) await helper('bad', script)
      await config(content ?? {credHelpers: {[privateRegistry]: 'bad'}})
      await expectFailure(expected)
    })
  }

  it('fails and leaves nothing if the configuration cannot be read', async () => {
    await mkdir(join(folder, 'config.json'))
    await expectFailure({
      exit: 1,
      code: 'docker-config-unreadable',
      says: /cannot be read/,
      hints: /readable for your user/,
    })
  })

  it('fails and leaves nothing if podman’s file is broken or cannot be read', async () => {
    const [file, unreadable] = [join(folder, 'auth.json'), join(folder, 'folder')]
    await writeFile(file, `{"auths": ${secret}`)
    await mkdir(unreadable)
    const broken = {exit: 1, code: 'podman-auth-invalid', says: /auth\.json is not a JSON/, hints: /podman login/}
    await expectFailure(broken, {REGISTRY_AUTH_FILE: file})
    const closed = {
      exit: 1,
      code: 'podman-auth-unreadable',
      says: /folder cannot be read/,
      hints: /readable for your user/,
    }
    await expectFailure(closed, {REGISTRY_AUTH_FILE: unreadable})
  })

  it('uses the answer of a noisy helper, and pushes', async () => {
    const [Username, Secret] = privateLogin.split(':')
    const answer = JSON.stringify({Username, Secret})
    await helper(
      'noisy',
      `yes noise | head -c 3000000 >&2; printf '\\377' >&2; echo '${answer}'; yes '"{' | head -c 3000000`,
    )
    await config({credHelpers: {[privateRegistry]: 'noisy'}})
    for (const via of ['registry', 'engine']) {
      const run = await keg(pushing(['--json', '--via', via]), options())
      expect(run.code, run.stderr).to.equal(0)
      expect(run.json()).to.include({pushed: true, via})
    }
  })

  it('does not ask a helper without a push', async () => {
    await config({credsStore: 'nowhere'})
    const {line, reference} = commandLine(privateRegistry, ['--json'])
    const run = await keg([...line.filter((word) => word !== '--push'), '--no-push'], options())
    expect(run.code, run.stderr).to.equal(0)
    expect(run.json()).to.include({reference, pushed: false})
    // A dry run asks the registry as well.
    expect((await keg([...line, '--dry-run'], options())).code).to.equal(4)
  })

  describe('of a helper that hangs', () => {
    /** Running processes with the mark in their environment, to be killed at the end. */
    async function left(mark: string): Promise<number[]> {
      const found: number[] = []
      for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)))
        if ((await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).includes(mark)) found.push(Number(pid))
      return found
    }

    const started = 'touch "$0.started"'
    const scripts: Readonly<Record<string, string>> = {
      plainly: `${started}; exec sleep 1000`,
      'and does not care for a request to end': `trap '' TERM INT HUP; ${started}; while :; do sleep 1; done`,
      'in a child that holds its output': `${started}; sleep 1000 & sleep 1000`,
    }

    it('fails after a minute, whatever the helper does about it', async () => {
      const runs = Object.values(scripts).map(async (script, index) => {
        await helper(`hanging${index}`, `echo '${secret}'; ${script}`)
        const own = join(folder, `config${index}`)
        await mkdir(own)
        await writeFile(join(own, 'config.json'), JSON.stringify({credsStore: `hanging${index}`}))
        const mark = `KEG_TEST_MARK=${uniqueName('mark')}`
        const [name = '', value = ''] = mark.split('=')
        const before = Date.now()
        const run = await keg(pushing(['--json']), options({DOCKER_CONFIG: own, [name]: value}))
        for (const pid of await left(mark)) process.kill(pid, 'SIGKILL')
        expect(run.code, run.stdout + run.stderr).to.equal(1)
        expect(run.json().error).to.include({code: 'credential-helper-timeout', exitCode: 1})
        expect(Date.now() - before).to.be.within(60_000, 90_000)
        await expectUntouched(run)
      })
      await Promise.all(runs)
    })

    for (const [how, script] of Object.entries(scripts)) {
      it(`exits soon on Ctrl-C if the helper hangs ${how}`, async () => {
        await helper('hanging', script)
        await config({credsStore: 'hanging'})
        const mark = `KEG_TEST_MARK=${uniqueName('mark')}`
        const [name = '', value = ''] = mark.split('=')
        const run = await startKeg(pushing(), options({[name]: value}))
        while (!(await readdir(folder)).includes('docker-credential-hanging.started')) await wait(50)
        const before = Date.now()
        run.kill('SIGINT')
        const result = await run.ended
        for (const pid of await left(mark)) process.kill(pid, 'SIGKILL')
        expect(result.code, result.stderr).to.equal(130)
        expect(Date.now() - before).to.be.below(15_000)
        await expectUntouched(result)
      })
    }
  })

  describe('never shows them', () => {
    const login = `ann:${secret}`
    const base64 = (text: string): string => Buffer.from(text).toString('base64').replace(/=+$/, '')

    function expectNoSecret(text: string, of = secret, user = 'ann'): void {
      const inHeader = JSON.stringify({username: user, password: of}).slice(0, -1)
      for (const form of [of, base64(`${user}:${of}`), base64(inHeader).slice(0, -2)]) expect(text).not.to.contain(form)
    }

    for (const status of [401, 403]) {
      it(`though a registry repeats them with ${status}, in no form of output`, async () => {
        const {registry} = closing(await echoingRegistry(status))
        await config({auths: {[registry]: {auth: Buffer.from(login).toString('base64')}}})
        for (const flags of [[], ['--json'], ['--quiet']]) {
          const {line, reference} = commandLine(registry, flags)
          const run = await keg(line, options({KEG_DEBUG: '1', DEBUG: '*'}))
          expect(run.code, run.stderr).to.equal(1)
          const said = run.stdout + run.stderr
          expect(said).to.contain(registry)
          // Some engines replace the message.
          if (said.includes('you said')) expect(said).to.match(/you said .*\*\*\*/)
          expectNoSecret(said)
          // It was asked before anything was made.
          expect(await docker(['images', '--quiet', reference])).to.equal('')
        }
      })
    }

    it('in the arguments and environments of processes, nor in a log, while it pushes', async () => {
      const way = closing(await proxy({registry: privateRegistry, pauseMilliseconds: 30}))
      const [user = '', password = ''] = privateLogin.split(':')
      await docker(['exec', container, 'sh', '-c', 'dd if=/dev/urandom of=/bytes bs=1M count=3 2>&1'])
      const answer = join(folder, 'answer')
      await writeFile(answer, JSON.stringify({Username: user, Secret: password}))
      await helper('slow', `sleep 1; cat '${answer}'`)
      await config({credHelpers: {[way.registry]: 'slow'}})
      const run = await startKeg(pushing([], way.registry), options({KEG_DEBUG: '1', DEBUG: '*'}))
      const seen = await processesOf(run)
      const {code, stderr, stdout} = await run.ended
      expect(code, stderr).to.equal(0)
      expect([...seen].some((text) => text.includes('docker-credential-slow'))).to.equal(true)
      expect(stderr, 'the log was on').to.match(/oclif/)
      for (const text of [...seen, stdout, stderr]) {
        const header = base64(JSON.stringify({username: user, password}).slice(0, -1)).slice(0, -2)
        expect(text).not.to.contain(header).and.not.to.contain(base64(privateLogin)).and.not.to.contain(privateLogin)
        expect(text).not.to.match(/X-Registry-Auth/i)
      }
    })

    it('to a process, as an unmistakable secret, when the registry refuses it', async () => {
      await helper('slow', `sleep 1; cat '${join(folder, 'answer')}'`)
      await writeFile(join(folder, 'answer'), JSON.stringify({Username: 'ann', Secret: secret}))
      await config({credHelpers: {[privateRegistry]: 'slow'}})
      const run = await startKeg(pushing(), options({KEG_DEBUG: '1', DEBUG: '*'}))
      const seen = await processesOf(run)
      const {code, stderr, stdout} = await run.ended
      expect(code).to.equal(1)
      expect(stderr).to.contain('docker-credential-slow').and.to.contain(`docker login ${privateRegistry}`)
      for (const text of [...seen, stdout, stderr]) expectNoSecret(text)
    })

    /** The arguments and environments of keg and all its children until it exits, as anybody may read them. */
    async function processesOf(run: RunningKeg): Promise<Set<string>> {
      const seen = new Set<string>()
      const over = new AbortController()
      const ended = run.ended.finally(() => over.abort())
      while (!over.signal.aborted) {
        for (const pid of await family(run.pid))
          for (const file of ['cmdline', 'environ'])
            seen.add(await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => ''))
        await wait(25)
      }
      await ended
      return seen
    }

    async function family(pid: number): Promise<number[]> {
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
      const below = await Promise.all(
        children
          .split(' ')
          .filter(Boolean)
          .map((child) => family(Number(child))),
      )
      return [pid, ...below.flat()]
    }
  })

  it('says how to sign in if no credentials match and the registry requires some', async () => {
    await config({})
    const {line, reference} = commandLine(privateRegistry, ['--json'])
    const run = await keg(line, options())
    expect(run.code).to.equal(1)
    expect(run.json().error).to.include({code: 'registry-unauthorized', exitCode: 1})
    const {hint} = run.json().error as {hint: string}
    expect(hint).to.contain(`docker login ${privateRegistry}`)
    expect(await docker(['images', '--quiet', reference])).to.equal('')
  })
})
