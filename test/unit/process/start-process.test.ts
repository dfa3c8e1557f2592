import {expect} from 'chai'
import {once} from 'node:events'
import {text} from 'node:stream/consumers'
import {withParentDeathSignal, startProcess} from '../../../src/lib/process/start-process.js'

const environment = process.env
const node = (script: string) =>
  startProcess({command: [process.execPath, '--input-type=module', '--eval', script], environment})

describe('startProcess', () => {
  it('exchanges data with a running program until its input ends', async () => {
    const program = await startProcess({command: ['cat'], environment})
    program.stdin.write('one')
    const [said] = (await once(program.stdout, 'data')) as [Buffer]
    expect(said.toString()).to.equal('one')
    program.stdin.end()
    expect(await program.ended).to.deep.equal({exitCode: 0, isMissing: false, stderr: ''})
  })

  it('reports how it ended, with the last of its output', async () => {
    const program = await node(`process.stderr.write('x'.repeat(9000) + 'the end'); process.exitCode = 7`)
    const {exitCode, stderr} = await program.ended
    expect(exitCode).to.equal(7)
    expect(stderr)
      .to.have.lengthOf(4096)
      .and.match(/xthe end$/)
  })

  it('reports a missing program', async () => {
    for (const program of ['keg-nowhere', '/etc/passwd'])
      expect(await (await startProcess({command: [program], environment})).ended).to.include({isMissing: true})
  })

  it('stops it, even if it ignores signals', async () => {
    const stubborn = await node(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('here')`)
    await once(stubborn.stdout, 'data')
    stubborn.end()
    expect(await stubborn.ended).to.include({exitCode: undefined})
  })

  it('does not wait for processes it leaves running', async () => {
    const spawn = `(await import('node:child_process')).spawn('sleep', ['20'], {stdio: ['ignore', 'inherit', 'inherit']}).unref()`
    const began = Date.now()
    await (
      await node(`${spawn}; process.exit(3)`)
    ).ended
    expect(Date.now() - began).to.be.lessThan(10_000)
  })

  it('does not pass on what keg resolved for itself', async () => {
    const KEG_RESOLVED = JSON.stringify({KEG_TAG: {value: 'v', origin: 'git'}})
    const given = {...environment, KEG_RESOLVED, KEG_TAG: 'v'}
    const program = await startProcess({command: ['env'], environment: given})
    expect(await text(program.stdout)).to.not.match(/^KEG_(?:RESOLVED|TAG)=/m)
  })
})

describe('withParentDeathSignal', () => {
  it('returns the program alone if nothing can start it this way', async () => {
    expect(await withParentDeathSignal('env', {probe: '--version', environment: {PATH: '/nowhere'}})).to.deep.equal([
      'env',
    ])
    expect(await withParentDeathSignal('keg-nowhere', {probe: '-V', environment})).to.deep.equal(['keg-nowhere'])
  })
})
