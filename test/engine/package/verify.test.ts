import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {expect} from 'chai'

import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import type {KegResult} from '../../support/keg.js'
import {keg} from '../../support/keg.js'
import {imageLayers} from '../../support/layers.js'
import type {FileEntry} from '../../support/tar.js'
import {writeTar} from '../../support/tar.js'
import type {Alteration} from './altered-tar.js'
import {addedBeside, all, alteredImage, alteredTar, changed} from './altered-tar.js'
import type {PackageJson} from './packaging.js'
import {expectSameFiles, inContainer, packageOf} from './packaging.js'
import {madeBy, stateOf, watchEngine, type Watchers} from './watched-engine.js'

interface Difference {
  keywords: {expected: string; found: string; keyword: string}[]
  layer: string | null
  path: string | null
  what: string
}

interface Verification {
  differenceCount: number
  differences: Difference[]
  entries: number
  notCarried: string[]
  notCompared: string[]
  unchangedLayers: number
}

/** vfs_cap_data, revision 2: cap_net_raw. */
const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex')

/** Files of the image below: to be deleted, replaced and linked to. */
const below: FileEntry[] = [
  ...['gone', 'opaque', 'to-file', 'to-link', 'again'].flatMap((name): FileEntry[] => [
    {path: `app/${name}`, type: 'directory', mode: 0o750, uid: 20},
    {path: `app/${name}/file`, content: `of the image, in ${name}`},
    {path: `app/${name}/sub/file`, content: 'of the image'},
  ]),
  ...['changed', 'deleted', 'to-folder', 'linked', 'mode', 'touched'].map((name): FileEntry => ({
    path: `app/${name}`,
    content: `of the image: ${name}`,
  })),
  {path: 'app/pair-1', content: 'a pair'},
  {path: 'app/pair-2', link: 'app/pair-1', type: 'hardlink'},
  {path: 'declared/of-the-image', content: 'below a VOLUME'},
]

/** Every kind of file, below a folder. */
function kinds(folder: string): FileEntry[] {
  return [
    {path: folder, type: 'directory', mode: 0o751, uid: 9},
    {path: `${folder}/file`, content: 'content', mode: 0o640, uid: 12, gid: 34},
    {path: `${folder}/z-link`, link: `${folder}/file`, type: 'hardlink', mode: 0o640, uid: 12, gid: 34},
    {path: `${folder}/setuid`, content: 'program', mode: 0o4755},
    {path: `${folder}/capable`, content: 'program', mode: 0o755, xattrs: {'security.capability': capability}},
    {path: `${folder}/pipe`, type: 'fifo'},
    {path: `${folder}/null`, type: 'character device', device: {major: 1, minor: 3}, mode: 0o666},
    {path: `${folder}/symlink`, type: 'symlink', link: '../nowhere'},
    {path: `${folder}/with\nnew line`, content: 'lines'},
    {path: `${folder}/größe-日本-🐳`, content: 'unicode'},
    {path: Buffer.from(`${folder}/invalid \xff\xfe\x80`, 'latin1'), content: 'no UTF-8'},
    {path: `${folder}/empty`, content: ''},
    {path: `${folder}/large`, content: Buffer.alloc(3_000_000, 'large')},
    {path: `${folder}/folder`, type: 'directory', mode: 0o3775, gid: 50},
    {path: `${folder}/folder/old`, content: 'old', mtime: 1_000_000_000},
  ]
}

const changes = `cd /app
  rm -r gone; rm -r opaque; mkdir opaque; echo new > opaque/new; rm -r to-file; echo file > to-file
  rm -r to-link; ln -s again to-link; rm -r again; mkdir again; echo of > again/file
  echo changed >> changed; rm deleted; rm to-folder; mkdir to-folder; echo 1 > to-folder/one
  ln linked new-link; chmod 4711 mode; chmod 600 pair-2; touch -r touched /tmp/time; touch touched; touch -r /tmp/time touched
  chmod 1777 /; rm -f /.dockerenv
  # syslogd follows the link, and so makes a socket among the container's own files.
  ln -s /own/socket /dev/log; (syslogd -n >/dev/null 2>&1 &) ; while [ ! -S /own/socket ]; do sleep 0.1; done
  mkdir /nested/inner/made; echo 1 > /nested/inner/made/file; rm -f /mount/file`

