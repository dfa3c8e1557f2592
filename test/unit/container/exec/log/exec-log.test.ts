import {expect} from 'chai'
import {chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {forgetContainer, readContainerState} from '../../../../../src/lib/container/container-state.js'
import {ExecLog, type ExecLogOptions} from '../../../../../src/lib/container/exec/log/exec-log.js'
import {ExecLogReader} from '../../../../../src/lib/container/exec/log/exec-log-reader.js'
import {engineWith} from '../../example-engine.js'

const ID = 'a'.repeat(64)

describe('the log of execs', () => {
  let home: string
  let environment: NodeJS.ProcessEnv
  let folder: string
  let said: string[]

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'keg-test-exec-log-'))
    environment = {XDG_STATE_HOME: home}
    folder = join(home, 'keg/containers', ID)
    said = []
  })
  afterEach(() => rmSync(home, {recursive: true, force: true}))

  function start(more: Partial<ExecLogOptions> = {}): ExecLog {
    const work = {engine: engineWith([ID]), environment, notice: (line: string) => said.push(line)}
    return ExecLog.start(work, {container: {Id: ID, Name: '/shop-main'}, title: 'npm start', tty: false, ...more})
  }
  const print = (log: ExecLog, text: string | Buffer, channel: 'stderr' | 'stdout' = 'stdout'): void =>
    log.write({channel, bytes: Buffer.from(text)})
  const read = async (reader = new ExecLogReader(ID, environment)): Promise<string[]> =>
    (await reader.next()).map(({log, stream}) => `${stream}: ${log}`)

  it('has the command and each line of both streams in order, readable only by the user', async () => {
    const log = start({state: {detached: false}})
    print(log, 'one\ntw')
    print(log, 'bad\n', 'stderr')
    print(log, 'o\nhalf')
    await log[Symbol.asyncDispose]()
    const lines = ['command: npm start\n', 'stdout: one\n', 'stderr: bad\n', 'stdout: two\n', 'stdout: half\n']
    expect(await read()).to.deep.equal(lines)
    expect(await readContainerState(ID, environment)).to.deep.equal({engine: 'one', name: 'shop-main', detached: false})
    const modes = [join(home, 'keg'), folder, join(folder, 'exec.log')].map((path) => statSync(path).mode & 0o777)
    expect(modes).to.deep.equal([0o700, 0o700, 0o600])
    expect(said).to.deep.equal([])
  })

  it('has plain line ends for a terminal, whole characters, and long lines in several entries', async () => {
    const log = start({tty: true})
    const [first, second] = [Buffer.from('ö\r\n').subarray(0, 1), Buffer.from('ö\r\n').subarray(1)]
    print(log, first)
    print(log, second)
    print(log, 'x'.repeat(40_000))
    await log[Symbol.asyncDispose]()
    const [, umlaut, ...long] = await read()
    expect(umlaut).to.equal('stdout: ö\n')
    expect(long.map(({length}) => length - 'stdout: '.length)).to.deep.equal([16_384, 16_384, 40_000 - 2 * 16_384 + 1])
  })

  it('is limited to two files, and drops the older one', async () => {
    for (let run = 0; run < 30; run++) {
      const log = start({title: `run ${run}`, maxFileBytes: 1000})
      for (let line = 0; line < 5; line++) print(log, `${run}.${line}\n`)
      await log[Symbol.asyncDispose]()
    }
    expect(readdirSync(folder).sort()).to.deep.equal(['container.json', 'exec.log', 'exec.log.1'])
    for (const name of ['exec.log', 'exec.log.1']) expect(statSync(join(folder, name)).size).to.be.below(1500)
    const lines = await read()
    expect(lines.at(-1)).to.equal('stdout: 29.4\n')
    expect(lines).not.to.include('stdout: 0.0\n')
    expect(lines.length).to.be.above(10)
  })

  it('takes no more memory than its limit on disk, however much is printed at once', async () => {
    const log = start({maxFileBytes: 2000})
    for (let line = 0; line < 5000; line++) print(log, `${line}\n`)
    await log[Symbol.asyncDispose]()
    expect((await read()).at(-1)).to.equal('stdout: 4999\n')
  })

  it('can be followed as it grows, also when its files rotate', async () => {
    const reader = new ExecLogReader(ID, environment)
    expect(await read(reader)).to.deep.equal([])
    const seen: string[] = []
    for (let run = 0; run < 20; run++) {
      const log = start({title: `run ${run}`, maxFileBytes: 500})
      await log[Symbol.asyncDispose]()
      seen.push(...(await read(reader)))
    }
    expect(seen).to.deep.equal(Array.from({length: 20}, (_, run) => `command: run ${run}\n`))
  })

  it('warns once if it cannot be written, and breaks nothing', async () => {
    mkdirSync(join(home, 'keg'))
    writeFileSync(join(home, 'keg/containers'), 'a file')
    const log = start()
    for (let line = 0; line < 100; line++) print(log, 'more\n')
    await log[Symbol.asyncDispose]()
    print(log, 'late\n')
    expect(said).to.have.length(1)
    expect(said[0]).to.match(
      /^Warning: cannot write this output to the log of the container\. keg cannot keep its state in .*is not a folder\.$/,
    )
  })

  it('warns once if the disk is full, and skips incomplete entries when it is read', async function () {
    if (process.platform !== 'linux') return
    await start()[Symbol.asyncDispose]()
    rmSync(join(folder, 'exec.log'))
    symlinkSync('/dev/full', join(folder, 'exec.log'))
    const log = start()
    print(log, 'one\n')
    await log[Symbol.asyncDispose]()
    expect(said).to.have.length(1)
    expect(said[0]).to.include('no space left there')
    rmSync(join(folder, 'exec.log'))
    const whole = '{"time":"2026-01-31T12:00:00.000000000Z","stream":"stdout","log":"whole\\n"}\n'
    writeFileSync(join(folder, 'exec.log'), `${whole}{"time":"2026-01-\n${whole}{"time"`)
    chmodSync(join(folder, 'exec.log'), 0o600)
    expect(await read()).to.deep.equal(['stdout: whole\n', 'stdout: whole\n'])
  })

  it('says nothing if the container and its log were removed meanwhile', async () => {
    const log = start()
    while ((await read()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await forgetContainer(ID, environment)
    print(log, 'last words\n')
    await log[Symbol.asyncDispose]()
    expect(said).to.deep.equal([])
    expect(await read()).to.deep.equal([])
  })
})
