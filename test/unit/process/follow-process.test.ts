import {expect} from 'chai'
import {followProcess} from '../../../src/lib/process/follow-process.js'
import {thrown} from '../../support/thrown.js'

const common = {directory: process.cwd(), environment: process.env, input: '', signal: new AbortController().signal}
const shell = (script: string) => ['/bin/sh', '-c', script] as const

describe('followProcess', () => {
  it('passes its input on, and returns each output line as it is printed, and how the process ended', async () => {
    const lines: string[] = []
    const end = await followProcess({
      ...common,
      command: shell('cat; echo problem >&2; exit 7'),
      input: 'one\ntwo\n',
      line: (line) => lines.push(line),
    })
    expect(lines.toSorted()).to.deep.equal(['one', 'problem', 'two'])
    expect(end).to.deep.include({exitCode: 7, isMissing: false})
    expect(end.lastLines.toSorted()).to.deep.equal(['one', 'problem', 'two'])
  })

  it('keeps only the last lines', async () => {
    const {lastLines} = await followProcess({...common, command: shell('seq 1000'), line: () => undefined})
    expect(lastLines).to.have.length(20)
    expect(lastLines.at(-1)).to.equal('1000')
  })

  it('reports a missing program', async () => {
    const end = await followProcess({...common, command: ['/nowhere/program'], line: () => undefined})
    expect(end).to.deep.include({isMissing: true})
  })

  it('passes a signal on to everything the program started, and waits for its end', async () => {
    const abort = new AbortController()
    const lines: string[] = []
    // The inner shell is like a plugin of the docker client: only a signal to its session reaches it.
    const inner = `sh -c 'trap "echo inner; exit" INT; echo ready; while :; do sleep 0.05; done'`
    const error = await thrown(
      followProcess({
        ...common,
        command: shell(`trap : INT; ${inner}; sleep 0.2; echo outer`),
        signal: abort.signal,
        line(line) {
          lines.push(line)
          if (line === 'ready') abort.abort(new Error('stopped'))
        },
      }),
    )
    expect(error.message).to.equal('stopped')
    expect(lines).to.deep.equal(['ready', 'inner', 'outer'])
  })
})
