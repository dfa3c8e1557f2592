import {expect} from 'chai'
import {chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {inspect} from 'node:util'
import {provideDefault} from '../../../src/lib/process/resolved.js'
import {runProcess} from '../../../src/lib/process/run-process.js'
import {thrown} from '../../support/thrown.js'

/** A program of Node, so that no other must be installed. */
function node(script: string, ...parameters: string[]): [string, ...string[]] {
  return [process.execPath, '-e', script, '--', ...parameters]
}

/** Whether a process is alive. */
function isAlive(id: number): boolean {
  try {
    process.kill(id, 0)
    return true
  } catch {
    return false
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    if (waited > 30_000) throw new Error('it did not come to it')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('child process', () => {
  let folder: string
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'keg-test-process-')))
  })
  afterEach(() => rmSync(folder, {recursive: true, force: true}))

  it('does not get what keg resolved for itself', async () => {
    const environment = {PATH: process.env.PATH, MINE: 'kept'}
    provideDefault(environment, 'KEG_TAG', 'feature', 'git')
    const {stdout} = await runProcess({command: ['env'], environment})
    expect(stdout).to.include('MINE=kept').and.not.include('KEG_TAG').and.not.include('KEG_RESOLVED')
  })

  it('gets its arguments unchanged: no shell, no splitting, no globbing', async () => {
    const words = [
      'a b',
      '',
      '$(touch x)',
      '`touch x`',
      '; touch x',
      '| touch x',
      '> x',
      '*',
      '~',
      '$HOME',
      '"',
      "'",
      '\\',
      'ü\n🎉',
      '-n',
    ]
    const result = await runProcess({
      command: node('process.stdout.write(JSON.stringify(process.argv.slice(1)))', ...words),
      directory: folder,
    })
    expect(JSON.parse(result.stdout)).to.deep.equal(words)
    expect(existsSync(join(folder, 'x'))).to.equal(false)
  })

  it('is not started by a shell: a command line is not a program', async () => {
    expect(await thrown(runProcess({command: ['echo hello']}))).to.include({code: 'program-missing'})
  })

  it('returns its output unchanged, each stream separately, with the last line end', async () => {
    const script = 'process.stdout.write("out \\u00e4\\n\\n"); process.stderr.write("err\\n")'
    expect(await runProcess({command: node(script)})).to.deep.equal({exitCode: 0, stdout: 'out ä\n\n', stderr: 'err\n'})
  })

  it('can end with any code, which is not an error', async () => {
    expect(await runProcess({command: node('process.exitCode = 42')})).to.include({exitCode: 42})
  })

  it('did not succeed if a signal killed it', async () => {
    const {exitCode} = await runProcess({
      command: node('process.kill(process.pid, "SIGKILL"); setTimeout(() => {}, 60000)'),
    })
    expect(exitCode).to.not.equal(0)
  })

  it('gets the whole input, or an empty one', async () => {
    const script = 'process.stdin.pipe(process.stdout)'
    const input = 'grün\n'.repeat(50_000)
    expect((await runProcess({command: node(script), input})).stdout).to.equal(input)
    expect((await runProcess({command: node(script), input: ''})).stdout).to.equal('')
    expect((await runProcess({command: node(script)})).stdout).to.equal('')
  })

  it('can ignore its input', async () => {
    const result = await runProcess({command: node('process.exitCode = 3'), input: 'x'.repeat(1_000_000)})
    expect(result.exitCode).to.equal(3)
  })

  it('gets only the given environment and directory', async () => {
    const script =
      'process.stdout.write(JSON.stringify({cwd: process.cwd(), only: process.env.ONLY, path: process.env.PATH}))'
    const given = await runProcess({command: node(script), environment: {ONLY: 'this'}, directory: folder})
    expect(JSON.parse(given.stdout)).to.deep.equal({cwd: folder, only: 'this'})
    expect(JSON.parse((await runProcess({command: node(script)})).stdout)).to.include({path: process.env.PATH})
  })

  describe('whose program is missing', () => {
    it('is an error with its name, without control characters', async () => {
      const error = await thrown(runProcess({command: ['keg-there-is-no\u001b-such-program', 'secret']}))
      expect(error).to.include({code: 'program-missing', exitCode: 4})
      expect(error.message).to.equal('The program keg-there-is-no?-such-program is not on the PATH.')
    })

    it('is the same error if it is not executable', async () => {
      const program = join(folder, 'program')
      writeFileSync(program, '#!/bin/sh\n')
      chmodSync(program, 0o644)
      expect(await thrown(runProcess({command: [program]}))).to.include({code: 'program-missing'})
    })

    it('is searched on the given PATH', async () => {
      writeFileSync(join(folder, 'keg-test-program'), '#!/bin/sh\necho found\n', {mode: 0o755})
      const environment = {...process.env, PATH: `${folder}:${process.env.PATH ?? ''}`}
      expect(await runProcess({command: ['keg-test-program'], environment})).to.include({stdout: 'found\n'})
      expect(await thrown(runProcess({command: ['keg-test-program']}))).to.include({code: 'program-missing'})
    })
  })

  it('is not reported as missing if only its folder is', async () => {
    const error = await thrown(runProcess({command: node(''), directory: join(folder, 'gone')}))
    expect(error.message).to.include(join(folder, 'gone'))
    expect(error).to.include({code: 'folder-missing', exitCode: 1})
  })

  it('is stopped after a timeout, and its output is not in the error', async () => {
    const id = join(folder, 'id')
    const script = `require('fs').writeFileSync(process.argv[1], String(process.pid)); process.stdout.write('secret'); setInterval(() => {}, 1000)`
    const startedAt = performance.now()
    const error = await thrown(runProcess({command: node(script, id), timeoutMilliseconds: 4000}))
    expect(performance.now() - startedAt).to.be.below(30_000)
    expect(error).to.include({code: 'program-timeout', exitCode: 1})
    expect(error.message).to.include('within 4 s').and.not.include('secret')
    await until(() => !isAlive(Number(readFileSync(id, 'utf8'))))
  })

  it('is stopped when it is aborted, with the abort’s reason', async () => {
    const id = join(folder, 'id')
    const script = `require('fs').writeFileSync(process.argv[1], String(process.pid)); setInterval(() => {}, 1000)`
    const stop = new AbortController()
    const running = thrown(runProcess({command: node(script, id), signal: stop.signal}))
    await until(() => existsSync(id) && readFileSync(id, 'utf8') !== '')
    const reason = new Error('the user had enough')
    stop.abort(reason)
    expect(await running).to.equal(reason)
    await until(() => !isAlive(Number(readFileSync(id, 'utf8'))))
  })

  it('is not started if it is already aborted', async () => {
    const reason = new Error('the user had enough')
    const command = node(`require('fs').writeFileSync(process.argv[1], '')`, join(folder, 'begun'))
    expect(await thrown(runProcess({command, signal: AbortSignal.abort(reason)}))).to.equal(reason)
    expect(existsSync(join(folder, 'begun'))).to.equal(false)
  })

  it('has ended when its program has, even if a child still holds its output open', async () => {
    const id = join(folder, 'id')
    const script = `
      const child = require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], {detached: true, stdio: ['ignore', 1, 2]})
      require('fs').writeFileSync(process.argv[1], String(child.pid))
      child.unref()
      process.stdout.write('last words\\n')
      process.exitCode = 7`
    const startedAt = performance.now()
    try {
      expect(await runProcess({command: node(script, id)})).to.include({exitCode: 7, stdout: 'last words\n'})
      expect(performance.now() - startedAt).to.be.below(10_000)
      expect(isAlive(Number(readFileSync(id, 'utf8'))), 'what holds the output').to.equal(true)
    } finally {
      if (existsSync(id)) process.kill(Number(readFileSync(id, 'utf8')), 'SIGKILL')
    }
  })

  it('is stopped when it prints more than the limit, and its output is not in the error', async () => {
    for (const output of ['stdout', 'stderr']) {
      const command = node(`setInterval(() => process.${output}.write('sw0rdfish'.repeat(1000)), 1)`)
      const error = await thrown(runProcess({command, maxOutputBytes: 100_000}))
      expect(error).to.include({code: 'program-output-endless', exitCode: 1})
      expect(inspect(error)).not.to.contain('sw0rdfish')
    }
  })
})
