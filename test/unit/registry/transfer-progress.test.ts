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

describe('transfer progress', () => {
  /** The events for these messages, and the bytes at the end. */
  function reported(messages: readonly StreamMessage[]): {events: readonly ProgressEvent[]; bytes: number} {
    const events: ProgressEvent[] = []
    const transfer = new TransferProgress('Pushing app', (event) => events.push(event))
    for (const message of messages) transfer.handle(message)
    transfer.finish()
    return {events, bytes: transfer.bytes}
  }
  const numbers = ({done, total}: ProgressEvent): readonly unknown[] => [done, total]

  it('is the sum of the layers, and its total grows with each new layer', () => {
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

  it('does not count layers that exist already', () => {
    const {events, bytes} = reported([
      moving('a', 'Pushing', 10, 100),
      saying('b', 'Layer already exists'),
      saying('a', 'Layer already exists'),
      saying('c', 'Mounted from base'),
    ])
    expect(bytes).to.equal(0)
    expect(events.at(-1)).to.deep.equal({stage: 'Pushing app', state: 'done', note: 'every layer was there already'})
  })

  it('does not say that every layer existed if one was sent', () => {
    const {events} = reported([saying('a', 'Layer already exists'), saying('b', 'Pushed')])
    expect(events.at(-1)).to.deep.equal({stage: 'Pushing app', state: 'done'})
  })

  it('never prints more than the total as done', () => {
    const {events, bytes} = reported([moving('a', 'Pushing', 120, 100), moving('b', 'Pushing', 7)])
    expect(events.map(numbers)).to.deep.equal([
      [120, 120],
      [127, 127],
      [127, 127],
    ])
    expect(bytes).to.equal(127)
  })

  it('subtracts the bytes of a layer that is sent again, and shows the wait until it is', () => {
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

  it('keeps what arrived in an earlier try, and counts the rest again', () => {
    const events: ProgressEvent[] = []
    const transfer = new TransferProgress('Pushing app', (event) => events.push(event))
    const take = (...messages: StreamMessage[]): void => {
      for (const message of messages) transfer.handle(message)
    }
    expect(transfer.isAccepted).to.equal(false)
    take(moving('a', 'Pushing', 100, 100), saying('a', 'Pushed'), moving('b', 'Pushing', 30, 50))
    expect(transfer.isAccepted).to.equal(true)
    transfer.restart('signing in again')
    expect(transfer.isAccepted).to.equal(false)
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
    it(`is not authorized at ${status}`, () => {
      const transfer = new TransferProgress('Pushing app', () => undefined)
      transfer.handle(saying('a', status))
      expect(transfer.isAccepted).to.equal(false)
    })

  it('counts downloaded bytes, not unpacked ones', () => {
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

  it('ignores messages that are not about a layer', () => {
    const {events} = reported([{status: 'The push refers to repository [x]'}, {aux: {Digest: 'x'}}, {id: 'x'}])
    expect(events).to.have.length(1)
  })
})
