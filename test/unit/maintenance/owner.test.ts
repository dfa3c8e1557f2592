import {expect} from 'chai'
import fc from 'fast-check'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {hostname} from 'node:os'
import {ownerText, readOwner, stateOf, thisOwner, type Owner} from '../../../src/lib/maintenance/owner.js'

const hour = 60 * 60 * 1000

/** What another process of node says of itself as an owner; it lives on until `end` is called. */
async function otherOwner(): Promise<{owner: Owner; end: () => Promise<void>}> {
  const module = new URL('../../../src/lib/maintenance/owner.ts', import.meta.url).href
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
  it('is this process, which lives', () => {
    const owner = thisOwner()
    expect(owner.pid).to.equal(process.pid)
    expect(owner.host.startsWith(`${hostname()}/`)).to.equal(true)
    expect(stateOf(owner)).to.equal('alive')
  })

  it('lives as long as its process, and is dead when that was killed', async () => {
    const {end, owner} = await otherOwner()
    try {
      expect(stateOf(owner)).to.equal('alive')
    } finally {
      await end()
    }
    expect(stateOf(owner)).to.equal('dead')
  })

  it('is dead when another process has its number', () => {
    const owner = thisOwner()
    expect(stateOf({...owner, process: `${owner.process}0`})).to.equal('dead')
  })

  it('is dead when the machine was started since, where the system tells no processes apart', () => {
    const owner = {...thisOwner(), pid: 2 ** 22 + 1, process: ''}
    expect(stateOf(owner)).to.equal('dead')
    expect(stateOf({...owner, since: '2001-01-01T00:00:00.000Z'})).to.equal('dead')
  })

  it('cannot be judged on another machine, until a day has passed', () => {
    const owner = {...thisOwner(), host: 'elsewhere/0'}
    const since = Date.parse(owner.since)
    expect(stateOf(owner, since + hour)).to.equal('elsewhere')
    expect(stateOf(owner, since + 25 * hour)).to.equal('dead')
  })

  it('is read back from its label', () => {
    const owner = thisOwner()
    expect(readOwner(JSON.stringify(owner))).to.deep.equal(owner)
  })

  it('is nobody where the label does not fit', () => {
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

  it('is shown without what could drive a terminal', () => {
    const owner = {...thisOwner(), user: 'a\u001b[31mda', since: '2026-01-01T00:00:00.000Z'}
    expect(ownerText(owner, Date.parse('2026-01-01T00:03:05.000Z'))).to.equal(
      `process ${process.pid} of a?[31mda, 3 min 5 s ago`,
    )
    expect(ownerText({...owner, host: 'elsewhere/0'}, Date.parse(owner.since))).to.contain(' on elsewhere, ')
  })
})
