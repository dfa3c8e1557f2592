import {expect} from 'chai'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {answered, commandIds} from '../../support/answers.js'
import {docker, uniqueName} from '../../support/docker.js'
import {servingTap} from '../../support/tap-shapes.js'
import {TapBed, type LinkedTap} from '../../support/taps.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

/**
 * The answers of all commands about one tap, from linking to its end: each is validated against its schema by whoever runs keg.
 */
describe('the answer with --json of @containerd', function () {
  this.timeout(120_000)
  let bed: TapBed
  let tap: LinkedTap
  /** Name of the tap's container. */
  let container: string
  /** The tap's package. */
  let reference: string
  const tested = new Set<string>()

  before(async () => {
    bed = await TapBed.start()
    tap = await bed.unlinkedTap(servingTap)
    bed.addTap(tap)
    await writeFile(join(bed.git.folder, 'cli.config.json'), '{"registry": "registry.example.com"}\n')
  })
  after(async () => bed.stop())

  /** @param command as typed; the id has colons instead @param words after it @param codes allowed exit codes */
  function answers(command: string, words: () => readonly string[], {codes = [0], then}: Answering = {}): void {
    const id = command.replaceAll(' ', ':')
    tested.add(id)
    it(`keg ${command}`, async () => {
      answered.delete(id)
      const parts = words()
      const end = [...parts, '--'].indexOf('--')
      const line = [...command.split(' '), ...parts.slice(0, end), '--json', ...parts.slice(end)]
      const {code, json, stderr, stdout} = await bed.keg(line, {cwd: tap.folder})
      expect(codes, stdout + stderr).to.include(code)
      expect([...answered], stdout).to.include(id)
      then?.(json())
    })
  }

  interface Answering {
    readonly codes?: readonly number[]
    readonly then?: (answer: Record<string, unknown>) => void
  }

  answers('config set', () => ['registry', `${openRegistry}/keg-test`])
  answers('config get', () => ['registry'])
  answers('config list', () => [])
  answers('config path', () => [])
  answers('config import', () => [join(bed.git.folder, 'cli.config.json'), '--dry-run'])
  // It may find what other tests leave in the engine meanwhile.
  answers('doctor', () => [], {codes: [0, 1]})

  answers('tap new', () => [uniqueName('new').toLowerCase(), '--path', join(bed.git.folder, 'new'), '--no-link'])
  answers('tap link', () => [tap.folder, '--name', tap.name])
  answers('tap list', () => [])
  answers('tap path', () => [tap.name])
  answers('tap validate', () => [tap.name])
  answers('tap env', () => [tap.name, '--explain'])
  answers('tap start', () => [tap.name, '--detach'], {then: ({name}) => (container = String(name))})
  answers('tap status', () => [tap.name])
  answers('tap exec', () => [tap.name, '--', 'true'])
  answers('tap shell', () => [tap.name, '--', 'true'])
  answers('tap logs', () => [tap.name])
  answers('tap sync', () => [tap.name])

  answers('sync list', () => [])
  answers('sync status', () => [])
  answers('sync flush', () => [])
  answers('sync pause', () => [])
  answers('sync resume', () => [])
  it('keg sync monitor', async () => {
    tested.add('sync:monitor')
    const {ended, kill, said} = await bed.startKeg(['sync', 'monitor', '--json'], {cwd: tap.folder})
    await said(/"event":"watched"/, 'stdout')
    kill('SIGINT')
    expect((await ended).code).to.equal(0)
    expect([...answered]).to.include('sync:monitor')
  })
  it('keg sync resolve', async () => {
    tested.add('sync:resolve')
    const sessions = (await bed.sessionsOf(tap.folder)).map(({identifier}) => identifier)
    await bed.mutagen.run('sync', 'pause', ...sessions)
    await docker(['exec', container, 'sh', '-c', 'echo inside > /app/notes.txt'])
    await writeFile(join(tap.folder, 'notes.txt'), 'outside\n')
    await bed.mutagen.run('sync', 'resume', ...sessions)
    await bed.flush(tap.folder)
    const {json} = await bed.kegSucceeds(['sync', 'resolve', '--keep', 'folder', '--yes', '--json'], {cwd: tap.folder})
    expect(json()).to.have.nested.property('[0].resolved[0].path', 'notes.txt')
    expect([...answered]).to.include('sync:resolve')
  })
  answers('sync reset', () => ['--yes'])
  answers('sync terminate', () => [])
  answers('sync create', () => [container])

  const registry = ['--registry', `${openRegistry}/keg-test`]
  answers('docker package', () => [container, '-t', uniqueName('one'), ...registry, '--load', '--yes', '--verify'], {
    then: (answer) => (reference = bed.sandbox.addImage(String(answer.reference))),
  })
  answers('docker package inspect', () => [reference])
  answers('docker package verify', () => [reference])
  answers('docker package list', () => [reference])
  answers('docker package prune', () => [reference, '--keep', '0', '--dry-run'])
  answers('docker package remove', () => [reference, '--dry-run'])
  answers('docker package push', () => [reference, '--yes'])
  const started = uniqueName('run')
  answers('docker package run', () => [reference, '--detach', '--name', bed.sandbox.addContainer(started)])
  answers('docker package logs', () => [started])
  answers('docker package stop', () => [started])
  answers('tap package', () => [tap.name, '-t', uniqueName('two'), '--yes'], {
    then: (answer) => (reference = bed.sandbox.addImage(String(answer.reference))),
  })
  answers('tap package run', () => [
    ...[tap.name, reference, '--detach', '--wait', '0'],
    ...['--name', bed.sandbox.addContainer(uniqueName('run'))],
  ])

  answers('tap restart', () => [tap.name, '--detach'])
  answers('tap stop', () => [tap.name])
  answers('tap destroy', () => [tap.name, '--yes'])
  answers('tap unlink', () => [tap.name])
  answers('config unset', () => ['registry'])

  it('every command is tested', () => {
    expect([...tested].sort()).to.deep.equal([...new Set(commandIds.values())].sort())
  })
})
