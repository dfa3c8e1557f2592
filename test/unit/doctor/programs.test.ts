import {expect} from 'chai'
import {mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import {findProgram} from '../../../scripts/setup/process.js'
import {runCheck} from '../../../src/lib/doctor/check.js'
import {checkProgram, PROGRAMS, SSH, type Program, type ProgramOptions} from '../../../src/lib/doctor/programs.js'

function programOf(id: string): Program {
  const found = PROGRAMS.find((program) => program.id === id)
  if (found === undefined) throw new Error(`doctor looks for no ${id}`)
  return found
}

describe('looking for a program', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keg-test-programs-'))
  })
  afterEach(() => rmSync(folder, {recursive: true, force: true}))

  const options = (changes: Partial<ProgramOptions> = {}): ProgramOptions => ({
    plugins: [],
    system: {kind: 'debian', release: 13, isRoot: false},
    timeoutMilliseconds: 5000,
    ...changes,
  })
  const work = () => ({environment: {PATH: folder}, signal: new AbortController().signal})
  /** A program that misbehaves, or is older than those available. */
  const standIn = (name: string, script: string) =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, {mode: 0o755})

  it('finds git, with its version', async () => {
    symlinkSync((await findProgram('git'))!, join(folder, 'git'))
    const finding = await checkProgram(work(), programOf('git'), options({plugins: ['@keg/docker']}))
    expect(finding.status).to.equal('ok')
    expect(finding.detail).to.match(/^\d+\.\d+/)
    expect(finding.data?.version).to.equal(finding.detail)
  })

  for (const [id, plugin] of [
    ['git', '@keg/docker'],
    ['mutagen', '@keg/sync'],
    ['docker', '@keg/tap'],
    ['compose', '@keg/tap'],
    ['buildx', '@keg/build'],
  ] as const) {
    it(`says that ${id} is missing, how to install it, and that ${plugin} needs it`, async () => {
      const alone = await checkProgram(work(), programOf(id), options())
      expect(alone.status).to.equal('notice')
      expect(alone.remedy).to.match(/^(?:sudo apt-get install |https:)/)
      expect(alone.data).to.deep.equal({version: null})
      const needed = await checkProgram(work(), programOf(id), options({plugins: [plugin]}))
      expect(needed.status).to.equal('missing')
      expect(needed.detail).to.include(plugin)
    })
  }

  it('says that ssh is missing if the engine is behind it', async () => {
    expect(await checkProgram(work(), SSH, options())).to.include({
      status: 'missing',
      remedy: 'sudo apt-get install openssh-client',
    })
  })

  it('reads the version of ssh from standard error', async () => {
    standIn('ssh', 'echo "OpenSSH_9.2p1 Debian-2+deb12u3, OpenSSL 3.0.14" >&2')
    expect(await checkProgram(work(), SSH, options())).to.include({status: 'ok', detail: 'OpenSSH_9.2p1'})
  })

  it('detects a docker client without compose', async () => {
    standIn('docker', `echo "docker: 'compose' is not a docker command." >&2; exit 1`)
    const finding = await checkProgram(work(), programOf('compose'), options({plugins: ['@keg/tap']}))
    expect(finding).to.include({status: 'missing', remedy: 'sudo apt-get install docker-compose'})
  })

  it('refuses a version that is too old, as a problem only if a plugin needs it', async () => {
    standIn('mutagen', 'echo 0.17.6')
    const finding = await checkProgram(work(), programOf('mutagen'), options({plugins: ['@keg/sync']}))
    expect(finding.status).to.equal('problem')
    expect(finding.detail).to.include('0.17.6').and.include('0.18')
    expect((await checkProgram(work(), programOf('mutagen'), options())).status).to.equal('notice')
    standIn('mutagen', 'echo 0.18.1')
    expect(await checkProgram(work(), programOf('mutagen'), options())).to.include({status: 'ok', detail: '0.18.1'})
  })

  it('shows no control characters, and no version if there is none', async () => {
    standIn('git', `printf 'git version 2.0\\033[31m\\n'`)
    expect((await checkProgram(work(), programOf('git'), options())).detail).to.equal('2.0?[31m')
    standIn('git', 'echo hello')
    expect((await checkProgram(work(), programOf('git'), options())).status).to.equal('notice')
    standIn('git', 'exit 3')
    const failing = await checkProgram(work(), programOf('git'), options({plugins: ['@keg/docker']}))
    expect(failing.status).to.equal('problem')
    expect(failing.detail).to.include('git --version').and.include('3')
  })

  it('reports one that hangs, after a timeout', async () => {
    standIn('docker', 'exec sleep 1000')
    const environment = {PATH: [folder, '/usr/bin', '/bin'].join(delimiter)}
    const startedAt = performance.now()
    const check = await runCheck(
      {signal: new AbortController().signal},
      {id: 'compose', title: 'compose'},
      (signal) => checkProgram({environment, signal}, programOf('compose'), options({timeoutMilliseconds: 300})),
      {timeoutMilliseconds: 10_000},
    )
    expect(performance.now() - startedAt).to.be.below(8000)
    expect(check.status).to.equal('problem')
    expect(check.data).to.deep.equal({error: 'program-timeout'})
  })
})
