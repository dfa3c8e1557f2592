import {expect} from 'chai'
import fc from 'fast-check'
import {createHash} from 'node:crypto'
import {buffer} from 'node:stream/consumers'
import type {Entry} from '../../../../src/lib/image/entry-list.js'
import {isWhiteoutDevice} from '../../../../src/lib/image/whiteout.js'
import {mountLayer} from '../../../../src/lib/image/layer/mount-layer.js'
import type {MountRecording} from '../../../../src/lib/image/model.js'
import {textToBytes} from '../../../../src/lib/tar/tar-header.js'
import {inChunks} from '../../../support/chunks.js'
import {readTar} from '../../../support/tar.js'
import {thrown} from '../../../support/thrown.js'
import {file} from '../../tar/arbitrary.js'
import {archiveOf, fileWith, headerOf, without, type ArchivedFile} from '../../tar/archive.js'

const root = without('mount', {type: 'directory', mode: 0o2770, uid: 1000, gid: 1001, mtime: 1_700_000_000})

interface Recorded {
  readonly path?: string
  readonly mountPointsBelow?: readonly string[]
  readonly agentFiles?: readonly string[]
  readonly parents?: MountRecording['parents']
  readonly chunk?: number
}

function recordingOf(files: readonly ArchivedFile[], {chunk, ...more}: Recorded = {}): MountRecording {
  const archive = archiveOf(files)
  return {
    path: '/data',
    mountPointsBelow: [],
    agentFiles: [],
    parents: [],
    read: () => inChunks(archive, chunk),
    ...more,
  }
}

/** Names in the layer, in order, as an independent reader sees them. */
async function membersOf(recording: MountRecording) {
  const members = []
  for await (const {body, ...member} of readTar(mountLayer(recording))) {
    const content = String(await buffer(body))
    members.push({...member, content})
  }
  return members
}

async function namesOf(recording: MountRecording): Promise<string[]> {
  return (await membersOf(recording)).map(({name}) => name)
}

