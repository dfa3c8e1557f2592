import {expect} from 'chai'
import type {StreamMessage} from '../../../src/lib/engine/types.js'
import {TransferProgress} from '../../../src/lib/registry/transfer-progress.js'
import type {ProgressEvent} from '../../../src/lib/terminal/progress.js'

const preparing = (id: string): StreamMessage => ({id, status: 'Preparing', progressDetail: {}})
const moving = (id: string, status: string, current: number, total?: number): StreamMessage => ({
  id,
  status,
  progressDetail: {current, ...(total !== undefined && {total})},
})
const saying = (id: string, status: string): StreamMessage => ({id, status, progressDetail: {}})

describe('progress of a transfer', () => {
  /** What is reported for these messages, and the bytes at the end. */
  function reported(messages: readonly StreamMessage[]): {events: readonly ProgressEvent[]; bytes: number} {
    const events: ProgressEvent[] = []
    const transfer = new TransferProgress('Pushing app', (event) => events.push(event))
    for (const message of messages) transfer.take(message)
    transfer.finish()
    return {events, bytes: transfer.bytes}
  }
  const numbers = ({done, total}: ProgressEvent): readonly unknown[] => [done, total]

  it('is the sum of the layers, its total growing with each layer that makes itself known', () => {
    const {events, bytes} = reported([
      preparing('a'),
      moving('a', 'Pushing', 10, 100),
      moving('b', 'Pushing', 5, 50),
      moving('a', 'Pushing', 60, 100),
      saying('a', 'Pushed'),
      saying('b', 'Pushed'),
    ])
    expect(events.map(numbers)).to.deep.equal([
      [undefined, undefined],
      [10, 100],
      [15, 150],
      [65, 150],
      [105, 150],
      [150, 150],
      [150, 150],
    ])
    expect(events.every(({stage}) => stage === 'Pushing app')).to.equal(true)
    expect(events.map(({state}) => state)).to.deep.equal([...Array<string>(6).fill('running'), 'done'])
    expect(bytes).to.equal(150)
  })

  it('counts layers that are there already for nothing', () => {
    const {events, bytes} = reported([
      moving('a', 'Pushing', 10, 100),
      saying('b', 'Layer already exists'),
      saying('a', 'Layer already exists'),
      saying('c', 'Mounted from base'),
    ])
    expect(bytes).to.equal(0)
    expect(events.at(-1)).to.deep.equal({stage: 'Pushing app', state: 'done', note: 'every layer was there already'})
  })

  it('does not say that every layer was there when one was sent', () => {
    const {events} = reported([saying('a', 'Layer already exists'), saying('b', 'Pushed')])
    expect(events.at(-1)).to.deep.equal({stage: 'Pushing app', state: 'done'})
  })

  it('never shows more done than there is', () => {
    const {events, bytes} = reported([moving('a', 'Pushing', 120, 100), moving('b', 'Pushing', 7)])
    expect(events.map(numbers)).to.deep.equal([
      [120, 120],
      [127, 127],
      [127, 127],
    ])
    expect(bytes).to.equal(127)
  })

  it('takes the bytes of a layer back that is sent again, and keeps the wait in view until it is', () => {
    const {events} = reported([
      moving('a', 'Pushing', 80, 100),
      saying('a', 'Retrying in 5 seconds'),
      moving('b', 'Pushing', 1, 10),
      moving('a', 'Pushing', 20, 100),
    ])
    expect(events.map(({done, note}) => [done, note])).to.deep.equal([
      [80, undefined],
      [0, 'Retrying in 5 seconds'],
      [1, 'Retrying in 5 seconds'],
      [21, undefined],
      [21, undefined],
    ])
  })

  it('keeps what arrived in an earlier try, and counts again what did not', () => {
    const events: ProgressEvent[] = []
    const transfer = new TransferProgress('Pushing app', (event) => events.push(event))
    const take = (...messages: StreamMessage[]): void => {
      for (const message of messages) transfer.take(message)
    }
    expect(transfer.isLetIn).to.equal(false)
    take(moving('a', 'Pushing', 100, 100), saying('a', 'Pushed'), moving('b', 'Pushing', 30, 50))
    expect(transfer.isLetIn).to.equal(true)
    transfer.startAgain('signing in again')
    expect(transfer.isLetIn).to.equal(false)
    expect(events.at(-1)).to.deep.equal({
      stage: 'Pushing app',
      state: 'running',
      done: 100,
      total: 150,
      note: 'signing in again',
    })
    take(saying('a', 'Layer already exists'), moving('b', 'Pushing', 50, 50), saying('b', 'Pushed'))
    transfer.finish()
    expect(events.at(-1)).to.deep.equal({stage: 'Pushing app', state: 'done', done: 150, total: 150})
  })

  for (const status of ['Preparing', 'Waiting', 'Retrying in 5 seconds', 'Pulling fs layer'])
    it(`takes nothing for let in at ${status}`, () => {
      const transfer = new TransferProgress('Pushing app', () => undefined)
      transfer.take(saying('a', status))
      expect(transfer.isLetIn).to.equal(false)
    })

  it('counts what is downloaded, not what is unpacked', () => {
    const {events, bytes} = reported([
      saying('a', 'Pulling fs layer'),
      moving('a', 'Downloading', 40, 100),
      saying('a', 'Download complete'),
      moving('a', 'Extracting', 1, 100),
      {id: 'a', status: 'Extracting', progressDetail: {current: 3}},
      saying('a', 'Pull complete'),
    ])
    expect(events.map(({done, note}) => [done, note])).to.deep.equal([
      [undefined, undefined],
      [40, undefined],
      [100, undefined],
      [100, 'Unpacking'],
      [100, 'Unpacking'],
      [100, undefined],
      [100, undefined],
    ])
    expect(bytes).to.equal(100)
  })

  it('passes over messages that are of no layer', () => {
    const {events} = reported([{status: 'The push refers to repository [x]'}, {aux: {Digest: 'x'}}, {id: 'x'}])
    expect(events).to.have.length(1)
  })
})
