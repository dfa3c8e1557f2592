import {expect} from 'chai'
import {columnsOf} from '../../../src/lib/terminal/columns.js'
import {observed} from '../../../src/lib/sync/observe-syncs.js'
import type {SyncSession} from '../../../src/lib/mutagen/session.js'
import {changeText, syncStateText, syncsText, syncTable, troublesText} from '../../../src/lib/sync/sync-text.js'
import {endpoint, session} from './example-session.js'

describe('syncs as text', () => {
  const sync = (changes: Partial<SyncSession> = {}, checkedOut: string | null = null) =>
    observed(session(changes), 'main', checkedOut)
  const off = {isConnected: false, isScanned: false}
  const conflict = {
    root: 'a.txt',
    alpha: [{path: 'a.txt', before: 'file', after: 'file'}],
    beta: [{path: 'a.txt', before: 'file', after: 'file'}],
  }

  it('have a state and a number of troubles', () => {
    const table: [changes: Partial<SyncSession>, checkedOut: string | null, state: string, troubles: string][] = [
      [{}, null, 'in sync', ''],
      [{}, 'other', 'in sync', 'other branch'],
      [{isPaused: true, status: 'disconnected'}, null, 'paused', ''],
      [{status: 'scanning'}, null, 'scanning', ''],
      [{conflicts: [conflict], excludedConflicts: 4}, null, 'not in sync', '5 conflicts'],
      [{beta: endpoint('docker', {problems: [{path: 'x', error: 'y'}]})}, null, 'not in sync', '1 problem'],
      [{status: 'connecting-beta', beta: endpoint('docker', off)}, null, 'not connected', 'disconnected'],
      [
        {status: 'halted-on-root-emptied', conflicts: [conflict]},
        'other',
        'halted',
        'other branch, halted, 1 conflict',
      ],
    ]
    for (const [changes, checkedOut, state, troubles] of table) {
      const shown = sync(changes, checkedOut)
      expect(syncStateText(shown)).to.equal(state)
      expect(troublesText(shown)).to.equal(troubles)
      expect(shown.clean, state).to.equal(state === 'in sync' && checkedOut === null)
    }
  })

  it('are in a table with columns as wide as needed', () => {
    const other = sync({name: 'a-longer-name', isPaused: true, alpha: endpoint('local', {...off, path: '/srv/x'})})
    expect(syncTable([sync(), other], undefined).split('\n')).to.deep.equal([
      'NAME           STATE    FILES  TROUBLES  CONTAINER      FOLDER',
      'shop           in sync  12     -         shop-dev:/app  /home/me/shop',
      'a-longer-name  paused   -      -         shop-dev:/app  /srv/x',
    ])
  })

  it('are complete in a narrow terminal', () => {
    const long = sync({alpha: endpoint('local', {path: `/home/me/${'x'.repeat(100)}/shop`})})
    for (const width of [20, 40, 80]) {
      const lines = syncTable([long], width).split('\n')
      expect(Math.max(...lines.map(({length}) => length))).to.be.at.most(width)
      expect(lines.map((line) => line.replace(/^.* /, '')).join('')).to.contain(long.folder)
    }
    expect(syncTable([long], undefined)).to.contain(long.folder)
  })

  it('are printed in full, with the transfer and each trouble by its path', () => {
    const staging = {path: 'big.bin', receivedFiles: 3, expectedFiles: 1200, receivedBytes: 5_000_000}
    const beta = endpoint('docker', {
      staging,
      permissions: {owner: 'id:1000', group: 'id:65753', fileMode: '0664', directoryMode: '2775'},
    })
    expect(syncsText([sync({beta, conflicts: [conflict]}, 'other')], undefined).split('\n')).to.deep.equal([
      'shop (sync_exampleexampleexampleexampleexampleexampl)',
      '  State      not in sync',
      '  Folder     /home/me/shop (12 files, 3.46 kB)',
      '  Container  shop-dev:/app (12 files, 3.46 kB)',
      '  Branch     main, but other is checked out',
      '  Mode       two-way-safe',
      '  Ignored    version control, node_modules',
      '  Watching   portable, every 1 s',
      '  New files  files 0664, folders 2775, owner id:1000, group id:65753',
      '  Sending    3 of 1,200 files, 5 MB to the container: big.bin',
      '  Made       2026-01-02T03:04:05Z',
      '  conflict a.txt: changed in the folder, changed in the container',
      '    Delete or rename it on one side: /home/me/shop/a.txt on this machine, or /app/a.txt in the container. The other side is then synced. Or: keg sync resolve --sync shop --keep folder a.txt (or --keep container).',
    ])
    expect(syncsText([sync(), sync()], undefined).match(/\n\n/g)).to.have.length(1)
  })

  it('fit 40 columns, except lines to paste', () => {
    const beta = endpoint('docker', {path: '/srv/写真/写真/写真/写真/写真/写真'})
    const lines = syncsText([sync({beta, conflicts: [conflict]})], 40).split('\n')
    for (const line of lines.filter((each) => !each.includes('keg sync resolve')))
      expect(columnsOf(line), line).to.be.at.most(40)
    expect(lines.join('')).to.include('keg sync resolve --sync shop --keep folder a.txt')
  })

  it('are printed after a change with its outcome, unless it failed', () => {
    const words = {verb: 'pause', done: 'Paused', already: 'Already paused'}
    const place = 'shop (/home/me/shop -> shop-dev:/app)'
    const after = (outcome: 'done' | 'unchanged' | 'planned' | 'failed', changes = {}) =>
      changeText([{...sync(changes), outcome, error: null}], words)
    expect(after('done')).to.equal(`Paused ${place}`)
    expect(after('unchanged')).to.equal(`Already paused: ${place}`)
    expect(after('planned')).to.equal(`Would pause ${place}`)
    expect(after('failed')).to.equal('')
    expect(after('done', {conflicts: [conflict]})).to.equal(`Paused ${place}: 1 conflict, see keg sync status shop`)
  })

  it('never print control characters', () => {
    const evil = '\u001B[2J\u202E\nx'
    const hostile = sync({
      name: evil,
      status: evil,
      alpha: endpoint('local', {path: evil}),
      beta: endpoint('docker', {path: evil, problems: [{path: evil, error: evil}]}),
      settings: {ignores: [evil], ignoresVersionControl: false, watchMode: evil, pollingInterval: undefined},
      conflicts: [{...conflict, root: evil}],
    })
    const words = {verb: 'pause', done: 'Paused', already: 'Already paused'}
    const text =
      syncsText([hostile], undefined) +
      syncTable([hostile], 40) +
      changeText([{...hostile, outcome: 'done', error: null}], words)
    expect(text).not.to.match(/[\u001B\u202E]/)
    expect(syncTable([hostile], undefined).split('\n')).to.have.length(2)
  })
})
