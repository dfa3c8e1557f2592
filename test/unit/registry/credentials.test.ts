import {expect} from 'chai'
import {existsSync} from 'node:fs'
import {chmod, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {FailedError, KegError, MissingError} from '../../../src/lib/error/keg-error.js'
import {encodeRegistryAuth, findCredentials, type Credentials} from '../../../src/lib/registry/credentials.js'

const registry = 'registry.example.com:5000'
const secret = 'sw0rdfish'

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

describe('credentials of a registry', () => {
  let folder: string
  let environment: NodeJS.ProcessEnv

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-test-credentials-'))
    await mkdir(join(folder, 'bin'))
    environment = {DOCKER_CONFIG: folder, PATH: `${join(folder, 'bin')}:/usr/bin:/bin`}
  })
  afterEach(() => rm(folder, {recursive: true, force: true}))

  const configFile = (): string => join(folder, 'config.json')

  function config(content: unknown): Promise<void> {
    return writeFile(configFile(), typeof content === 'string' ? content : JSON.stringify(content))
  }

  /** Makes the helper `docker-credential-NAME`, a real program. */
  async function helper(name: string, script: string): Promise<void> {
    const file = join(folder, 'bin', `docker-credential-${name}`)
    await writeFile(file, script)
    await chmod(file, 0o755)
  }

  /** A helper that knows one server and writes down what it was asked. */
  function knowingHelper(name: string, server: string, username: string): Promise<void> {
    const answer = JSON.stringify({ServerURL: server, Username: username, Secret: secret})
    return helper(
      name,
      `#!${process.execPath}
const {readFileSync, writeFileSync} = require('node:fs')
const asked = readFileSync(0, 'utf8')
writeFileSync(${JSON.stringify(join(folder, 'asked'))}, process.argv[2] + ' ' + asked)
if (asked === ${JSON.stringify(server)}) console.log(${JSON.stringify(answer)})
else { console.log('credentials not found in native keychain'); process.exitCode = 1 }
`,
    )
  }

  function find(host = registry, helperTimeoutMilliseconds = 10_000): Promise<Credentials> {
    return findCredentials({registry: host, environment, helperTimeoutMilliseconds})
  }

  async function failure(finding: Promise<Credentials>): Promise<KegError> {
    const outcome = await finding.then(
      (found) => found,
      (error: unknown) => error,
    )
    expect(outcome).to.be.instanceOf(KegError)
    const error = outcome as KegError
    expect(error.hint).to.be.a('string')
    // Nothing that is ever shown or logged may have a secret in it.
    const everything = [error.message, error.hint, error.stack, String(error.cause), JSON.stringify(error)].join('\n')
    expect(everything).not.to.contain(secret)
    return error
  }

  const password = (origin = configFile()): Credentials => ({kind: 'password', username: 'ann', secret, origin})

  describe('in config.json', () => {
    it('are none where there is no file', async () => {
      expect(await find()).to.deep.equal({kind: 'anonymous'})
    })

    it('are none in an empty file', async () => {
      await config('')
      expect(await find()).to.deep.equal({kind: 'anonymous'})
    })

    it('are none where the folder is a file', async () => {
      await writeFile(join(folder, 'file'), '')
      environment.DOCKER_CONFIG = join(folder, 'file')
      expect(await find()).to.deep.equal({kind: 'anonymous'})
    })

    it('are looked for below HOME without DOCKER_CONFIG', async () => {
      await mkdir(join(folder, '.docker'))
      const file = join(folder, '.docker', 'config.json')
      await writeFile(file, JSON.stringify({auths: {[registry]: {auth: base64(`ann:${secret}`)}}}))
      environment = {HOME: folder}
      expect(await find()).to.deep.equal(password(file))
    })

    for (const key of [registry, `https://${registry}`, `http://${registry}`, `https://${registry}/v1/`]) {
      it(`are found under the key ${key}`, async () => {
        await config({auths: {other: {auth: base64('eve:no')}, [key]: {auth: base64(`ann:${secret}`)}}})
        expect(await find()).to.deep.equal(password())
      })
    }

    for (const host of ['docker.io', 'index.docker.io', 'registry-1.docker.io']) {
      it(`are found for Docker Hub, called ${host}, under its old address`, async () => {
        await config({
          auths: {
            'docker.io': {auth: base64('eve:no')},
            'https://index.docker.io/v1/': {auth: base64(`ann:${secret}`)},
          },
        })
        expect(await find(host)).to.deep.equal(password())
      })
    }

    it('belong to one host and one port', async () => {
      const auth = base64(`ann:${secret}`)
      await config({
        auths: {
          'registry.example.com': {auth},
          'registry.example.com:50001': {auth},
          'x.registry.example.com:5000': {auth},
        },
      })
      expect(await find()).to.deep.equal({kind: 'anonymous'})
    })

    it('prefer the exact key to an older form of it', async () => {
      await config({
        auths: {[`https://${registry}/v1/`]: {auth: base64('old:old')}, [registry]: {auth: base64(`ann:${secret}`)}},
      })
      expect(await find()).to.deep.equal(password())
    })

    it('split at the first colon, unicode kept', async () => {
      await config({auths: {[registry]: {auth: base64('jürg:a:b:ñ🎉')}}})
      expect(await find()).to.deep.equal({kind: 'password', username: 'jürg', secret: 'a:b:ñ🎉', origin: configFile()})
    })

    it('may be written as username and password', async () => {
      await config({auths: {[registry]: {username: 'ann', password: secret}}})
      expect(await find()).to.deep.equal(password())
    })

    it('may be an identity token, which goes before the password', async () => {
      await config({auths: {[registry]: {auth: base64('ann:'), identitytoken: secret}}})
      expect(await find()).to.deep.equal({kind: 'token', identityToken: secret, origin: configFile()})
    })

    it('are none in an empty entry', async () => {
      await config({auths: {[registry]: {}}})
      expect(await find()).to.deep.equal({kind: 'anonymous'})
    })

    it('are read behind a byte order mark', async () => {
      await config(`\ufeff${JSON.stringify({auths: {[registry]: {auth: base64(`ann:${secret}`)}}})}`)
      expect(await find()).to.deep.equal(password())
    })

    for (const odd of [{}, {auths: null}, {auths: []}, {auths: {[registry]: null}}, {auths: {[registry]: 'x'}}]) {
      it(`are none in ${JSON.stringify(odd)}`, async () => {
        await config(odd)
        expect(await find()).to.deep.equal({kind: 'anonymous'})
      })
    }

    it('are not taken from what every object has', async () => {
      await config({auths: {}, credHelpers: {}})
      expect(await find('constructor')).to.deep.equal({kind: 'anonymous'})
    })

    for (const broken of ['{"auths": ', `{"auths": {"${registry}": ${secret}}}`, '"text"', 'null']) {
      it(`fail clearly where the file is ${JSON.stringify(broken)}`, async () => {
        await config(broken)
        const error = await failure(find())
        expect(error).to.be.instanceOf(FailedError).with.property('code', 'docker-config-invalid')
        expect(error.message).to.contain(configFile())
      })
    }

    for (const auth of [base64(secret), base64(`:${secret}`)]) {
      it(`fail clearly where ${auth} is no user name and password`, async () => {
        await config({auths: {[registry]: {auth}}})
        const error = await failure(find())
        expect(error.code).to.equal('docker-config-invalid')
        expect(error.message).to.contain(registry)
      })
    }

    it('of another registry may be broken', async () => {
      await config({auths: {broken: {auth: '!'}, [registry]: {auth: base64(`ann:${secret}`)}}})
      expect(await find()).to.deep.equal(password())
    })

    it('fail clearly where the file cannot be read', async () => {
      await mkdir(configFile())
      const error = await failure(find())
      expect(error).to.be.instanceOf(FailedError).with.property('code', 'docker-config-unreadable')
    })
  })

  describe('of a helper', () => {
    it('are asked for with `get` and the host and port, from the registry’s own helper first', async () => {
      await knowingHelper('own', registry, 'ann')
      await config({
        credHelpers: {[registry]: 'own'},
        credsStore: 'missing',
        auths: {[registry]: {auth: base64('eve:no')}},
      })
      expect(await find()).to.deep.equal(password('docker-credential-own'))
      expect(await readFile(join(folder, 'asked'), 'utf8')).to.equal(`get ${registry}`)
    })

    it('come from the common helper where the registry has none of its own', async () => {
      await knowingHelper('common', registry, 'ann')
      await config({credHelpers: {other: 'missing'}, credsStore: 'common', auths: {[registry]: {}}})
      expect(await find()).to.deep.equal(password('docker-credential-common'))
    })

    it('are asked for under the old address of Docker Hub', async () => {
      await knowingHelper('common', 'https://index.docker.io/v1/', 'ann')
      await config({credsStore: 'common'})
      expect(await find('docker.io')).to.deep.equal(password('docker-credential-common'))
    })

    it('are an identity token where the user is <token>', async () => {
      await knowingHelper('common', registry, '<token>')
      await config({credsStore: 'common'})
      expect(await find()).to.deep.equal({kind: 'token', identityToken: secret, origin: 'docker-credential-common'})
    })

    it('are none where the helper knows none', async () => {
      await knowingHelper('common', 'other', 'ann')
      await config({credsStore: 'common', auths: {[registry]: {}}})
      expect(await find()).to.deep.equal({kind: 'anonymous'})
    })

    it('are those of the file where the helper knows none', async () => {
      await knowingHelper('common', 'other', 'ann')
      await config({credsStore: 'common', auths: {[registry]: {auth: base64(`ann:${secret}`)}}})
      expect(await find()).to.deep.equal(password())
    })

    it('are those of the file where the registry’s own helper is the empty one', async () => {
      await config({
        credHelpers: {[registry]: ''},
        credsStore: 'missing',
        auths: {[registry]: {auth: base64(`ann:${secret}`)}},
      })
      expect(await find()).to.deep.equal(password())
    })

    it('fail clearly where the helper is missing', async () => {
      await config({credsStore: 'nowhere'})
      const error = await failure(find())
      expect(error).to.be.instanceOf(MissingError).with.property('code', 'credential-helper-missing')
      expect(error.message).to.contain('docker-credential-nowhere')
    })

    for (const name of ['../evil', '/evil', 'a b', 'a;b', '$(id)', 'a\nb']) {
      it(`are not asked of a program called ${JSON.stringify(name)}`, async () => {
        const trap = join(folder, 'sprung')
        // A program exactly where a careless path would lead to.
        await writeFile(join(folder, 'evil'), `#!/bin/sh\ntouch '${trap}'\n`, {mode: 0o755})
        await mkdir(join(folder, 'bin', 'docker-credential-..'))
        await config({credHelpers: {[registry]: name}})
        const error = await failure(find())
        expect(error).to.be.instanceOf(FailedError).with.property('code', 'credential-helper-invalid')
        expect(error.message).not.to.contain('\n')
        expect(existsSync(trap)).to.equal(false)
      })
    }

    const badHelpers: readonly (readonly [string, string])[] = [
      ['fails', `#!/bin/sh\necho ${secret}; echo ${secret} >&2; exit 3\n`],
      ['fails without reading what it is asked', '#!/bin/sh\nexit 1\n'],
      ['says nothing', '#!/bin/sh\nexit 0\n'],
      ['makes noise before its answer', `#!/bin/sh\necho warning; echo '{"Username":"ann","Secret":"${secret}"}'\n`],
      ['answers with something else', `#!/bin/sh\necho '["${secret}"]'\n`],
      ['answers without a user name', `#!/bin/sh\necho '{"Secret":"${secret}"}'\n`],
      ['answers with a number for a secret', '#!/bin/sh\necho \'{"Username":"ann","Secret":1}\'\n'],
    ]
    for (const [what, script] of badHelpers) {
      it(`fail clearly, without its words, where the helper ${what}`, async () => {
        await helper('bad', script)
        await config({credsStore: 'bad'})
        const error = await failure(find())
        expect(error).to.be.instanceOf(FailedError).with.property('code', 'credential-helper-failed')
        expect(error.message).to.contain('docker-credential-bad').and.to.contain(registry)
      })
    }

    for (const [what, script] of [
      ['hangs', '#!/bin/sh\nexec sleep 60\n'],
      ['hangs in a child of its own', `#!/bin/sh\necho ${secret}\nsleep 20\n`],
    ] as const) {
      it(`fail clearly and soon where the helper ${what}`, async () => {
        await helper('slow', script)
        await config({credsStore: 'slow'})
        const before = Date.now()
        const error = await failure(find(registry, 300))
        expect(error).to.be.instanceOf(FailedError).with.property('code', 'credential-helper-timeout')
        expect(Date.now() - before).to.be.below(5000)
      }).timeout(30_000)
    }

    it('are no longer waited for once the signal is aborted', async () => {
      await helper('slow', '#!/bin/sh\nexec sleep 60\n')
      await config({credsStore: 'slow'})
      const controller = new AbortController()
      const reason = new Error('enough')
      setTimeout(() => controller.abort(reason), 200)
      const outcome = await findCredentials({registry, environment, signal: controller.signal}).catch(
        (error: unknown) => error,
      )
      expect(outcome).to.equal(reason)
    })
  })

  describe('as X-Registry-Auth', () => {
    const decoded = (header: string): unknown => JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))

    it('are an empty object when there are none', () => {
      expect(encodeRegistryAuth({kind: 'anonymous'}, registry)).to.equal('e30=')
    })

    it('are user name, password and server', () => {
      const header = encodeRegistryAuth({kind: 'password', username: 'ann', secret: 'ñ', origin: 'x'}, registry)
      expect(decoded(header)).to.deep.equal({username: 'ann', password: 'ñ', serveraddress: registry})
    })

    it('are the identity token and the server, Docker Hub under its old address', () => {
      const header = encodeRegistryAuth({kind: 'token', identityToken: secret, origin: 'x'}, 'docker.io')
      expect(decoded(header)).to.deep.equal({identitytoken: secret, serveraddress: 'https://index.docker.io/v1/'})
    })

    it('are in the alphabet for addresses, with padding', () => {
      for (const ending of ['?', '??', '???', '>>>>', '~~~~~']) {
        const header = encodeRegistryAuth({kind: 'password', username: 'ann', secret: ending, origin: 'x'}, registry)
        expect(header).to.match(/^[\w-]+={0,2}$/)
        expect(header.length % 4).to.equal(0)
        expect(decoded(header)).to.have.property('password', ending)
      }
    })
  })
})
