import {expect} from 'chai'
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import {createError} from '../../../src/lib/sync/create/agent-error.js'
import {Mutagen} from '../../../src/lib/mutagen/mutagen.js'
import {waitUntilSynced} from '../../../src/lib/sync/create/wait-until-synced.js'
import {silent, type ProgressEvent} from '../../../src/lib/terminal/progress.js'
import {thrown} from '../../support/thrown.js'
import {exampleContainer} from '../sync/example-container.js'

/** What Mutagen's template gives for a session that is at rest. */
const resting = {
  identifier: 'sync_example',
  name: 'shop',
  labels: {'com.keg.sync': '1'},
  mode: 'two-way-safe',
  paused: false,
  status: 'watching',
  successfulCycles: 1,
  alpha: {protocol: 'local', path: '/here', connected: true, scanned: true, files: 3, totalFileSize: 30},
  beta: {protocol: 'docker', host: 'c0ffee', path: '/app', connected: true, scanned: true},
}

describe('Mutagen, when it misbehaves', () => {
  let folder: string
  const signal = new AbortController().signal
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-mutagen-'))
  })
  afterEach(() => rm(folder, {force: true, recursive: true}))

  /** A stand-in for Mutagen that logs its arguments and answers with a script. */
  async function standIn(script: string): Promise<Mutagen> {
    const program = `#!/bin/sh\\necho "$*" >>${folder}/calls\\n[ "$1" = version ] && echo 0.18.1 && exit\\n`
    await writeFile(join(folder, 'mutagen'), `${program.replaceAll('\\n', '\n')}${script}\n`, {mode: 0o755})
    return Mutagen.find({PATH: `${folder}${delimiter}${process.env.PATH ?? ''}`})
  }

  const calls = async (): Promise<string[]> => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n')

  it('has its own error if it is missing, too old, or has a daemon of another version', async () => {
    const missing = await thrown(Mutagen.find({PATH: folder}))
    expect(missing).to.include({code: 'mutagen-missing', exitCode: 4})
    await writeFile(join(folder, 'mutagen'), '#!/bin/sh\necho 0.17.6\n', {mode: 0o755})
    expect(await thrown(Mutagen.find({PATH: folder}))).to.include({code: 'mutagen-too-old', exitCode: 4})
    const mixed = await standIn(
      'echo "Error: unable to connect to daemon: client/daemon version mismatch (daemon restart recommended)" >&2; exit 1',
    )
    expect(await thrown(mixed.list())).to.include({code: 'mutagen-version-mismatch', exitCode: 4})
    const failing = await standIn('printf "working\\r\\033[KError: it \\033[31mfailed\\n" >&2; exit 1')
    expect(await thrown(failing.flush('x'))).to.include({code: 'mutagen-failed', message: 'Mutagen failed: it failed'})
  })

  it('has its daemon started once if it cannot start it itself', async () => {
    const started = await standIn(`
      if [ "$1" = daemon ]; then touch ${folder}/runs; exit; fi
      [ -e ${folder}/runs ] && echo null && exit
      echo "Error: unable to connect to daemon: connection timed out (is the daemon running?)" >&2; exit 1`)
    expect(await started.list()).to.deep.equal([])
    expect(await calls()).to.deep.equal([
      'version',
      'sync list --template {{json .}}',
      'daemon start',
      'sync list --template {{json .}}',
    ])
    const never = await standIn('echo "connection timed out (is the daemon running?)" >&2; exit 1')
    expect(await thrown(never.list())).to.have.property('code', 'mutagen-failed')
  })

  describe('during the first sync', () => {
    async function waited(...sessions: unknown[]): Promise<{outcome: unknown; events: ProgressEvent[]}> {
      for (const [index, session] of sessions.entries())
        await writeFile(join(folder, `${index + 1}`), JSON.stringify(session === undefined ? null : [session]))
      const mutagen = await standIn(`
        number=$(grep -c list ${folder}/calls)
        [ -e ${folder}/$number ] || number=${sessions.length}
        cat ${folder}/$number`)
      const events: ProgressEvent[] = []
      const progress = (event: ProgressEvent): number => events.push(event)
      const outcome = await waitUntilSynced({progress, signal}, {mutagen, id: 'sync_example'}).catch(
        (error: unknown) => error,
      )
      return {outcome, events}
    }

    it('reports its progress, and returns after a full cycle', async () => {
      const stagingProgress = {receivedFiles: 1200, expectedFiles: 5000, totalReceivedSize: 77}
      const {events, outcome} = await waited(
        {...resting, status: 'scanning', successfulCycles: 0},
        {...resting, status: 'staging-beta', successfulCycles: 0, beta: {...resting.beta, stagingProgress}},
        resting,
      )
      expect(outcome).to.include({id: 'sync_example', successfulCycles: 1})
      expect(events).to.deep.equal([
        {stage: 'First sync', state: 'running', note: 'scanning'},
        {stage: 'First sync', state: 'running', done: 77, note: '1,200 of 5,000 files'},
        {stage: 'First sync', state: 'done', done: 30, note: '3 files'},
      ])
    })

    it('says what blocks it', async () => {
      const cases: [unknown, RegExp][] = [
        [undefined, /something else ended it/],
        [{...resting, paused: true, successfulCycles: 0}, /The sync shop .*something else paused it/],
        [{...resting, status: 'halted-on-root-emptied'}, /was emptied/],
      ]
      for (const [session, says] of cases) {
        await rm(join(folder, 'calls'), {force: true})
        const {outcome} = await waited(session)
        expect(outcome).to.include({code: 'sync-unfinished', exitCode: 1}).with.property('message').that.matches(says)
      }
    })

    it('ends with the signal', async () => {
      const mutagen = await standIn(`echo '${JSON.stringify([{...resting, successfulCycles: 0}])}'`)
      const abort = new AbortController()
      setTimeout(() => abort.abort(new Error('enough')), 60)
      const error = await thrown(
        waitUntilSynced({progress: silent, signal: abort.signal}, {mutagen, id: 'sync_example'}),
      )
      expect(error).to.have.property('message', 'enough')
    })
  })

  it('has only errors about missing prerequisites explained', async () => {
    const user = {uid: 0, gid: 0, groups: [0], name: 'root', home: '/root'}
    const database = {users: [], groups: [{name: 'root', gid: 0, members: []}]}
    const stat = {name: 'root', size: 0, mode: 0, linkTarget: ''}
    const files = {follow: (path: string) => Promise.resolve({path, stat})}
    const facts = {container: exampleContainer, user, database, files}
    const failed = async (said: string): Promise<Error> => {
      const mutagen = await standIn(`echo "Error: ${said}" >&2; exit 1`)
      return thrown(mutagen.list())
    }
    const probing = await failed('unable to connect to beta: unable to probe container: unable to probe POSIX username')
    expect(await createError(probing, facts)).to.include({code: 'sync-agent-unfit', exitCode: 4})
    const client = await failed("unable to set up Docker invocation: unable to identify 'docker' command: not found")
    expect(await createError(client, facts)).to.include({code: 'docker-client-missing', exitCode: 4})
    const other = await failed('something else')
    expect(await createError(other, facts)).to.equal(other)
  })
})
