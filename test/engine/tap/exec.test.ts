import {expect} from 'chai'
import {createHash, randomBytes} from 'node:crypto'
import {join} from 'node:path'
import {PassThrough} from 'node:stream'
import {text} from 'node:stream/consumers'
import {setTimeout as sleep} from 'node:timers/promises'
import {Engine} from '../../../src/lib/engine/engine.js'
import {RunningExec} from '../../../src/lib/engine/exec.js'
import type {ContainerDetails} from '../../../src/lib/engine/types.js'
import {InterruptedError} from '../../../src/lib/error/keg-error.js'
import {runExec} from '../../../src/lib/container/exec/run-exec.js'
import {isIdle} from '../../../src/lib/tap/exec/is-idle.js'
import {runTapCommand} from '../../../src/lib/tap/exec/run-tap-command.js'
import {readAppState} from '../../../src/lib/tap/status/app-state.js'
import {baseImage, docker, uniqueName} from '../../support/docker.js'
import {runAdvice} from '../../support/run-advice.js'
import {thrown} from '../../support/thrown.js'
import {ctrlC} from '../package/terminal.js'
import {PlainTap, processesIn, WAITING} from './plain-tap.js'
import {testWork} from '../../support/work.js'

const VALUES = `
env:
  DOC_APP_PATH: /app
actions:
  tap:
    build:
      location: "{{ envs.DOC_APP_PATH }}"
      cmds: ["pwd >/built", "echo second >>/built"]
    broken:
      cmds: ["echo first", "echo bad >&2; exit 7", "echo third >/never"]
`

/** The command of a tap's image, in ENTRYPOINT and CMD. */
const RUN_SCRIPT = [
  'if [ -z "$KEG_DOCKER_EXEC" ]; then trap "exit 0" TERM; sleep 1000000 & wait; exit; fi',
  // Before it prints anything, or Ctrl-C could come first.
  'if [ "$KEG_EXEC_CMD" = stubborn ]; then trap "" INT; fi',
  'echo "by $KEG_DOCKER_EXEC: $KEG_EXEC_CMD $MODE in $(pwd)"',
  'if [ "$KEG_EXEC_CMD" = stubborn ]; then while :; do sleep 1; done; fi',
  'exec sleep 2000',
].join('\n')

