import {expect} from 'chai'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {chown, mkdir, readdir, readFile, rm, rmdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {GitSandbox} from '../../support/git.js'
import {keg, type KegResult} from '../../support/keg.js'
import {writeFiles} from '../../support/tree.js'

/** One bad member never breaks a list, and no command fails because of a deleted current folder that it does not need. */
describe('lists with bad members @containerd', function () {
  this.timeout(120_000)
  let git: GitSandbox
  const environment = (): Record<string, string> => ({
    XDG_CONFIG_HOME: join(git.folder, 'config'),
    XDG_STATE_HOME: join(git.folder, 'state'),
    KEG_DATA_DIR: join(git.folder, 'data'),
    MUTAGEN_DATA_DIRECTORY: join(git.folder, 'mutagen'),
  })
  const at = (name: string): string => join(git.folder, name)
  const NAMES = ['gone', 'good', 'refused', 'strange']

  before(async () => {
    git = new GitSandbox()
    for (const name of ['good', 'refused', 'strange']) {
      git.repository(name)
      await writeFiles(at(name), {
        'container/docker-compose.yml': 'services:\n  web: {image: "busybox:local", command: [sleep, "9"]}\n',
        'container/values.yml': 'env:\n  KEG_IMAGE_FROM: busybox:local\n',
      })
    }
    // git refuses other users' repositories; only root can create one.
    if (process.getuid?.() === 0) await chownAll(at('refused'))
    else git.git('refused', 'config', 'core.repositoryformatversion', '99')
    git.git('strange', 'config', 'core.repositoryformatversion', '98')
    const links = NAMES.map((name) => `  ${name}: {path: ${at(name)}}\n`)
    await writeFiles(at('config'), {'keg/config.yml': `registry: ghcr.io/acme\ntaps:\n${links.join('')}`})
  })
  after(() => git.remove())

  async function chownAll(folder: string): Promise<void> {
    await chown(folder, 4242, 4242)
    for (const entry of await readdir(folder, {withFileTypes: true, recursive: true}))
      await chown(join(entry.parentPath, entry.name), 4242, 4242)
  }

  async function run(words: string, cwd?: string): Promise<KegResult> {
    return keg(words.split(' '), {env: environment(), ...(cwd !== undefined && {cwd})})
  }

  /** Runs keg in a current folder that was deleted meanwhile. */
  async function runInGone(words: string): Promise<{code: number; said: string}> {
    const folder = at(`deleted-${words.replaceAll(/\W+/g, '-')}`)
    await mkdir(folder)
    const program = join(import.meta.dirname, '../../../bin/dev.js')
    const script = 'cd "$0" && rmdir "$0" && exec "$@"'
    const child = spawn('sh', ['-c', script, folder, process.execPath, '--', program, ...words.split(' ')], {
      env: {
        PATH: process.env.PATH,
        DOCKER_HOST: process.env.DOCKER_HOST,
        HOME: at('home'),
        CI: 'true',
        ...environment(),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text))
    const [code] = (await once(child, 'close')) as [number]
    await rmdir(folder).catch(() => undefined)
    return {code, said}
  }

  it('have a row for each, with the problem in the row of the bad one', async () => {
    for (const cwd of [undefined, at('refused')]) {
      const rows = (await run('tap list --json', cwd)).json() as unknown as Record<string, unknown>[]
      expect(rows.map(({name}) => name)).to.deep.equal(NAMES)
      expect(rows.map(({branch}) => branch)).to.deep.equal([null, 'main', null, null])
      const codes = rows.map(({trouble}) => (trouble as {code: string} | null)?.code ?? null)
      expect(codes.map((code) => code !== null)).to.deep.equal([false, false, true, true])
      const all = (await run('tap status --all --json', cwd)).json() as unknown as Record<string, unknown>[]
      expect(all.map(({tap}) => tap)).to.have.members(NAMES)
      expect(all.map(({branch}) => branch)).to.have.members([null, 'main', null, null])
    }
    const list = await run('tap list')
    expect(list.stdout)
      .to.match(/^refused +unknown /m)
      .and.to.match(/^refused: git .+$/m)
    expect(list.stdout).to.match(/^gone +folder is gone /m)
  })

  it('are shown despite invalid entries of the configuration, with one warning if they are not needed', async () => {
    const file = join(at('config'), 'keg/config.yml')
    const text = await readFile(file, 'utf8')
    await writeFile(file, `${text}  bare: {path: here}\n`.replace('registry: ', 'registri: x\nregistry: https://'))
    const warning = `Warning: 3 entries are not valid in ${file}, and ignored. See: keg config list`
    try {
      const rows = (await run('tap list --json')).json() as unknown as {name: string; trouble: {code: string} | null}[]
      expect(rows.map(({name}) => name)).to.deep.equal(['bare', ...NAMES])
      expect(rows[0]?.trouble?.code).to.equal('configuration-invalid')
      const all = (await run('tap status --all --json')).json() as unknown as Record<string, unknown>[]
      expect(all.map(({tap}) => tap)).to.have.members(['bare', ...NAMES])
      const lines = ['sync list', 'tap path good', 'tap exec good --list', 'tap status good']
      const results = await Promise.all(lines.map(async (words) => ({words, ...(await run(words))})))
      for (const {code, stderr, words} of results) {
        expect(code, `${words}: ${stderr}`).to.equal(0)
        expect(stderr.match(/not valid/g), words).to.have.length(1)
        if (!words.includes('status')) expect(stderr).to.include(warning)
      }
      expect((await run('config list')).stderr).to.not.include('Warning')
      const needed = await run('tap status bare')
      expect([needed.code, needed.stderr.includes(`${file}:8:16: taps.bare.path: `)]).to.deep.equal([2, true])
      expect(needed.stderr).to.include('keg tap unlink bare')
      expect(await run('tap unlink bare')).to.include({code: 0, stdout: 'Unlinked bare (its record was not valid).\n'})
      expect((await run('config unset registri')).code).to.equal(0)
      expect((await run('config set registry ghcr.io/acme')).code).to.equal(0)
      expect((await run('tap path good')).stderr).to.not.include('not valid')
    } finally {
      await writeFile(file, text)
    }
  })

  it('are shown by every command that lists or inspects, also in a folder that is gone', async () => {
    const lines = [
      'config list',
      'config path',
      'sync list',
      'sync status',
      'tap list',
      'tap status --all',
      'tap status refused',
      'tap status gone',
      'tap path good',
      'tap env',
      'tap status',
      'tap path refused',
      'tap path strange --json',
      'tap env good KEG_IMAGE_FROM',
      'tap exec good --list',
      'tap unlink refused --dry-run',
      'tap unlink gone --dry-run',
      'tap validate good',
      'docker package inspect --help',
      'plugins',
      'help tap',
    ]
    const results = await Promise.all(lines.map(async (line) => ({line, ...(await runInGone(line))})))
    for (const {code, line, said} of results) {
      expect(said, line).to.not.match(/uv_cwd|^ +at /m)
      expect(`${line}: ${code}`, said).to.equal(`${line}: 0`)
    }
  })

  it('fail with a usage error if they are about the folder that is gone', async () => {
    const lines = ['tap path', 'tap link', 'tap new', 'tap new fresh', 'sync create', 'tap package', 'docker package']
    const results = await Promise.all(lines.map(async (line) => ({line, ...(await runInGone(line))})))
    for (const {code, line, said} of results) {
      expect(said, line).to.not.match(/uv_cwd|^ +at /m)
      expect(`${line}: ${code}`, said).to.equal(`${line}: 2`)
      if (/path|new|tap package/.test(line)) expect(said).to.match(/folder \S+ is gone\./)
    }
    await rm(at('home'), {recursive: true, force: true})
    expect((await readdir(git.folder)).filter((name) => name.startsWith('deleted-'))).to.deep.equal([])
  })
})
