import {expect} from 'chai'
import fc from 'fast-check'
import {createHash} from 'node:crypto'
import {EntryList, entryLine, packageListDigest, type Entry} from '../../../src/lib/image/entry-list.js'
import type {ListedLayer} from '../../../src/lib/image/model.js'
import {textToBytes, type TarHeader} from '../../../src/lib/tar/tar-header.js'
import {file} from '../tar/arbitrary.js'
import {headerOf} from '../tar/archive.js'

const sha256 = 'ab'.repeat(32)
const plain: Entry = {header: headerOf('srv/data/a file', {size: 5, uid: 1000, gid: 1001, mode: 0o4755}), sha256}

function digestOf(...entries: readonly Entry[]): string {
  const list = new EntryList()
  for (const entry of entries) list.addEntry(entry)
  return list.digest()
}

function changed(entry: Entry, change: Partial<TarHeader>): Entry {
  return {...entry, header: {...entry.header, ...change}}
}

describe('line of an entry', () => {
  const attributes = new Map([
    ['security.capability', Buffer.from([1, 0, 0, 2])],
    [textToBytes('user.\u00e4 b'), Buffer.alloc(0)],
  ])
  const table: Record<string, [Entry, string]> = {
    file: [
      plain,
      `./srv/data/a\\040file type=file mode=04755 uid=1000 gid=1001 size=5 sha256digest=${sha256} time=1600000000\n`,
    ],
    directory: [
      {header: headerOf('d', {type: 'directory', mode: 0o1777}), sha256: undefined},
      './d type=dir mode=01777 uid=0 gid=0\n',
    ],
    symlink: [
      {header: headerOf('s', {type: 'symlink', link: '../a b', mode: 0o777, mtime: -5}), sha256: undefined},
      './s type=link mode=0777 uid=0 gid=0 time=-5 link=../a\\040b\n',
    ],
    'hard link': [
      {header: headerOf('h', {type: 'hardlink', link: 'srv/a'}), sha256: undefined},
      './h type=file mode=0644 uid=0 gid=0 time=1600000000 hardlink=srv/a\n',
    ],
    device: [
      {header: headerOf('n', {type: 'character', deviceMajor: 1, deviceMinor: 3}), sha256: undefined},
      './n type=char mode=0644 uid=0 gid=0 time=1600000000 device=1,3\n',
    ],
    'block device': [
      {header: headerOf('b', {type: 'block', deviceMajor: 8, deviceMinor: 0}), sha256: undefined},
      './b type=block mode=0644 uid=0 gid=0 time=1600000000 device=8,0\n',
    ],
    fifo: [
      {header: headerOf('p', {type: 'fifo'}), sha256: undefined},
      './p type=fifo mode=0644 uid=0 gid=0 time=1600000000\n',
    ],
    'file with odd bytes in its name, and attributes': [
      {header: headerOf('\u00ff\n#\\~', {xattrs: attributes}), sha256},
      `./\\377\\012\\043\\134~ type=file mode=0644 uid=0 gid=0 size=0 sha256digest=${sha256} time=1600000000 xattr.security.capability=01000002 xattr.user.\\303\\244\\040b=\n`,
    ],
  }
  for (const [what, [entry, line]] of Object.entries(table))
    it(`of a ${what}`, () => expect(entryLine(entry)).to.equal(line))

  it('is one line of printable ASCII, and never that of another entry', () => {
    const list = fc
      .tuple(file, file)
      .map((pair) => pair.map(({content, header}) => ({header, sha256: hashOf(content, header)})))
    fc.assert(
      fc.property(list, (pair) => {
        const [left, right] = pair.map((entry) => entryLine(entry))
        expect(left).to.match(/^[ -~]+\n$/)
        const [promisedLeft, promisedRight] = pair.map(promised)
        expect(left === right).to.equal(promisedLeft === promisedRight)
      }),
    )
  })
})

function hashOf(content: Buffer, {type}: TarHeader): string | undefined {
  return type === 'file' ? createHash('sha256').update(content).digest('hex') : undefined
}

/** All that a line promises of an entry, as text. */
function promised({header: {mtime, xattrs, ...rest}, sha256: hash}: Entry): string {
  const time = rest.type === 'directory' ? undefined : mtime
  return JSON.stringify({...rest, time, hash, xattrs: [...xattrs].map(([key, value]) => [key, value.toString('hex')])})
}