describe('keg tap exec, shell and logs @containerd', function () {
  this.timeout(120_000)

  let tap: PlainTap
  let engine: Engine
  let container: string

  before(async () => {
    tap = new PlainTap(VALUES)
    engine = await Engine.connect(process.env)
    const workingFolder = ['--workdir', '/app', '--tty', '--env', 'OF=container']
    container = await tap.container([...workingFolder, baseImage, ...WAITING])
  })

  after(async () => {
    await engine[Symbol.asyncDispose]()
    await tap.stop()
  })

  describe('a command', () => {
    it('has separate outputs, its environment, and its own exit code', async () => {
      const script = 'echo "out of $OF, $MODE, $(pwd)"; echo err >&2; exit 9'
      const words = ['tap', 'exec', tap.name, '--env', 'MODE=review', '--', 'sh', '-c', script]
      expect(await tap.keg(words)).to.include({
        code: 9,
        stdout: 'out of container, review, /app\n',
        stderr: 'err\n',
      })
    })

    it('gets all of standard input, and its end', async () => {
      const input = randomBytes(3_000_000)
      const {code, stdout} = await tap.keg(['tap', 'exec', '-w', '/', '--', 'sha256sum'], {cwd: tap.folder, input})
      expect({code, stdout}).to.deep.equal({
        code: 0,
        stdout: `${createHash('sha256').update(input).digest('hex')}  -\n`,
      })
    })

    it('is ended in the container by a signal to keg, with all its child processes', async () => {
      const script = 'sleep 3100 & sleep 3101 & echo ready; wait'
      const running = await tap.startKeg(['tap', 'exec', tap.name, '--', 'sh', '-c', script])
      await running.said(/ready/, 'stdout')
      running.kill('SIGTERM')
      const {code, stderr} = await running.ended
      expect(code, stderr).to.equal(143)
      expect((await processesIn(container)).filter((line) => line.includes('sleep 31'))).to.deep.equal([])
    })

    it('is ended when nobody reads its output any more', async () => {
      const running = await tap.startKeg(['tap', 'exec', tap.name, '--', 'sh', '-c', 'while :; do echo 3200; done'])
      await running.said(/3200/, 'stdout')
      running.closeOutput()
      expect((await running.ended).code).to.equal(141)
      expect((await processesIn(container)).filter((line) => line.includes('3200'))).to.deep.equal([])
    })

    it('has a terminal of the right size if there is one, and Ctrl-C is a key in it', async () => {
      const script =
        'trap "echo; echo caught; exit 5" INT; while ! stty size 2>/dev/null | grep -q "40 120"; do :; done; stty size; echo ready; while :; do sleep 0.1; done'
      const running = await tap.kegOnTerminal(['tap', 'exec', tap.name, '--', 'sh', '-c', script])
      await running.shows(/40 120\r+\nready/)
      running.press(ctrlC)
      const {code, shown} = await running.ended
      expect(code, shown).to.equal(5)
      expect(shown).to.include('caught').and.not.include('Stopped by')
    })

    it('that cannot be started is an error that says why, with the exit code of docker run', async () => {
      const cases: [words: string[], code: number, message: RegExp][] = [
        [['exec', tap.name, '--', 'no-such'], 127, /^Error: There is no program no-such in \S+\.\n/],
        [['exec', tap.name, '--detach', '--', 'no-such'], 127, /^Error: There is no program no-such in \S+\.\n/],
        [['shell', tap.name, '--', '/no/such'], 127, /^Error: There is no program \/no\/such in \S+\.\n/],
        [
          ['exec', tap.name, '--', '/app'],
          126,
          /^Error: Cannot run \/app in \S+: (?:permission denied|is a directory)\.\n/,
        ],
        [['exec', tap.name, '-w', '/no', '--', 'ls'], 126, /^Error: Cannot run ls in \S+: there is no folder \/no\.\n/],
        [
          ['exec', tap.name, '--user', 'nobody-at-all', '--', 'true'],
          126,
          /^Error: Cannot run anything in \S+: (?:unable to find user|no users found)/,
        ],
      ]
      for (const [words, expected, message] of cases) {
        const {code, stderr, stdout} = await tap.keg(['tap', ...words])
        expect({code, stdout}, words.join(' ')).to.deep.equal({code: expected, stdout: ''})
        expect(stderr).to.match(message)
      }
    })

    it('may print what an engine prints about a command that cannot be started', async () => {
      const line = 'OCI runtime exec failed: exec failed: of another container'
      const {code, stderr, stdout} = await tap.keg([
        'tap',
        'exec',
        tap.name,
        '--',
        'sh',
        '-c',
        `echo ${line}; exit 126`,
      ])
      expect({code, stderr, stdout}).to.deep.equal({code: 126, stderr: '', stdout: `${line}\n`})
    })
  })

  describe('actions', () => {
    it('are run in order in their folder, with templates filled in', async () => {
      const {code, stderr} = await tap.keg(['tap', 'exec', 'build'], {cwd: tap.folder})
      expect(code, stderr).to.equal(0)
      expect(await docker(['exec', container, 'cat', '/built'])).to.equal('/app\nsecond')
    })

    it('stop at the first failed command, with its code', async () => {
      const {code, stderr, stdout} = await tap.keg(['tap', 'exec', tap.name, 'broken', 'build'])
      expect({code, stdout}).to.deep.equal({code: 7, stdout: 'first\n'})
      expect(stderr).to.include('bad\nError: The action tap:broken failed with exit code 7: echo bad >&2; exit 7\n')
      expect(await engine.pathStat(container, '/never')).to.equal(undefined)
      const json = (await tap.keg(['tap', 'exec', tap.name, 'broken', '--json'])).json()
      expect(json.error).to.deep.include({code: 'action-failed', exitCode: 7})
    })
  })

  describe('a shell', () => {
    it('reads commands from standard input without a terminal', async () => {
      const input = 'echo "in $(hostname)"; exit 4\necho never\n'
      expect(await tap.keg(['tap', 'shell', tap.name], {input})).to.include({
        code: 4,
        stdout: 'in inside\n',
        stderr: '',
      })
    })

    it('is interactive at a terminal, as another user', async () => {
      const running = await tap.kegOnTerminal(['tap', 'shell', tap.name, '--user', '1234'])
      await running.shows(/\/app \$ /)
      running.press('id -u; exit 3\r')
      const {code, shown} = await running.ended
      expect(code, shown).to.equal(3)
      expect(shown).to.match(/\n1234\r+\n/)
    })

    it('exits when its terminal is closed', async () => {
      const running = await tap.kegOnTerminal(['tap', 'shell', tap.name, '--user', '4321'])
      await running.shows(/\/app \$ /)
      running.press('sleep 3300\r')
      while (!(await processesIn(container)).includes('sleep 3300')) await sleep(50)
      running.close()
      await running.gone()
      const rows = (await docker(['top', container, '-eo', 'pid,uid,args'])).split('\n')
      expect(rows.filter((row) => /^ *\d+ +4321 /.test(row))).to.deep.equal([])
    })
  })

  describe('what is impossible', () => {
    it('says which services there are', async () => {
      const {code, stderr} = await tap.keg(['tap', 'shell', tap.name, '--service', 'ap', '--', 'true'])
      expect(code).to.equal(2)
      expect(stderr).to.include('has no service ap.\nDid you mean app? Its services are: app.')
      const json = (await tap.keg(['tap', 'logs', tap.name, '--service', 'ap', '--json'])).json()
      expect(json.error).to.deep.include({code: 'service-unknown', data: {services: ['app']}})
    })

    it('says that nothing can be run without the engine', async () => {
      const paused = await tap.sandbox.run([baseImage, 'sleep', '1000'])
      const details = await detailsOf(paused)
      await docker(['pause', paused])
      const run = runExec(
        {engine, notice: () => undefined, signal: new AbortController().signal},
        {
          container: details,
          command: ['true'],
          tty: false,
          input: 'nothing',
          streams: {stdin: undefined, stdout: undefined, stderr: undefined},
        },
      )
      expect(await thrown(run)).to.include({code: 'exec-failed', exitCode: 125})
    })
  })

  describe("a tap's command", () => {
    let main: ContainerDetails
    let said: string[]
    let environment: NodeJS.ProcessEnv

    before(async () => {
      environment = {...process.env, XDG_STATE_HOME: join(tap.git.folder, 'state')}
      const image = await tap.sandbox.imageFromFiles(`${uniqueName('run-script')}:dev`, [], {
        from: baseImage,
        instructions: [
          `RUN echo ${Buffer.from(RUN_SCRIPT).toString('base64')} | base64 -d >/run.sh`,
          'WORKDIR /srv',
          'ENTRYPOINT ["/bin/sh"]',
          'CMD ["/run.sh"]',
        ],
      })
      main = await detailsOf(await tap.sandbox.run([image]))
    })

    beforeEach(() => {
      said = []
    })

    /** Runs it in the foreground without a terminal. */
    function follow(command: string, patienceMilliseconds?: number) {
      const stop = new AbortController()
      const stdout = new PassThrough()
      const work = testWork({engine, environment, notice: (line) => said.push(line), signal: stop.signal})
      const result = runTapCommand(work, {
        container: main,
        command,
        variables: ['MODE=dev'],
        detach: false,
        streams: {stdin: undefined, stdout, stderr: undefined},
        ...(patienceMilliseconds !== undefined && {patienceMilliseconds}),
      })
      const printed = text(stdout)
      return {
        result: result.finally(() => stdout.end()),
        printed,
        started: () => new Promise((resolve) => stdout.once('readable', resolve)),
        interrupt: () => stop.abort(new InterruptedError('SIGINT')),
      }
    }

    const appState = () => {
      const labelled = {...main, Config: {...main.Config, Labels: {'com.keg.tap.main': 'true'}}}
      return readAppState(engine, labelled, new AbortController().signal)
    }
    const running = async (): Promise<string[]> =>
      (await processesIn(main.Id)).filter((line) => !/1000000/.test(line) && line !== '/bin/sh /run.sh')

    it('is awaited by an idle container, whatever else runs in it', async () => {
      expect(await isIdle(engine, main)).to.equal(true)
      expect(await isIdle(engine, await detailsOf(container))).to.equal(true)
      const busy = await tap.sandbox.run([baseImage, 'httpd', '-f', '-p', '8080'])
      expect(await isIdle(engine, await detailsOf(busy))).to.equal(false)
    })

    it('is run in the foreground, and ended by Ctrl-C', async () => {
      const {interrupt, printed, result, started} = follow('start')
      await started()
      expect(await isIdle(engine, main)).to.equal(true)
      expect(await appState(), 'while it is followed').to.equal('running')
      interrupt()
      expect(await result).to.deep.equal({kind: 'ended', exitCode: 130})
      // Without a terminal the lines end as in files.
      expect(await printed).to.match(/^by compose-start: start dev in \/srv\n/)
      expect(await running()).to.deep.equal([])
      expect(await appState(), 'after Ctrl-C').to.equal('idle')
    })

    it('that ignores Ctrl-C is reported', async () => {
      const {interrupt, result, started} = follow('stubborn', 300)
      await started()
      interrupt()
      expect(await result).to.deep.equal({kind: 'ended', exitCode: 130})
      expect(said.join()).to.include('The program did not end, and is still running in')
      await runAdvice(said.join('\n'), 'docker restart')
      main = await detailsOf(main.Id)
      expect(await running()).to.deep.equal([])
    })

    it('stays in the background with --detach, prints to the log, and is not run twice', async () => {
      const options = {container: main, command: 'start', variables: [], streams: NO_STREAMS}
      const run = () => runTapCommand(testWork({engine, environment}), {...options, detach: true})
      expect(await run()).to.include({kind: 'running'})
      expect(await run()).to.deep.equal({kind: 'ran-already'})
      expect(await running()).to.deep.equal(['sleep 2000'])
      expect(await appState()).to.equal('running')
      expect(await docker(['logs', main.Id])).to.include('by compose-start: start  in /srv')
    })

    it('does not exist if the image only waits', async () => {
      const [bare, waiting] = await Promise.all(
        [[], [`CMD ${JSON.stringify(['sh', '-c', 'sleep infinity'])}`]].map((instructions, index) =>
          tap.sandbox.imageFromFiles(`${uniqueName(`none-${index}`)}:dev`, [], {from: baseImage, instructions}),
        ),
      )
      for (const image of [bare ?? '', waiting ?? '']) {
        const idle = await detailsOf(await tap.sandbox.run(['--entrypoint', 'sleep', image, '1000']))
        const options = {container: idle, command: undefined, variables: [], detach: false, streams: NO_STREAMS}
        expect(await runTapCommand(testWork({engine, environment}), options)).to.deep.equal({kind: 'none'})
      }
    })
  })

  describe('logs', () => {
    let store: string

    before(async () => {
      const script = 'echo one; echo two >&2; sleep 1.2; echo three; trap "exit 0" TERM; sleep 1000000 & wait'
      store = await tap.container([baseImage, 'sh', '-c', script], {service: 'store'})
      while (!(await docker(['logs', store])).includes('three')) await sleep(100)
    })

    it('are shown from their end or from a time on, each on its own output', async () => {
      const words = ['tap', 'logs', tap.name, '--service', 'store']
      expect(await tap.keg(words)).to.include({code: 0, stdout: 'one\nthree\n', stderr: 'two\n'})
      expect(await tap.keg([...words, '--tail', '1'])).to.include({stdout: 'three\n', stderr: ''})
      const entries = (await docker(['logs', '--timestamps', store])).split('\n')
      const [one = NaN, three = NaN] = entries.map((entry) => Date.parse(entry.split(' ')[0] ?? ''))
      const since = await tap.keg([...words, '--since', String((one + three) / 2000), '--timestamps'])
      expect(since.stdout).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z three\n$/)
    })

    it('are followed until a signal', async () => {
      const running = await tap.startKeg(['tap', 'logs', tap.name, '--service', 'store', '--follow'])
      await running.said(/three/, 'stdout')
      running.kill('SIGINT')
      expect(await running.ended).to.include({code: 130, stdout: 'one\nthree\n', stderr: 'two\n'})
    })

    it('include what keg ran, and continue with what it runs', async () => {
      await tap.keg(['tap', 'exec', tap.name, 'broken'])
      const running = await tap.startKeg(['tap', 'logs', tap.name, '--follow', '--tail', '1'])
      await running.said(/^bad$/m)
      await tap.keg(['tap', 'exec', tap.name, 'broken'])
      await running.said(/^bad$[^]*^bad$/m)
      await running.said(/first/, 'stdout')
      running.kill('SIGINT')
      const {stderr, stdout} = await running.ended
      expect(stdout).to.equal('first\n')
      const lines = stderr.replace(/ \S+Z /g, ' ')
      const [first, second] = ['==> tap:broken: echo first\n', '==> tap:broken: echo bad >&2; exit 7\n']
      expect(lines).to.equal(`${second}bad\n${first}${second}bad\n`)
    })
  })

  it('sees the exit code of a program that printed nothing, and ignores child processes that it left', async () => {
    const {Id} = await detailsOf(container)
    const command = ['sh', '-c', 'sleep 3 & exit 6']
    using exec = await RunningExec.start(engine, Id, {command, tty: false, hasInput: false})
    for await (const part of exec.output()) throw new Error(String(part.bytes))
    expect(await exec.exitCode()).to.equal(6)
  })

  async function detailsOf(reference: string): Promise<ContainerDetails> {
    const details = await engine.container(reference)
    if (details === undefined) throw new Error(`no container ${reference}`)
    return details
  }
})

const NO_STREAMS = {stdin: undefined, stdout: undefined, stderr: undefined}
