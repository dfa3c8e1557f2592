import {expect} from 'chai'
import fc from 'fast-check'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {hostname} from 'node:os'
import {
  ownerText,
  readOwner,
  processOwnerState,
  thisOwner,
  type ProcessOwner,
} from '../../../src/lib/lock/process-owner.js'

const hour = 60 * 60 * 1000

/** The owner for another Node process, which runs until `end` is called. */
async function otherOwner(): Promise<{owner: ProcessOwner; end: () => Promise<void>}> {
  const module = new URL('../../../src/lib/lock/process-owner.ts', import.meta.url).href
  const script = `import {thisOwner} from ${JSON.stringify(module)}; console.log(JSON.stringify(thisOwner())); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script])
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const owner = readOwner(line.toString())
  if (owner === undefined) throw new Error(`no owner: ${line.toString()}`)
  const end = async (): Promise<void> => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return {owner, end}
}

describe('an owner', () => {
  it('is this process, which is alive', () => {
    const owner = thisOwner()
    expect(owner.pid).to.equal(process.pid)
    expect(owner.host.startsWith(`${hostname()}/`)).to.equal(true)
    expect(processOwnerState(owner)).to.equal('alive')
  })

  it('is alive as long as its process, and dead once that is killed', async () => {
    const {end, owner} = await otherOwner()
    try {
      expect(processOwnerState(owner)).to.equal('alive')
    } finally {
      await end()
    }
    expect(processOwnerState(owner)).to.equal('dead')
  })

  it('is dead if another process has its PID', () => {
    const owner = thisOwner()
    expect(processOwnerState({...owner, process: `${owner.process}0`})).to.equal('dead')
  })

  it('without a process identity is dead if nothing has its PID, or the machine was restarted since', () => {
    const owner = {...thisOwner(), pid: 2 ** 22 + 1, process: ''}
    expect(processOwnerState(owner)).to.equal('dead')
    expect(processOwnerState({...owner, since: '2001-01-01T00:00:00.000Z'})).to.equal('dead')
  })

  it('is elsewhere on another machine, and dead after a day', () => {
    const owner = {...thisOwner(), host: 'elsewhere/0'}
    const since = Date.parse(owner.since)
    expect(processOwnerState(owner, since + hour)).to.equal('elsewhere')
    expect(processOwnerState(owner, since + 25 * hour)).to.equal('dead')
  })

  it('is read back from its label', () => {
    const owner = thisOwner()
    expect(readOwner(JSON.stringify(owner))).to.deep.equal(owner)
  })

  it('is undefined if the label is invalid', () => {
    const owner = thisOwner()
    const wrong: unknown[] = [
      {...owner, pid: 0},
      {...owner, pid: '7'},
      {...owner, pid: 1.5},
      {...owner, since: 'yesterday'},
      {...owner, host: undefined},
      {...owner, user: 7},
      {...owner, user: 'x'.repeat(5000)},
      [],
      null,
    ]
    for (const value of wrong) expect(readOwner(JSON.stringify(value)), JSON.stringify(value)).to.equal(undefined)
    expect(readOwner(undefined)).to.equal(undefined)
    fc.assert(fc.property(fc.string(), (text) => readOwner(text) === undefined))
    fc.assert(fc.property(fc.json(), (text) => readOwner(text) === undefined))
  })

  it('is shown without control characters', () => {
    const owner = {...thisOwner(), user: 'a\u001b[31mda', since: '2026-01-01T00:00:00.000Z'}
    expect(ownerText(owner, Date.parse('2026-01-01T00:03:05.000Z'))).to.equal(
      `process ${process.pid} of a?[31mda, 3 min 5 s ago`,
    )
    expect(ownerText({...owner, host: 'elsewhere/0'}, Date.parse(owner.since))).to.contain(' on elsewhere, ')
  })
})