/** A container with all of these in its writable layer and in mounts of every kind. */
async function richContainer(sandbox: Sandbox): Promise<string> {
  const image = await sandbox.imageFromFiles(uniqueName('verified'), below, {
    from: baseImage,
    instructions: ['VOLUME /declared'],
  })
  const folder = await sandbox.temporaryFolder()
  await writeFile(join(folder, 'a file'), 'mounted by itself')
  const [outer, inner] = [await sandbox.volume(), await sandbox.volume()]
  const container = await sandbox.run([
    ...['-v', `${folder}/a file:/app/to-folder-not/mounted:ro`, '-v', `${folder}:/app/again-bound`],
    ...['-v', `${outer}:/nested`, '-v', `${inner}:/nested/inner`, '-v', `${await sandbox.volume()}:/mount`],
    ...['--tmpfs', '/in-memory', image, 'sleep', '3600'],
  ])
  await docker(['cp', '-', `${container}:/`], {input: writeTar([...kinds('own'), ...kinds('mount')])})
  await inContainer(container, changes)
  return container
}

/** The entries in the layers of a package, counted independently of keg: without folders above mounts and without markers. */
async function countEntries(reference: string, ownLayers: number): Promise<number> {
  const {configuration, layers} = await imageLayers(reference)
  const mounts = JSON.parse(configuration.config.Labels?.['com.keg.package.mounts'] ?? '[]') as {path: string}[]
  const entries = layers.slice(layers.length - mounts.length - ownLayers).flatMap((layer, index) => {
    const mount = mounts[index - ownLayers]?.path
    const paths = layer.entries.map(({path}) => path).filter((path) => !path.endsWith('/.wh..wh..opq'))
    return mount === undefined ? paths : paths.filter((path) => path === mount || path.startsWith(`${mount}/`))
  })
  return entries.length
}

function verified(result: PackageJson): Verification {
  expect(result.verification).to.deep.include({differenceCount: 0, differences: []})
  return result.verification as unknown as Verification
}

async function verifyAgain(reference: string, flags: readonly string[] = []): Promise<KegResult> {
  return keg(['docker', 'package', 'verify', reference, '--json', ...flags])
}

/** The differences that keg reported when it exited with 3. */
function differencesOf(run: KegResult): Verification {
  expect(run.code, run.stdout + run.stderr).to.equal(3)
  const {error} = run.json() as {error: {code: string; data: Verification}}
  expect(error.code).to.equal('verification-failed')
  expect(error.data.differenceCount).to.be.at.least(error.data.differences.length)
  return error.data
}

/** `changed /own/file: sha256digest`, sorted. */
function inShort({differences}: Verification): string[] {
  return differences
    .map(({keywords, path, what}) => `${what} ${path ?? 'whole'}: ${keywords.map(({keyword}) => keyword).join(' ')}`)
    .map((line) => line.replace(/: $/, ''))
    .sort()
}

