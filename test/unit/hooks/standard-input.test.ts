import {expect} from 'chai'
import {execFile} from 'node:child_process'
import {mkdtemp, realpath, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {isolatedEnvironment} from '../../../scripts/setup/environment.js'
import {keg, program, startKeg} from '../../support/keg.js'

/** Command lines with their exit codes without standard input. */
const LINES: readonly [line: string, code: number][] = [
  ['help', 0],
  ['help config', 0],
  ['plugins', 0],
  ['plugins install', 2],
  ['plugins uninstall', 1],
  ['plugins inspect', 1],
  ['config list', 0],
  ['config get', 2],
  ['tap path', 2],
  ['docker package run', 2],
  ['no-such-command', 2],
]

describe('keg with unusual standard streams', function () {
  this.timeout(60_000)

  it('reads nothing from standard input, in any command of keg or oclif', async () => {
    const handedOver = 'refs/heads/main 1111 refs/heads/main 2222\n'
    for (const [line, code] of LINES) {
      const [withWords, silent] = await Promise.all([
        keg(line.split(' '), {input: handedOver}),
        keg(line.split(' '), {silentInput: true}),
      ])
      for (const result of [withWords, silent]) {
        expect(`${line}: ${result.code}`, result.stdout + result.stderr).to.equal(`${line}: ${code}`)
        expect(result.stdout + result.stderr, line).to.not.include('1111')
      }
    }
  })

  it('reports an error once, in commands of plugins and its own', async () => {
    for (const line of ['docker package run', 'config get']) {
      const {code, stderr} = await (await startKeg(line.split(' '))).ended
      expect(code, stderr).to.equal(2)
      expect(stderr.split('\n')[0]).to.match(/^Error: /)
      expect(stderr).to.not.include('EEXIT')
    }
  })

  it('ends as usual if nobody reads its output', async () => {
    for (const line of ['help', 'plugins --core', 'config list --help']) {
      const running = await startKeg(line.split(' '))
      running.closeOutput()
      expect(await running.ended, line).to.include({code: 0, stderr: ''})
    }
  })

  it('says that it cannot write if the disk is full', async () => {
    for (const line of ['help', '--version', 'config path', 'config get --json']) {
      const [code, stderr] = await onFullDisk(line.split(' '))
      expect(code, line).to.equal(1)
      expect(stderr, line).to.equal(
        'Error: Standard output cannot be written. (ENOSPC: no space left on device, write)\n',
      )
    }
  })

  it('shows no Node warning, even if the data folder is not a folder', async () => {
    for (const line of ['config path', 'tap list', 'plugins'])
      for (const {stderr} of await Promise.all(
        ['/dev/null/data', '/proc/data'].map(async (folder) => keg(line.split(' '), {env: {KEG_DATA_DIR: folder}})),
      ))
        expect(stderr, line).to.not.match(/node:|Warning/)
    const debugged = await keg(['config', 'path'], {env: {KEG_DATA_DIR: '/dev/null/data', KEG_DEBUG: '1'}})
    expect(debugged.stderr).to.include('ENOTDIR')
  })
})

/** Runs keg with its standard output on a full disk. Returns its exit code and standard error. */
async function onFullDisk(words: readonly string[]): Promise<[code: unknown, stderr: string]> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'keg-test-home-')))
  try {
    const env = {...(await isolatedEnvironment(home)), NODE_OPTIONS: ''}
    const line = ['-c', 'exec "$@" >/dev/full', 'sh', process.execPath, '--', program, ...words]
    return await new Promise((resolve) => {
      execFile('sh', line, {env}, (error, _, stderr) => resolve([error?.code ?? 0, stderr]))
    })
  } finally {
    await rm(home, {force: true, recursive: true})
  }
}
