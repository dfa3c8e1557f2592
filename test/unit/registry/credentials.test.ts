import {expect} from 'chai'
import {existsSync} from 'node:fs'
import {chmod, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {FailedError, KegError, MissingError} from '../../../src/lib/error/keg-error.js'
import {encodeRegistryAuth, findCredentials} from '../../../src/lib/registry/credentials.js'
import type {Credentials} from '../../../src/lib/registry/model.js'

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
    environment = {
      DOCKER_CONFIG: folder,
      HOME: folder,
      PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
      XDG_RUNTIME_DIR: join(folder, 'runtime'),
    }
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

  /** A helper that knows one server and records its requests. */
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

  function find(host = registry, helperTimeoutMilliseconds = 10_000, repository = 'team/app'): Promise<Credentials> {
    return findCredentials({environment}, {registry: host, repository, helperTimeoutMilliseconds})
  }

  async function failure(finding: Promise<Credentials>): Promise<KegError> {
    const outcome = await finding.then(
      (found) => found,
      (error: unknown) => error,
    )
    expect(outcome).to.be.instanceOf(KegError)
    const error = outcome as KegError
    expect(error.hint).to.be.a('string')
    // Nothing that is printed or logged may contain a secret.
    const everything = [error.message, error.hint, error.stack, String(error.cause), JSON.stringify(error)].join('\n')
    expect(everything).not.to.contain(secret)
    return error
  }

  const password = (origin = configFile()): Credentials => ({kind: 'password', username: 'ann', secret, origin})

  describe('in config.json', () => {
    it('are none without a file', async () => {
      expect(await find()).to.deep.equal({kind: 'anonymous'})
    })

    it('are none in an empty file', async () => {
      await config('')
      expect(await find()).to.deep.equal({kind: 'anonymous'})
    })

    it('are none if the folder is a file', async () => {
      await writeFile(join(folder, 'file'), '')
      environment.DOCKER_CONFIG = join(folder, 'file')
      expect(await find()).to.deep.equal({kind: 'anonymous'})
    })

    it('are searched below HOME without DOCKER_CONFIG', async () => {
      await mkdir(join(folder, '.docker'))
      const file = join(folder, '.docker', 'config.json')
      await writeFile(file, JSON.stringify({auths: {[registry]: {auth: base64(`ann:${secret}`)}}}))
      delete environment.DOCKER_CONFIG
      expect(await find()).to.deep.equal(password(file))
    })

    for (const key of [registry, `https://${registry}`, `http://${registry}`, `https://${registry}/v1/`]) {
      it(`are found under the key ${key}`, async () => {
        await config({auths: {other: {auth: base64('eve:no')}, [key]: {auth: base64(`ann:${secret}`)}}})
        expect(await find()).to.deep.equal(password())
      })
    }

    for (const host of ['docker.io', 'index.docker.io', 'registry-1.docker.io']) {
      it(`are found for Docker Hub, as ${host}, under its old address`, async () => {
        await config({
          auths: {
            'docker.io': {auth: base64('eve:no')},
            'https://index.docker.io/v1/': {auth: base64(`ann:${secret}`)},
          },
        })
        expect(await find(host)).to.deep.equal(password())
      })
    }

    it('apply to one host and one port', async () => {
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

    it('prefer the exact key to an older form', async () => {
      await config({
        auths: {[`https://${registry}/v1/`]: {auth: base64('old:old')}, [registry]: {auth: base64(`ann:${secret}`)}},
      })
      expect(await find()).to.deep.equal(password())
    })

    it('split at the first colon, and keep unicode', async () => {
      await config({auths: {[registry]: {auth: base64('jürg:a:b:ñ🎉')}}})
      expect(await find()).to.deep.equal({kind: 'password', username: 'jürg', secret: 'a:b:ñ🎉', origin: configFile()})
    })

    for (const odd of ['a b  c ', '"quoted\\"', "it's", '日本語', '::', '{"Secret":1}', '$(id)`id`', '%20+%2B', '\t']) {
      it(`can have the password ${JSON.stringify(odd)}`, async () => {
        await config({auths: {[registry]: {auth: base64(`ann:${odd}`)}}})
        expect(await find()).to.deep.equal({kind: 'password', username: 'ann', secret: odd, origin: configFile()})
      })
    }

    it('fail clearly if the user name contains a colon, which nothing can transmit', async () => {
      await config({auths: {[registry]: {username: 'ann:b', password: secret}}})
      const error = await failure(find())
      expect(error.code).to.equal('docker-config-invalid')
      expect(error.message).to.contain(registry).and.to.contain('colon')
    })

    it('can be stored as username and password', async () => {
      await config({auths: {[registry]: {username: 'ann', password: secret}}})
      expect(await find()).to.deep.equal(password())
    })

    it('can be an identity token, which has precedence over the password', async () => {
      await config({auths: {[registry]: {auth: base64('ann:'), identitytoken: secret}}})
      expect(await find()).to.deep.equal({kind: 'token', identityToken: secret, origin: configFile()})
    })

    it('are none in an empty entry', async () => {
      await config({auths: {[registry]: {}}})
      expect(await find()).to.deep.equal({kind: 'anonymous'})
    })

    it('are read after a byte order mark', async () => {
      await config(`\ufeff${JSON.stringify({auths: {[registry]: {auth: base64(`ann:${secret}`)}}})}`)
      expect(await find()).to.deep.equal(password())
    })

    for (const odd of [{}, {auths: null}, {auths: []}, {auths: {[registry]: null}}, {auths: {[registry]: 'x'}}]) {
      it(`are none in ${JSON.stringify(odd)}`, async () => {
        await config(odd)
        expect(await find()).to.deep.equal({kind: 'anonymous'})
      })
    }

    it('are not read from inherited properties', async () => {
      await config({auths: {}, credHelpers: {}})
      expect(await find('constructor')).to.deep.equal({kind: 'anonymous'})
    })

    for (const broken of ['{"auths": ', `{"auths": {"${registry}": ${secret}}}`, '"text"', 'null']) {
      it(`fail clearly if the file is ${JSON.stringify(broken)}`, async () => {
        await config(broken)
        const error = await failure(find())
        expect(error).to.be.instanceOf(FailedError).with.property('code', 'docker-config-invalid')
        expect(error.message).to.contain(configFile())
      })
    }

    for (const auth of [base64(secret), base64(`:${secret}`)]) {
      it(`fail clearly if ${auth} is not a user name and password`, async () => {
        await config({auths: {[registry]: {auth}}})
        const error = await failure(find())
        expect(error.code).to.equal('docker-config-invalid')
        expect(error.message).to.contain(registry)
      })
    }

    it('can be invalid for another registry', async () => {
      await config({auths: {broken: {auth: '!'}, [registry]: {auth: base64(`ann:${secret}`)}}})
      expect(await find()).to.deep.equal(password())
    })

    it('fail clearly if the file cannot be read', async () => {
      await mkdir(configFile())
      const error = await failure(find())
      expect(error).to.be.instanceOf(FailedError).with.property('code', 'docker-config-unreadable')
    })
  })

  describe('of a helper', () => {
    it('are requested with `get` and the host and port, first from the registry’s own helper', async () => {
      await knowingHelper('own', registry, 'ann')
      await config({
        credHelpers: {[registry]: 'own'},
        credsStore: 'missing',
        auths: {[registry]: {auth: base64('eve:no')}},
      })
      expect(await find()).to.deep.equal(password('docker-credential-own'))
      expect(await readFile(join(folder, 'asked'), 'utf8')).to.equal(`get ${registry}`)
    })

    it('come from the common helper if the registry has none', async () => {
      await knowingHelper('common', registry, 'ann')
      await config({credHelpers: {other: 'missing'}, credsStore: 'common', auths: {[registry]: {}}})
      expect(await find()).to.deep.equal(password('docker-credential-common'))
    })

    it('are requested under the old address of Docker Hub', async () => {
      await knowingHelper('common', 'https://index.docker.io/v1/', 'ann')
      await config({credsStore: 'common'})
      expect(await find('docker.io')).to.deep.equal(password('docker-credential-common'))
    })

    it('are an identity token if the user is <token>', async () => {
      await knowingHelper('common', registry, '<token>')
      await config({credsStore: 'common'})
      expect(await find()).to.deep.equal({kind: 'token', identityToken: secret, origin: 'docker-credential-common'})
    })

    it('are none if the helper has none', async () => {
      await knowingHelper('common', 'other', 'ann')
      await config({credsStore: 'common', auths: {[registry]: {}}})
      expect(await find()).to.deep.equal({kind: 'anonymous'})
    })

    it('come from the file if the helper has none', async () => {
      await knowingHelper('common', 'other', 'ann')
      await config({credsStore: 'common', auths: {[registry]: {auth: base64(`ann:${secret}`)}}})
      expect(await find()).to.deep.equal(password())
    })

    it('come from the file if the registry’s own helper is empty', async () => {
      await config({
        credHelpers: {[registry]: ''},
        credsStore: 'missing',
        auths: {[registry]: {auth: base64(`ann:${secret}`)}},
      })
      expect(await find()).to.deep.equal(password())
    })

    it('fail clearly if the helper is missing', async () => {
      await config({credsStore: 'nowhere'})
      const error = await failure(find())
      expect(error).to.be.instanceOf(MissingError).with.property('code', 'credential-helper-missing')
      expect(error.message).to.contain('docker-credential-nowhere')
    })

    for (const name of ['../evil', '/evil', 'a b', 'a;b', '$(id)', 'a\nb']) {
      it(`are not requested from a program called ${JSON.stringify(name)}`, async () => {
        const trap = join(folder, 'sprung')
        // A program exactly where an unchecked path would lead.
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
      ['gives a user name with a colon', `#!/bin/sh\necho '{"Username":"ann:b","Secret":"${secret}"}'\n`],
      ['prints without end', `#!/bin/sh\nexec yes ${secret}\n`],
      ['answers in half', `#!/bin/sh\necho '{"Username":"ann","Secret":"${secret}"'\n`],
      ['makes noise before its answer', `#!/bin/sh\necho warning; echo '{"Username":"ann","Secret":"${secret}"}'\n`],
      ['answers with something else', `#!/bin/sh\necho '["${secret}"]'\n`],
      ['answers without a user name', `#!/bin/sh\necho '{"Secret":"${secret}"}'\n`],
      ['answers with a number for a secret', '#!/bin/sh\necho \'{"Username":"ann","Secret":1}\'\n'],
    ]
    for (const [what, script] of badHelpers) {
      it(`fail clearly, without the helper’s output, if it ${what}`, async () => {
        await helper('bad', script)
        await config({credsStore: 'bad'})
        const error = await failure(find())
        expect(error).to.be.instanceOf(FailedError).with.property('code', 'credential-helper-failed')
        expect(error.message).to.contain('docker-credential-bad').and.to.contain(registry)
      })
    }

    const answer = JSON.stringify({Username: 'ann', Secret: secret})
    const noises: readonly (readonly [string, string])[] = [
      ['after its answer', `echo '${answer}'; echo 'bye "{'`],
      ['in megabytes after its answer', `echo '${answer}'; yes '"' | head -c 5000000`],
      ['in megabytes on standard error', `yes noise | head -c 5000000 >&2; echo '${answer}'`],
      ['that is no UTF-8', `printf '\\377\\376' >&2; echo '${answer}'; printf '\\377\\000\\033[2J'`],
      ['around its answer, in white space', `printf '\\r\\n\\t %s\\r\\n' '${answer}'`],
    ]
    for (const [what, script] of noises) {
      it(`are accepted, as docker does, if the helper prints noise ${what}`, async () => {
        await helper('noisy', `#!/bin/sh\n${script}\n`)
        await config({credsStore: 'noisy'})
        expect(await find()).to.deep.equal(password('docker-credential-noisy'))
      })
    }

    it('can have any character in the secret', async () => {
      const odd = 'a:b "c" {d} \\ ñ🎉'
      await writeFile(join(folder, 'answer'), JSON.stringify({Username: 'ann', Secret: odd}))
      await helper('common', `#!/bin/sh\ncat '${join(folder, 'answer')}'\n`)
      await config({credsStore: 'common'})
      const origin = 'docker-credential-common'
      expect(await find()).to.deep.equal({kind: 'password', username: 'ann', secret: odd, origin})
    })

    for (const [what, script] of [
      ['hangs', '#!/bin/sh\nexec sleep 60\n'],
      ['hangs and does not care for a request to end', "#!/bin/sh\ntrap '' TERM INT HUP\nwhile :; do sleep 1; done\n"],
      ['hangs in a child of its own', `#!/bin/sh\necho ${secret}\nsleep 20\n`],
    ] as const) {
      it(`fail clearly and soon if the helper ${what}`, async () => {
        await helper('slow', script)
        await config({credsStore: 'slow'})
        const before = Date.now()
        const error = await failure(find(registry, 300))
        expect(error).to.be.instanceOf(FailedError).with.property('code', 'credential-helper-timeout')
        expect(Date.now() - before).to.be.below(10_000)
      }).timeout(30_000)
    }

    it('are not awaited once the signal is aborted', async () => {
      await helper('slow', '#!/bin/sh\nexec sleep 60\n')
      await config({credsStore: 'slow'})
      const controller = new AbortController()
      const reason = new Error('enough')
      setTimeout(() => controller.abort(reason), 200)
      const outcome = await findCredentials(
        {environment, signal: controller.signal},
        {registry, repository: 'app'},
      ).catch((error: unknown) => error)
      expect(outcome).to.equal(reason)
    })
  })

  describe('in podman’s file', () => {
    /** Writes a file of podman and returns its path. */
    async function authFile(content: unknown, place = 'runtime/containers/auth.json'): Promise<string> {
      const file = join(folder, place)
      await mkdir(dirname(file), {recursive: true})
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
      return file
    }
    const entry = (username = 'ann'): object => ({auth: base64(`${username}:${secret}`)})
    const of = (username: string, origin: string): Credentials => ({kind: 'password', username, secret, origin})

    for (const place of ['runtime/containers/auth.json', '.config/containers/auth.json'] as const) {
      it(`are found in ${place}`, async () => {
        const file = await authFile({auths: {[registry]: entry()}}, place)
        expect(await find()).to.deep.equal(of('ann', file))
      })
    }

    it('are found in $XDG_CONFIG_HOME', async () => {
      environment.XDG_CONFIG_HOME = join(folder, 'settings')
      const file = await authFile({auths: {[registry]: entry()}}, 'settings/containers/auth.json')
      expect(await find()).to.deep.equal(of('ann', file))
    })

    it('are found in $REGISTRY_AUTH_FILE, which replaces all of podman’s files', async () => {
      await authFile({auths: {[registry]: entry('runtime'), other: entry('other')}})
      const file = await authFile({auths: {[registry]: entry('named')}}, 'named.json')
      environment.REGISTRY_AUTH_FILE = file
      expect(await find()).to.deep.equal(of('named', file))
      expect(await find('other')).to.deep.equal({kind: 'anonymous'})
    })

    it('prefer those of the session to permanent ones', async () => {
      const file = await authFile({auths: {[registry]: entry('session')}})
      const other = await authFile(
        {auths: {[registry]: entry('staying'), other: entry('staying')}},
        '.config/containers/auth.json',
      )
      expect(await find()).to.deep.equal(of('session', file))
      expect(await find('other')).to.deep.equal(of('staying', other))
    })

    it('are used only if docker has none for the registry', async () => {
      await config({auths: {[registry]: {auth: base64(`ann:${secret}`)}}})
      const file = await authFile({auths: {[registry]: entry('podman'), other: entry('podman')}})
      expect(await find()).to.deep.equal(password())
      expect(await find('other')).to.deep.equal(of('podman', file))
    })

    it('are used if docker’s helper has none', async () => {
      await knowingHelper('common', 'elsewhere', 'eve')
      await config({credsStore: 'common'})
      const file = await authFile({auths: {[registry]: entry()}})
      expect(await find()).to.deep.equal(of('ann', file))
    })

    it('are not used if docker’s helper fails', async () => {
      await config({credsStore: 'nowhere'})
      await authFile({auths: {[registry]: entry()}})
      expect((await failure(find())).code).to.equal('credential-helper-missing')
    })

    it('prefer the repository, then the longest namespace, then the registry', async () => {
      const file = await authFile({
        auths: {
          [registry]: entry('registry'),
          [`${registry}/team`]: entry('team'),
          [`${registry}/team/app/web`]: entry('web'),
          [`${registry}/team/ap`]: entry('no'),
        },
      })
      for (const [repository, username] of [
        ['team/app/web', 'web'],
        ['team/app/web/more', 'web'],
        ['team/app', 'team'],
        ['team', 'team'],
        ['teams', 'registry'],
        ['other/team', 'registry'],
      ] as const)
        expect(await find(registry, 10_000, repository), repository).to.deep.equal(of(username, file))
    })

    it('are none for another namespace', async () => {
      await authFile({auths: {[`${registry}/other`]: entry()}})
      expect(await find()).to.deep.equal({kind: 'anonymous'})
    })

    it('are found for Docker Hub under its name', async () => {
      const file = await authFile({auths: {'docker.io': entry('all'), 'docker.io/acme': entry('acme')}})
      expect(await find('docker.io', 10_000, 'library/shop')).to.deep.equal(of('all', file))
      expect(await find('docker.io', 10_000, 'acme/shop')).to.deep.equal(of('acme', file))
    })

    it('are found under a URL, as older clients wrote it', async () => {
      const file = await authFile({auths: {[`https://${registry}/v1/`]: entry()}})
      expect(await find()).to.deep.equal(of('ann', file))
    })

    it('come from the registry’s own helper, and never from a common one', async () => {
      await knowingHelper('own', registry, 'ann')
      await authFile({credHelpers: {[registry]: 'own'}, credsStore: 'nowhere'})
      expect(await find()).to.deep.equal(password('docker-credential-own'))
      expect(await readFile(join(folder, 'asked'), 'utf8')).to.equal(`get ${registry}`)
      expect(await find('other')).to.deep.equal({kind: 'anonymous'})
    })

    it('can be an identity token', async () => {
      const file = await authFile({auths: {[registry]: {identitytoken: secret}}})
      expect(await find()).to.deep.equal({kind: 'token', identityToken: secret, origin: file})
    })

    for (const broken of [`{"auths": ${secret}`, {auths: {[registry]: {auth: base64(secret)}}}]) {
      it(`fail clearly if the file is ${JSON.stringify(broken)}`, async () => {
        const file = await authFile(broken)
        const error = await failure(find())
        expect(error).to.be.instanceOf(FailedError).with.property('code', 'podman-auth-invalid')
        expect(error.message).to.contain(file)
        expect(error.hint).to.contain('podman login')
      })
    }

    it('fail clearly if the file cannot be read', async () => {
      environment.REGISTRY_AUTH_FILE = folder
      const error = await failure(find())
      expect(error).to.be.instanceOf(FailedError).with.property('code', 'podman-auth-unreadable')
      expect(error.message).to.contain(folder)
    })

    it('are none if the named file does not exist yet', async () => {
      environment.REGISTRY_AUTH_FILE = join(folder, 'nothing.json')
      expect(await find()).to.deep.equal({kind: 'anonymous'})
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

    it('use the URL-safe alphabet, with padding', () => {
      for (const ending of ['?', '??', '???', '>>>>', '~~~~~']) {
        const header = encodeRegistryAuth({kind: 'password', username: 'ann', secret: ending, origin: 'x'}, registry)
        expect(header).to.match(/^[\w-]+={0,2}$/)
        expect(header.length % 4).to.equal(0)
        expect(decoded(header)).to.have.property('password', ending)
      }
    })
  })
})
