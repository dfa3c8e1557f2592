import {expect} from 'chai'
import {containerNameOf, isAtRest, isConnecting, troublesOf} from '../../../src/lib/mutagen/session-health.js'
import {labelValue, SYNC_LABELS} from '../../../src/lib/mutagen/session-labels.js'
import {endpoint, session} from '../sync/example-session.js'

describe('the health of a session', () => {
  const troubleOf = (changes: Parameters<typeof session>[0]) => {
    const troubles = troublesOf(session(changes))
    expect(troubles).to.have.length(1)
    return troubles[0]
  }

  it('is clean and at rest if both sides are connected and the same', () => {
    expect(troublesOf(session())).to.deep.equal([])
    expect(isAtRest(session())).to.equal(true)
  })

  it('has the full name of a container that does not fit in its label', () => {
    const name = 'shop-feature-x-k217d2bf51f'
    const labels = {...session().labels, [SYNC_LABELS.containerName]: labelValue(name)}
    expect(labelValue(name)).not.to.equal(name)
    expect(containerNameOf(session({name, labels}))).to.equal(name)
    expect(containerNameOf(session({labels}))).to.equal(labelValue(name))
  })

  it('is clean, but not at rest, during work or before the first scan', () => {
    for (const status of ['scanning', 'reconciling', 'staging-beta', 'transitioning', 'saving']) {
      expect(troublesOf(session({status})), status).to.deep.equal([])
      expect(isAtRest(session({status})), status).to.equal(false)
    }
    expect(isAtRest(session({beta: endpoint('docker', {isScanned: false})}))).to.equal(false)
  })

  it('reports nothing for a paused session, which is not at rest either', () => {
    const off = {isConnected: false, isScanned: false}
    const paused = session({
      isPaused: true,
      status: 'disconnected',
      alpha: endpoint('local', off),
      beta: endpoint('docker', off),
    })
    expect(troublesOf(paused)).to.deep.equal([])
    expect(isAtRest(paused)).to.equal(false)
    expect(isConnecting(paused)).to.equal(false)
  })

  it('says what each side of a conflict did, and where to delete the losing one', () => {
    const conflict = {
      root: 'src/app.txt',
      alpha: [{path: 'src/app.txt', before: 'file', after: 'file'}],
      beta: [{path: 'src/app.txt', before: 'file', after: 'directory'}],
    }
    expect(troubleOf({conflicts: [conflict]})).to.deep.equal({
      kind: 'conflict',
      path: 'src/app.txt',
      detail: 'changed in the folder, made a directory in the container',
      remedy:
        'Delete or rename it on one side: /home/me/shop/src/app.txt on this machine, or /app/src/app.txt in ' +
        'the container. The other side is then synced. Or: keg sync resolve --sync shop --keep folder src/app.txt (or --keep container).',
    })
    expect(isAtRest(session({conflicts: [conflict]}))).to.equal(false)
  })

  it('describes conflicts below a path, with new and deleted files', () => {
    const conflict = {
      root: 'lib',
      alpha: [{path: 'lib', before: 'directory', after: undefined}],
      beta: [
        {path: 'lib/new.txt', before: undefined, after: 'file'},
        {path: 'lib/other', before: undefined, after: 'symlink'},
        {path: 'lib/third', before: undefined, after: 'file'},
      ],
    }
    expect(troubleOf({conflicts: [conflict]})?.detail).to.equal(
      'deleted in the folder, created (lib/new.txt) and 2 more changes in the container',
    )
  })

  it('names an ignored file in the way, and the side to change if only one can be', () => {
    const ignored = {
      root: 'lib',
      alpha: [{path: 'lib', before: 'directory', after: undefined}],
      beta: [{path: 'lib/cache', before: undefined, after: 'untracked'}],
    }
    expect(troubleOf({conflicts: [ignored]})?.remedy).to.equal(
      'Something that is not synced is in the way: remove or move it, below /app/lib in the container.',
    )
    const both = {
      root: 'a',
      alpha: [{path: 'a', before: 'file', after: 'file'}],
      beta: [{path: 'a', before: 'file', after: 'file'}],
    }
    expect(troubleOf({mode: 'one-way-safe', conflicts: [both]})?.remedy).to.equal(
      'Delete or rename it on the side that must not change: /app/a in the container.',
    )
  })

  it('says that there is more than Mutagen lists', () => {
    expect(troubleOf({excludedConflicts: 1})?.detail).to.equal('1 more conflict that Mutagen does not list')
    expect(troubleOf({beta: endpoint('docker', {excludedProblems: 1200})})?.detail).to.equal(
      '1,200 more problems in the container that Mutagen does not list',
    )
  })

  it('names the side of a path that cannot be read or written, and the fix', () => {
    const problems = [
      {path: 'key', error: 'unable to open file: permission denied'},
      {path: 'link', error: 'invalid symbolic link: target is absolute'},
      {path: 'big', error: 'unable to create file: no space left on device'},
      {path: '', error: 'something new'},
    ]
    const troubles = troublesOf(session({beta: endpoint('docker', {problems})}))
    expect(troubles.map(({detail, kind, path}) => `${kind} ${path}: ${detail}`)).to.deep.equal([
      'problem key: unable to open file: permission denied, in the container',
      'problem link: invalid symbolic link: target is absolute, in the container',
      'problem big: unable to create file: no space left on device, in the container',
      'problem : something new, in the container',
    ])
    expect(troubles.map(({remedy}) => remedy)).to.deep.equal([
      'Give the user that syncs access to /app/key in the container.',
      'Make it a relative link that stays inside, or ignore it: /app/link in the container.',
      'Free some space at /app/big in the container.',
      'Fix, move or remove /app in the container.',
    ])
    expect(troubleOf({alpha: endpoint('local', {problems: problems.slice(0, 1)})})?.detail).to.match(/in the folder$/)
  })

  it('says for a halt that nothing was deleted, which side is empty, and how to resume', () => {
    const empty = {directories: 1, files: 0, symbolicLinks: 0}
    const emptied = troubleOf({status: 'halted-on-root-emptied', alpha: endpoint('local', empty)})
    expect(emptied?.kind).to.equal('halted')
    expect(emptied?.detail).to.equal('the folder (/home/me/shop) was emptied; nothing was deleted on the other side')
    expect(emptied?.remedy).to.contain('keg sync resume shop').and.to.contain('keg sync reset shop')

    const gone = {directories: 0, files: 0, symbolicLinks: 0}
    const deleted = troubleOf({status: 'halted-on-root-deletion', beta: endpoint('docker', gone)})
    expect(deleted?.detail).to.equal('the container (/app) was deleted; nothing was deleted on the other side')
    expect(troubleOf({status: 'halted-on-root-type-change'})?.remedy).to.contain('keg sync resume shop')
    expect(troubleOf({status: 'halted-on-something-new'})?.kind).to.equal('halted')
  })

  it('never advises to reset a replica whose folder was emptied: that would empty the container', () => {
    const alpha = endpoint('local', {directories: 1, files: 0, symbolicLinks: 0})
    expect(troubleOf({status: 'halted-on-root-emptied', mode: 'one-way-replica', alpha})?.remedy).not.to.contain(
      'reset',
    )
  })

  it('says that a side is not connected, why, and how to reconnect it', () => {
    const off = endpoint('docker', {isConnected: false, isScanned: false})
    const trouble = troubleOf({status: 'connecting-beta', beta: off, lastError: 'beta polling error: EOF'})
    expect(trouble?.kind).to.equal('disconnected')
    expect(trouble?.detail).to.equal('the container is not connected: beta polling error: EOF')
    expect(trouble?.remedy).to.equal(
      'If it is stopped: docker start shop-dev, then keg sync resume shop. ' +
        'If it is gone: keg sync create with the new one, or keg sync terminate shop.',
    )
    expect(isConnecting(session({status: 'connecting-beta', beta: off}))).to.equal(true)
    expect(isConnecting(session({status: 'disconnected', beta: off, lastError: 'x'}))).to.equal(false)
  })

  it('reports an error while both sides are connected', () => {
    const trouble = troubleOf({status: 'waiting-for-rescan', lastError: 'alpha scan error: concurrent modification'})
    expect(trouble?.kind).to.equal('error')
    expect(trouble?.detail).to.contain('alpha scan error: concurrent modification')
  })

  it('advises mutagen commands for sessions that keg did not create', () => {
    const foreign = {labels: {}, beta: endpoint('docker', {isConnected: false})}
    expect(troubleOf(foreign)?.remedy).to.contain('mutagen sync resume shop').and.not.to.contain('keg')
    const own = {labels: {[SYNC_LABELS.own]: '1'}, beta: endpoint('docker', {isConnected: false})}
    expect(troubleOf(own)?.remedy).to.contain('keg sync resume shop')
  })

  it('shows no control characters of Mutagen’s output', () => {
    const evil = 'a\u001B[31m\u202Eb'
    const troubles = troublesOf(
      session({
        status: 'scanning',
        lastError: evil,
        conflicts: [
          {
            root: evil,
            alpha: [{path: `${evil}/x`, before: undefined, after: evil}],
            beta: [{path: evil, before: undefined, after: 'file'}],
          },
        ],
        beta: endpoint('docker', {problems: [{path: evil, error: evil}]}),
      }),
    )
    expect(troubles).to.have.length(3)
    for (const {detail, remedy} of troubles) expect(`${detail}${remedy}`).not.to.match(/[\u001B\u202E]/)
  })
})