describe('layer of a mount', () => {
  it('has the folders above, outermost first, then the mount, marked opaque, then its content', async () => {
    const parents = [
      headerOf('srv', {type: 'directory', mode: 0o711, uid: 7, gid: 8}),
      headerOf('srv/app', {type: 'directory', mode: 0o1750}),
    ]
    const files = [root, without('mount/sub', {type: 'directory'}), fileWith('mount/sub/file', 'text')]
    const members = await membersOf(recordingOf(files, {path: '/srv/app/data', parents}))
    expect(members.map(({name}) => name)).to.deep.equal([
      'srv/',
      'srv/app/',
      'srv/app/data/',
      'srv/app/data/.wh..wh..opq',
      'srv/app/data/sub/',
      'srv/app/data/sub/file',
    ])
    expect(members[0]).to.include({type: 'directory', mode: 0o711, uid: 7, gid: 8})
    expect(members[1]).to.include({type: 'directory', mode: 0o1750})
    expect(members[2]).to.include({type: 'directory', mode: 0o2770, uid: 1000, gid: 1001, mtime: 1_700_000_000})
    expect(members[3]).to.include({type: 'file', size: 0, content: ''})
    expect(members[5]).to.include({type: 'file', content: 'text'})
  })

  it('is the same bytes each time, whatever the chunks of the recording', async () => {
    const files = [root, fileWith('mount/a', 'x'.repeat(3000)), fileWith('mount/b', 'y')]
    const layer = await buffer(mountLayer(recordingOf(files)))
    const recording = recordingOf(files)
    for (let time = 0; time < 2; time++) expect((await buffer(mountLayer(recording))).equals(layer)).to.equal(true)
    for (const chunk of [1, 511, 512, 1000])
      expect((await buffer(mountLayer(recordingOf(files, {chunk})))).equals(layer), String(chunk)).to.equal(true)
  })

  it('holds every file as it was recorded, and reports each in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(file, {maxLength: 4}), async (generated) => {
        const files = generated
          .filter(({header}) => !/(?:^|\/)\.wh\.[^/]*$/.test(header.path) && !isWhiteoutDevice(header))
          .map(({content, header}) => ({
            content,
            header: {
              ...header,
              path: `mount/${header.path}`,
              link: header.type === 'hardlink' ? `mount/${header.link}` : header.link,
            },
          }))
          .filter(({header}) => header.path !== 'mount/')
        const entries: Entry[] = []
        const recording = recordingOf([root, ...files], {path: '/srv/\u00e4'})
        const members = []
        for await (const member of readTar(mountLayer(recording, (entry) => entries.push(entry))))
          members.push({name: member.name, mode: member.mode, link: member.link, content: await buffer(member.body)})
        const place = textToBytes('srv/\u00e4')
        const placed = files.map(({content, header}) => ({
          content,
          header: {
            ...header,
            path: header.path.replace('mount', () => place),
            link: header.type === 'hardlink' ? header.link.replace('mount', () => place) : header.link,
          },
        }))
        expect(members.slice(2)).to.deep.equal(
          placed.map(({content, header: {link, mode, path, type}}) => ({
            name: type === 'directory' ? `${path}/` : path,
            mode,
            link,
            content,
          })),
        )
        expect(entries).to.deep.equal([
          {header: {...root.header, path: place}, sha256: undefined},
          ...placed.map(({content, header}) => ({
            header,
            sha256: header.type === 'file' ? createHash('sha256').update(content).digest('hex') : undefined,
          })),
        ])
      }),
    )
  })

  it('of a file is the file, without an opaque whiteout', async () => {
    const parents = [headerOf('etc', {type: 'directory'})]
    const entries: string[] = []
    const recording = recordingOf([fileWith('mount', 'key = value\n', {mode: 0o600})], {path: '/etc/app.conf', parents})
    const members = await membersOf(recording)
    expect(members.map(({name}) => name)).to.deep.equal(['etc/', 'etc/app.conf'])
    expect(members[1]).to.include({type: 'file', mode: 0o600, content: 'key = value\n'})
    await buffer(mountLayer(recording, ({header}) => entries.push(header.path)))
    expect(entries).to.deep.equal(['etc/app.conf'])
  })

  it('has its root, whatever its name in the archive and however deep it is', async () => {
    const path = `/${'deep/'.repeat(60)}${'n'.repeat(200)}`
    for (const name of ['mount', 'data', '_data', '\u00e9'])
      expect(
        await namesOf(recordingOf([without(name, {type: 'directory'}), fileWith(`${name}/f`, 'x')], {path})),
      ).to.deep.equal([`${path.slice(1)}/`, `${path.slice(1)}/.wh..wh..opq`, `${path.slice(1)}/f`])
  })

  it('of a path that is not ASCII has its bytes', async () => {
    const names = await namesOf(recordingOf([root], {path: '/d\u00e4ta'}))
    expect(names[0]).to.equal('d\u00c3\u00a4ta/')
  })

  describe('of a mount with another in it', () => {
    const files = [
      root,
      without('mount/in', {type: 'directory'}),
      fileWith('mount/in/hidden', 'old'),
      without('mount/in/deep', {type: 'directory'}),
      fileWith('mount/in/deep/hidden', 'old'),
      fileWith('mount/inside', 'kept'),
      fileWith('mount/in2/in/file', 'kept'),
    ]

    it('keeps the mount point, and nothing of what the other hides', async () => {
      expect(await namesOf(recordingOf(files, {mountPointsBelow: ['/data/in']}))).to.deep.equal([
        'data/',
        'data/.wh..wh..opq',
        'data/in/',
        'data/inside',
        'data/in2/in/file',
      ])
    })

    it('has no agent files of a sync, neither the folder nor its content', async () => {
      expect(await namesOf(recordingOf(files, {agentFiles: ['/data/in', '/data/in2/in/file']}))).to.deep.equal([
        'data/',
        'data/.wh..wh..opq',
        'data/inside',
      ])
    })

    it('reports no hidden file', async () => {
      const paths: string[] = []
      const recording = recordingOf(files, {mountPointsBelow: ['/data/in/deep', '/data/in2']})
      await buffer(mountLayer(recording, ({header}) => paths.push(header.path)))
      expect(paths).to.deep.equal(['data', 'data/in', 'data/in/hidden', 'data/in/deep', 'data/inside'])
    })

    it('hides by bytes if names are not ASCII', async () => {
      const bytes = textToBytes('\u00e4')
      const recording = recordingOf(
        [root, without(`mount/${bytes}`, {type: 'directory'}), fileWith(`mount/${bytes}/a`, 'x')],
        {
          mountPointsBelow: ['/data/\u00e4'],
        },
      )
      expect(await namesOf(recording)).to.deep.equal(['data/', 'data/.wh..wh..opq', `data/${bytes}/`])
    })

    it('keeps the visible hard links of a hidden file', async () => {
      const linked = [
        ...files.slice(0, 3),
        without('mount/in/link', {type: 'hardlink', link: 'mount/in/hidden'}),
        without('mount/link', {type: 'hardlink', link: 'mount/in/hidden', mode: 0o640}),
        without('mount/link2', {type: 'hardlink', link: 'mount/in/hidden'}),
        fileWith('mount/other', 'kept'),
      ]
      const members = await membersOf(recordingOf(linked, {mountPointsBelow: ['/data/in']}))
      expect(members.slice(2).map(({content, link, name}) => [name, link, content])).to.deep.equal([
        ['data/in/', '', ''],
        ['data/other', '', 'kept'],
        ['data/link', '', 'old'],
        ['data/link2', 'data/link', ''],
      ])
    })

    it('has an empty file where the other hides a file of any type', async () => {
      const mode = {mode: 0o600, uid: 7, gid: 8, mtime: 1_600_000_000}
      const hiding: ArchivedFile[] = [
        fileWith('mount/file', 'secret', mode),
        without('mount/link', {type: 'hardlink', link: 'mount/shown', ...mode}),
        without('mount/fifo', {type: 'fifo', ...mode}),
        without('mount/device', {type: 'character', deviceMajor: 1, deviceMinor: 3, ...mode}),
      ]
      for (const each of hiding) {
        const path = each.header.path.replace('mount', '/data')
        const members = await membersOf(
          recordingOf([root, fileWith('mount/shown', 'kept'), each], {mountPointsBelow: [path]}),
        )
        expect(members[3], path).to.include({...mode, name: path.slice(1), type: 'file', content: '', link: ''})
        expect(members, path).to.have.length(4)
      }
    })

    it('has a file’s content under its other name if the other mount hides the first', async () => {
      const linked = [root, fileWith('mount/.env', 'text'), without('mount/b', {type: 'hardlink', link: 'mount/.env'})]
      const members = await membersOf(recordingOf(linked, {mountPointsBelow: ['/data/.env']}))
      expect(members.slice(2).map(({content, name, type}) => [name, type, content])).to.deep.equal([
        ['data/.env', 'file', ''],
        ['data/b', 'file', 'text'],
      ])
    })

    it('accepts a hard link that is hidden itself', async () => {
      const linked = [...files, without('mount/in/link', {type: 'hardlink', link: 'mount/inside'})]
      expect(await namesOf(recordingOf(linked, {mountPointsBelow: ['/data/in']}))).to.include('data/inside')
    })
  })

  it('points hard links to the place of the mount, and leaves symlinks unchanged', async () => {
    const links = [
      root,
      fileWith('mount/a', 'x'),
      without('mount/hard', {type: 'hardlink', link: 'mount/a'}),
      without('mount/soft', {type: 'symlink', link: 'mount/a'}),
      without('mount/softer', {type: 'symlink', link: '/mount/../a'}),
    ]
    const members = await membersOf(recordingOf(links, {path: '/srv/app/data'}))
    expect(members.slice(3).map(({link, type}) => ({link, type}))).to.deep.equal([
      {link: 'srv/app/data/a', type: 'hardlink'},
      {link: 'mount/a', type: 'symlink'},
      {link: '/mount/../a', type: 'symlink'},
    ])
  })

  const deletions = ['.wh.file', '.wh.', '.wh..wh..opq', '.wh..wh.plnk', 'folder/.wh.\u001b[2J']
  for (const name of deletions)
    it(`is refused with a file named ${JSON.stringify(name)}: it would delete`, async () => {
      for (const each of [fileWith(`mount/${name}`, ''), without(`mount/${name}`, {type: 'directory'})]) {
        const error = await thrown(namesOf(recordingOf([root, each])))
        expect(error).to.include({code: 'whiteout-name', exitCode: 1})
        expect(error.message).to.match(/^[ -~]*\/data\/[ -~]*$/)
      }
    })

  it('is refused with a character device 0:0, which containers of the image would not show', async () => {
    const whiteout = without('mount/diff/gone', {type: 'character', deviceMajor: 0, deviceMinor: 0})
    const error = await thrown(namesOf(recordingOf([root, whiteout])))
    expect(error).to.include({code: 'whiteout-device', exitCode: 1})
    expect(error.message).to.include('/data/diff/gone')
  })

  it('accepts other devices, including a block device 0:0', async () => {
    const devices = [
      without('mount/block', {type: 'block', deviceMajor: 0, deviceMinor: 0}),
      without('mount/null', {type: 'character', deviceMajor: 1, deviceMinor: 3}),
      without('mount/minor', {type: 'character', deviceMajor: 0, deviceMinor: 1}),
    ]
    expect(await namesOf(recordingOf([root, ...devices]))).to.have.length(2 + devices.length)
  })

  it('accepts names that only look like whiteouts', async () => {
    const names = ['.wh', '.whale', 'a.wh.b']
    const files = names.map((name) => fileWith(`mount/${name}`, 'x'))
    expect(await namesOf(recordingOf([root, ...files]))).to.have.length(2 + names.length)
  })

  it('is refused if the recording ends too early, even in the middle of a file', async () => {
    const archive = archiveOf([root, fileWith('mount/a', 'x'.repeat(5000))])
    for (const length of [0, 100, 600, 1024, 3000, 6000, archive.length - 1024]) {
      const recording = {...recordingOf([]), read: () => inChunks(archive.subarray(0, length))}
      expect(await thrown(buffer(mountLayer(recording))), String(length)).to.include({code: 'tar-invalid'})
    }
  })

  it('closes its recording when nobody reads on', async () => {
    let isClosed = false
    async function* read(): AsyncGenerator<Buffer> {
      try {
        yield* inChunks(archiveOf([root, fileWith('mount/a', 'x'.repeat(5000))]), 512)
      } finally {
        isClosed = true
      }
    }
    for await (const chunk of mountLayer({...recordingOf([]), read})) {
      expect(chunk).to.not.have.length(0)
      break
    }
    expect(isClosed).to.equal(true)
  })
})