describe('keg docker package --verify @each-store', function () {
  this.timeout(180_000)
  const sandbox = new Sandbox()
  let container = ''
  let first: PackageJson

  before(async () => {
    container = await richContainer(sandbox)
    first = await packageOf(sandbox, container, ['--verify'])
  })

  after(() => sandbox.clean())

  it('finds no difference in a running container with everything a file system can hold', async () => {
    const {entries, notCarried, notCompared, unchangedLayers} = verified(first)
    expect(entries).to.equal(await countEntries(first.reference, 1))
    expect(entries).to.be.above(60)
    expect(notCarried).to.deep.equal(['/own/socket'])
    expect(notCompared.join('; ')).to.match(/times of folders.*ACLs.*sockets.*tmpfs.*\/etc\/hosts/)
    const image = await docker(['container', 'inspect', '--format', '{{.Image}}', container])
    expect(unchangedLayers).to.equal((await imageLayers(image)).layers.length)
    await expectSameFiles(container, first.reference)
  })

  it('says so to a person, with what is not compared @classic', async () => {
    const name = uniqueName('package')
    const run = await keg(['docker', 'package', container, '--name', name, '-t', 'one', '--verify'])
    sandbox.addImage(`${name}:one`)
    expect(run.code, run.stderr).to.equal(0)
    const {entries} = verified(first)
    expect(run.stdout).to.include(`Verified: ${entries} entries, 0 differences`)
    expect(run.stdout).to.match(/1 socket not included\nNot compared: times of folders/)
  })

  it('is null without the flag', async () => {
    expect((await packageOf(sandbox, container)).verification).to.equal(null)
  })

  it('leaves the container running', async () => {
    expect(await stateOf(container)).to.equal('running false')
  })

  it('can be repeated later, with the same count @containerd', async () => {
    const run = await verifyAgain(first.reference)
    expect(run.code, run.stdout).to.equal(0)
    const {differenceCount, entries} = run.json()
    expect({differenceCount, entries}).to.deep.equal({differenceCount: 0, entries: verified(first).entries})
  })

  it('finds none in a package of a package with replaced mounts', async () => {
    const started = await sandbox.run(['-v', '/mount', '-v', '/nested', first.reference])
    await inContainer(started, 'echo more > /mount/more; rm /own/setuid; echo 2 > /own/file; rm -r /nested/inner/made')
    const second = await packageOf(sandbox, started, ['--verify'])
    expect(verified(second).entries).to.equal(await countEntries(second.reference, 1))
    expect((await verifyAgain(second.reference)).code).to.equal(0)
    await expectSameFiles(started, second.reference)
  })

  it('finds none in a stopped container', async () => {
    const stopped = await richContainer(sandbox)
    await docker(['stop', '-t', '0', stopped])
    const result = await packageOf(sandbox, stopped, ['--verify'])
    expect(result.pausedMilliseconds).to.equal(0)
    expect(verified(result).entries).to.equal(await countEntries(result.reference, 1))
  })

  it('finds none if nothing had changed', async () => {
    const untouched = await sandbox.create([baseImage, 'true'])
    const result = await packageOf(sandbox, untouched, ['--verify'])
    const {length} = (await imageLayers(baseImage)).layers
    expect(verified(result)).to.deep.include({entries: await countEntries(result.reference, result.layers - length)})
    expect((await verifyAgain(result.reference)).code).to.equal(0)
  })
})

