import {expect} from 'chai'
import {mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {replaceFile} from '../../../src/lib/config/file/replace-file.js'
import {withLock} from '../../../src/lib/lock/file-lock.js'
import {folderTrouble, makeFolder} from '../../../src/lib/process/make-folder.js'
import {writeBinding} from '../../../src/lib/branch/sync/branch-binding.js'
import {thrown} from '../../support/thrown.js'

describe('makeFolder', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-folder-'))
  })
  afterEach(() => rm(folder, {force: true, recursive: true}))

  it('creates missing folders, and returns them', async () => {
    expect(await makeFolder(join(folder, 'a/b'), 0o700)).to.deep.equal([join(folder, 'a'), join(folder, 'a/b')])
    expect((await stat(join(folder, 'a'))).mode & 0o777).to.equal(0o700)
    expect(await makeFolder(join(folder, 'a/b'))).to.deep.equal([])
    await symlink('a', join(folder, 'link'))
    expect(await makeFolder(join(folder, 'link/c'))).to.deep.equal([join(folder, 'link/c')])
  })

  it('can run several times at once', async () => {
    await Promise.all(Array.from({length: 10}, () => makeFolder(join(folder, 'a/b/c'))))
    expect(await readdir(join(folder, 'a/b'))).to.deep.equal(['c'])
  })

  it('fails with the reason, and leaves nothing behind', async () => {
    await writeFile(join(folder, 'file'), '')
    await symlink('nowhere', join(folder, 'dangling'))
    await symlink('circle', join(folder, 'circle'))
    const trouble = async (path: string): Promise<string | undefined> => folderTrouble(await thrown(makeFolder(path)))
    expect(await trouble(join(folder, 'file'))).to.equal(`${folder}/file is not a folder`)
    expect(await trouble(join(folder, 'file/below/it'))).to.equal(`${folder}/file is not a folder`)
    expect(await trouble(join(folder, 'circle/a'))).to.equal(`symlinks lead in a circle at ${folder}/circle/a`)
    expect(await thrown(makeFolder(join(folder, 'dangling/a')))).to.have.property('code', 'EEXIST')
    expect(await thrown(makeFolder(join(folder, `a/${'x'.repeat(300)}`)))).to.have.property('code', 'ENAMETOOLONG')
    expect((await readdir(folder)).sort()).to.deep.equal(['circle', 'dangling', 'file'])
  })

  it('fails below /proc, where nothing can be created', async () => {
    if (process.platform !== 'linux') return
    expect(folderTrouble(await thrown(makeFolder('/proc/keg/config')))).to.equal('/proc/keg cannot be created')
  })
})

describe('folder of keg that cannot be created', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-folder-'))
    await mkdir(join(folder, 'home'))
    await writeFile(join(folder, 'home/file'), '')
  })
  after(() => rm(folder, {force: true, recursive: true}))

  const places = (): string[] => [...(process.platform === 'linux' ? ['/proc/keg'] : []), join(folder, 'home/file')]

  it('is named with the reason', async () => {
    for (const place of places()) {
      const reason = place.startsWith('/proc') ? 'cannot be created' : 'is not a folder'
      const environment = {XDG_STATE_HOME: place}
      const signal = new AbortController().signal
      const written = await thrown(replaceFile(join(place, 'keg/config.yml'), 'version: 1\n'))
      expect(written).to.include({
        code: 'configuration-unwritable',
        message: `${place}/keg/config.yml cannot be written: ${place} ${reason}.`,
      })
      for (const failed of [
        await thrown(withLock({environment, signal}, 'sync', () => Promise.resolve())),
        await thrown(writeBinding('sync_1', 'main', environment)),
      ])
        expect(failed)
          .to.include({code: 'state-unwritable'})
          .and.satisfy((error: Error) => error.message.endsWith(`${place} ${reason}.`))
    }
  })
})
