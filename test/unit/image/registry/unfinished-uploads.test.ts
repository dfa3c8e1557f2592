import {expect} from 'chai'
import {mkdtemp, readdir, readFile, rm, stat, utimes, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {UnfinishedUploads, type UploadSubject} from '../../../../src/lib/image/registry/unfinished-uploads.js'
import {parseReference} from '../../../../src/lib/reference/reference.js'

const checkpoint = {path: '/v2/a/b/blobs/uploads/ID?_state=x', bytes: 1000, sha256: 'a'.repeat(64), minChunkBytes: 0}

describe('uploads that were not finished', () => {
  let home: string
  let folder: string
  let uploads: UnfinishedUploads
  const {repository} = parseReference('registry.example/a/b')
  const subject: UploadSubject = {registry: 'registry.example', repository, content: '/data', compression: 'gzip 4'}

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'keg-test-uploads-'))
    folder = join(home, 'keg', 'uploads')
    uploads = new UnfinishedUploads({XDG_STATE_HOME: home})
  })

  afterEach(() => rm(home, {recursive: true, force: true}))

  /** Changes the record of the only upload there is. */
  async function alter(change: (record: Record<string, unknown>) => unknown): Promise<void> {
    const file = join(folder, (await readdir(folder))[0] ?? '')
    const record = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
    await writeFile(file, JSON.stringify({...record, ...(change(record) as object)}))
  }

  it('are remembered until they are complete, and only for the same content, compression and repository', async () => {
    const upload = await uploads.open(subject)
    expect([upload?.earlier, upload?.bytes]).to.deep.equal([undefined, 0])
    expect(await upload?.save(checkpoint)).to.equal(true)
    expect(upload?.bytes).to.equal(1000)
    const again = await uploads.open(subject)
    expect([again?.earlier, again?.bytes]).to.deep.equal([checkpoint, 1000])
    for (const other of [{content: '/other'}, {compression: 'gzip 9'}, {registry: 'other.example'}])
      expect((await uploads.open({...subject, ...other}))?.earlier).to.equal(undefined)
    await again?.forget()
    expect((await uploads.open(subject))?.earlier).to.equal(undefined)
    expect(await readdir(folder)).to.deep.equal([])
  })

  it('are in files that only the user can read, and nothing else is left there', async () => {
    await (await uploads.open(subject))?.save(checkpoint)
    const names = await readdir(folder)
    expect(names).to.have.lengthOf(1)
    expect((await stat(join(folder, names[0] ?? ''))).mode & 0o777).to.equal(0o600)
    expect((await stat(folder)).mode & 0o777).to.equal(0o700)
  })

  it('belong to the keg that works on them, as long as it runs', async () => {
    await (await uploads.open(subject))?.save(checkpoint)
    await alter(({owner}) => ({owner: {...(owner as object), pid: process.ppid, process: ''}}))
    expect((await uploads.open(subject))?.earlier, 'another process that has its id').to.deep.equal(checkpoint)
    await alter(({owner}) => ({owner: {...(owner as object), host: 'elsewhere'}}))
    expect(await uploads.open(subject)).to.equal(undefined)
  })

  it('are forgotten after a week, as registries do', async () => {
    await (await uploads.open(subject))?.save(checkpoint)
    const old = new Date(Date.now() - 8 * 24 * 60 * 60 * 1000)
    await utimes(join(folder, (await readdir(folder))[0] ?? ''), old, old)
    expect((await uploads.open(subject))?.earlier).to.equal(undefined)
    await (await uploads.open({...subject, content: '/other'}))?.save(checkpoint)
    await uploads.tidy()
    expect(await readdir(folder)).to.have.lengthOf(1)
  })

  it('are no more than a hundred', async () => {
    for (let index = 0; index < 105; index++)
      await (await uploads.open({...subject, content: `/${index}`}))?.save(checkpoint)
    await uploads.tidy()
    expect(await readdir(folder)).to.have.lengthOf(100)
  })

  it('are ignored if their record is not right', async () => {
    for (const wrong of [
      {path: 'https://evil.example/v2/'},
      {path: '//evil.example/v2/'},
      {path: '/v2/a b'},
      {path: '/v2/a\\b'},
      {path: '/other'},
      {path: 1},
      {bytes: 0},
      {bytes: -1},
      {bytes: 1.5},
      {bytes: '1000'},
      {sha256: 'a'},
      {sha256: undefined},
      {minChunkBytes: undefined},
      {repository: 'c/d'},
    ]) {
      await (await uploads.open(subject))?.save(checkpoint)
      await alter(() => wrong)
      expect((await uploads.open(subject))?.earlier, JSON.stringify(wrong)).to.equal(undefined)
    }
    await writeFile(join(folder, (await readdir(folder))[0] ?? ''), 'no JSON')
    expect((await uploads.open(subject))?.earlier).to.equal(undefined)
  })

  it('are not remembered without a folder', async () => {
    await writeFile(join(home, 'keg'), '')
    const upload = await uploads.open(subject)
    expect(await upload?.save(checkpoint)).to.equal(false)
    expect(upload?.bytes).to.equal(0)
    await upload?.forget()
    await uploads.tidy()
  })
})