describe('list of entries', () => {
  const promisedChanges: Record<string, Partial<TarHeader>> = {
    path: {path: 'srv/data/b'},
    type: {type: 'fifo'},
    mode: {mode: 0o4711},
    setuid: {mode: 0o755},
    owner: {uid: 1001},
    group: {gid: 1000},
    size: {size: 6},
    time: {mtime: 1_600_000_001},
    'extended attributes': {xattrs: new Map([['user.a', Buffer.from('b')]])},
  }
  for (const [what, change] of Object.entries(promisedChanges))
    it(`has another digest with another ${what}`, () => {
      expect(digestOf(changed(plain, change))).to.not.equal(digestOf(plain))
    })

  it('has another digest with other content, another link, another device, another attribute', () => {
    const of = (change: Partial<TarHeader>): string => digestOf(changed({...plain, sha256: undefined}, change))
    expect(digestOf({...plain, sha256: 'cd'.repeat(32)})).to.not.equal(digestOf(plain))
    expect(of({type: 'symlink', link: 'a'})).to.not.equal(of({type: 'symlink', link: 'b'}))
    expect(of({type: 'hardlink', link: 'a'})).to.not.equal(of({type: 'hardlink', link: 'b'}))
    expect(of({type: 'block', deviceMajor: 1})).to.not.equal(of({type: 'block', deviceMajor: 2}))
    expect(of({type: 'block', deviceMinor: 1})).to.not.equal(of({type: 'block', deviceMinor: 2}))
    expect(of({type: 'block'})).to.not.equal(of({type: 'character'}))
    const attribute = (key: string, value: string): string => of({xattrs: new Map([[key, Buffer.from(value)]])})
    expect(new Set([attribute('a', 'x'), attribute('a', 'y'), attribute('b', 'x')]).size).to.equal(3)
  })

  it('has the same digest with another time of a folder, which engines change', () => {
    const folder: Entry = {header: headerOf('d', {type: 'directory'}), sha256: undefined}
    expect(digestOf(changed(folder, {mtime: 1}))).to.equal(digestOf(changed(folder, {mtime: 2})))
  })

  it('has another digest in another order, and with one entry less', () => {
    const other = changed(plain, {path: 'b'})
    const digests = [digestOf(), digestOf(plain), digestOf(plain, other), digestOf(other, plain)]
    expect(new Set(digests).size).to.equal(digests.length)
  })

  it('is the sha256 of its lines, and counts them', () => {
    const list = new EntryList()
    list.addEntry(plain)
    list.addEntry(plain)
    expect(list.entries).to.equal(2)
    const text = `${entryLine(plain)}${entryLine(plain)}`
    expect(list.digest()).to.equal(`sha256:${createHash('sha256').update(text).digest('hex')}`)
  })
})

describe('list of a package', () => {
  const mount: ListedLayer = {
    kind: 'mount',
    diffId: 'sha256:c',
    path: '/srv/d\u00e4ta x',
    entries: 7,
    listDigest: 'sha256:d',
  }
  const layers: ListedLayer[] = [{kind: 'base', diffId: 'sha256:a'}, {kind: 'writable', diffId: 'sha256:b'}, mount]

  it('is the sha256 of a line for each layer', () => {
    const text =
      '#base sha256:a\n#writable sha256:b\n#mount sha256:c path=/srv/d\\303\\244ta\\040x entries=7 list=sha256:d\n'
    expect(packageListDigest(layers)).to.equal(`sha256:${createHash('sha256').update(text).digest('hex')}`)
  })

  it('names the paths that a whiteout layer hides', () => {
    const text = '#whiteout sha256:b path=/root/.mutagen path=/a\\040b\n'
    const paths = ['/root/.mutagen', '/a b']
    expect(packageListDigest([{kind: 'whiteout', diffId: 'sha256:b', paths}])).to.equal(
      `sha256:${createHash('sha256').update(text).digest('hex')}`,
    )
  })

  it('has another digest if anything differs', () => {
    const others: ListedLayer[][] = [
      layers.slice(1),
      layers.slice(0, 2),
      layers.toReversed(),
      [...layers, mount],
      [{kind: 'writable', diffId: 'sha256:a'}, ...layers.slice(1)],
      ...[{diffId: 'sha256:e'}, {path: '/srv'}, {entries: 8}, {listDigest: 'sha256:e'}].map((change) => [
        ...layers.slice(0, 2),
        {...mount, ...change},
      ]),
    ]
    const digests = [layers, ...others].map((list) => packageListDigest(list))
    expect(new Set(digests).size).to.equal(digests.length)
  })
})