describe('keg docker package --verify: an engine that does not return what it was given @each-store', function () {
  this.timeout(180_000)
  const sandbox = new Sandbox()
  let container = ''

  before(async () => {
    container = await richContainer(sandbox)
  })

  after(() => sandbox.clean())

  /** Packages through a misbehaving engine, and expects that nothing is left of it. */
  async function refused(watchers: Watchers): Promise<Verification> {
    const engine = await watchEngine(watchers)
    try {
      const name = uniqueName('package')
      const earlier = sandbox.addImage(`${name}:one`)
      await docker(['tag', baseImage, earlier])
      const flags = ['--name', name, '-t', 'one', '--replace-tag', '--verify', '--json']
      const run = await keg(['docker', 'package', container, ...flags], {env: {DOCKER_HOST: engine.host}})
      const result = differencesOf(run)
      expect(await madeBy(engine), 'left in the engine').to.deep.equal([])
      expect(run.leftovers, 'left in the folder for temporary files').to.deep.equal([])
      expect(engine.requests.filter(({line}) => /\/(?:tag|push)$/.test(line))).to.deep.equal([])
      const id = (image: string) => docker(['image', 'inspect', '--format', '{{.Id}}', image])
      expect(await id(earlier), 'the name was not moved').to.equal(await id(baseImage))
      expect(await stateOf(container)).to.equal('running false')
      return result
    } finally {
      await engine.close()
    }
  }

  const whenSaving = (alter: Alteration): Watchers => ({
    altered: ({line}) => (/^GET \/images\/get$/.test(line) ? (body) => alteredImage(body, alter) : undefined),
  })
  const whenExporting = (alter: Alteration): Watchers => ({
    altered: ({line}) => (/^GET \/containers\/.*\/export$/.test(line) ? (body) => alteredTar(body, alter) : undefined),
  })

  const inFolder = (folder: string): Alteration =>
    all(
      changed(`${folder}/large`, {content: Buffer.concat([Buffer.alloc(2_999_999, 'large'), Buffer.from('!')])}),
      changed(`${folder}/setuid`, {mode: 0o755}),
      changed(`${folder}/folder`, {gid: 51}),
      changed(`${folder}/empty`, {path: `${folder}/renamed`}),
      changed(`${folder}/pipe`, undefined),
      changed(`${folder}/symlink`, {link: '../elsewhere'}),
      changed(`${folder}/null`, {device: {major: 1, minor: 5}}),
      changed(`${folder}/capable`, {xattrs: {}}),
      changed(`${folder}/folder/old`, {mtime: 1_000_000_001, uid: 1}),
      addedBeside(`${folder}/setuid`, {path: `${folder}/stowaway`, content: 'not recorded'}),
      changed(`${folder}/with\nnew line`, {type: 'directory', content: ''}),
    )

  const differencesIn = (folder: string): string[] => [
    `added /${folder}/renamed`,
    `added /${folder}/stowaway`,
    `changed /${folder}/capable: xattr.security.capability`,
    `changed /${folder}/folder/old: uid time`,
    `changed /${folder}/folder: gid`,
    `changed /${folder}/large: sha256digest`,
    `changed /${folder}/null: device`,
    `changed /${folder}/setuid: mode`,
    `changed /${folder}/symlink: link`,
    `changed /${folder}/with\\012new line: type size sha256digest time`,
    `missing /${folder}/empty`,
    `missing /${folder}/pipe`,
  ]

  it('is detected, whatever it changed in a file of the writable layer or of a mount', async () => {
    const found = await refused(whenSaving(all(inFolder('own'), inFolder('mount'))))
    expect(inShort(found)).to.deep.equal([...differencesIn('own'), ...differencesIn('mount')].sort())
    expect(found.entries).to.be.above(60)
    const mode = found.differences.find(({path}) => path === '/own/setuid')
    expect(mode?.keywords).to.deep.equal([{keyword: 'mode', expected: '04755', found: '0755'}])
  })

  it('is detected if deletions are missing or added', async () => {
    const opaque = (folder: string): FileEntry => ({path: `${folder}/.wh..wh..opq`, content: '', mode: 0})
    const found = await refused(
      whenSaving(
        all(
          changed('app/.wh.gone', undefined),
          changed('app/opaque/.wh..wh..opq', undefined),
          changed('app/opaque/.wh.file', undefined),
          changed('mount/.wh..wh..opq', undefined),
          addedBeside('app/changed', {path: 'bin/.wh.ls', content: '', mode: 0}),
          addedBeside('own/folder', opaque('own/folder')),
        ),
      ),
    )
    const short = inShort(found)
    expect(short).to.include.members(['added /app/gone', 'added /app/opaque/file', 'missing /bin/ls'])
    expect(short).to.include('missing /mount/.wh..wh..opq')
    // An opaque folder with nothing below hides nothing.
    expect(short.filter((line) => line.includes('/own'))).to.deep.equal([])
  })

  it('is detected if it makes a folder opaque', async () => {
    const opaque: FileEntry = {path: 'bin/.wh..wh..opq', content: '', mode: 0}
    const found = await refused(whenSaving(addedBeside('app/changed', opaque)))
    expect(inShort(found)).to.include('missing /bin/busybox')
  })

  it('is detected if it exports something other than it committed', async () => {
    const found = await refused(whenExporting(inFolder('own')))
    expect(inShort(found)).to.deep.equal(
      [
        ...differencesIn('own').filter((line) => !/^(?:added|missing)|new line/.test(line)),
        ...['added /own/empty', 'added /own/pipe', 'missing /own/empty', 'missing /own/pipe'],
        'changed /own/with\\012new line: type size sha256digest time',
      ].sort(),
    )
  })

  it('is detected if only the bytes of a layer differ, not its files', async () => {
    const found = await refused(whenSaving((files) => files.map((file) => ({...file}))))
    expect(inShort(found).every((line) => line === 'changed whole: digest')).to.equal(true)
    expect(found.differenceCount).to.be.above(0)
  })
})
