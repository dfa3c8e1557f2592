import {expect} from 'chai'
import {mkdir, mkdtemp, realpath, rm, symlink, writeFile} from 'node:fs/promises'
import {readdirSync, readFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {watchFolder, type FolderWatch} from '../../../../src/lib/sync/monitor/watch-folder.js'

describe('watchFolder', () => {
  let folder: string
  let watch: FolderWatch | undefined
  let changes = 0
  let reasons: string[] = []

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'keg-watch-')))
    ;[changes, reasons] = [0, []]
  })
  afterEach(async () => {
    await watch?.close()
    watch = undefined
    await rm(folder, {force: true, recursive: true})
  })

  const write = async (path: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), {recursive: true})
    await writeFile(join(folder, path), String(Math.random()))
  }
  const start = async (ignores: readonly string[], place = folder): Promise<void> => {
    watch = await watchFolder({
      folder: place,
      settings: {ignores, ignoresVersionControl: true},
      changed: () => changes++,
      lost: (reason) => reasons.push(reason),
    })
  }
  const changed = async (): Promise<void> => {
    while (changes === 0) await sleep(5)
    // Until no more events of the same change come.
    for (let seen = 0; seen !== changes;) {
      seen = changes
      await sleep(300)
    }
    changes = 0
  }

  it('reports changes at any depth, also in new folders', async () => {
    await write('a/b/c/file.txt')
    await start([])
    await write('a/b/c/file.txt')
    await changed()
    await rm(join(folder, 'a'), {recursive: true})
    await changed()
    for (let index = 0; index < 5; index++) {
      // Faster than a watch on the first of them can start.
      await write(`new-${index}/deep/er/file.txt`)
      await changed()
      await write(`new-${index}/deep/er/file.txt`)
      await changed()
    }
    expect(reasons).to.deep.equal([])
  })

  it('does not report ignored files, or temporary files of Mutagen', async () => {
    const leftOut = [
      'node_modules/x/index.js',
      'p/node_modules/y/index.js',
      '.git/index',
      'dist/deep/out.js',
      'p/a.log',
    ]
    const quiet = [...leftOut, 'p/.mutagen-temporary-cross-device-rename-1']
    for (const path of quiet) await write(path)
    await start(['node_modules', '/dist', '*.log', '!b.log'])
    for (const path of quiet) await write(path)
    await sleep(300)
    expect(changes).to.equal(0)
    await write('p/b.log')
    await changed()
  })

  it('does not watch folders that are ignored by name', async () => {
    await write('src/file.txt')
    for (let index = 0; index < 50; index++) await write(`p/node_modules/library-${index}/lib/index.js`)
    const before = watchedFolders()
    await start(['node_modules'])
    expect(watchedFolders() - before).to.be.lessThan(10)
  })

  it('follows a symlink to the folder', async () => {
    await write('real/file.txt')
    await symlink('real', join(folder, 'link'))
    await start([], join(folder, 'link'))
    await write('real/file.txt')
    await changed()
  })

  it('reports a folder that was removed, or does not exist', async () => {
    await write('place/file.txt')
    await start([], join(folder, 'place'))
    await rm(join(folder, 'place'), {recursive: true})
    while (reasons.length === 0) await sleep(5)
    expect(reasons).to.deep.equal(['it is gone'])
    await watch?.close()
    await start([], join(folder, 'place'))
    expect(watch).to.equal(undefined)
    expect(reasons.join()).to.include('ENOENT')
  })
})

/** Number of folders that the system watches for this process (proc(5), fdinfo). */
function watchedFolders(): number {
  const texts = readdirSync('/proc/self/fdinfo').map((file) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${file}`, 'utf8')
    } catch {
      return ''
    }
  })
  return texts.join('').match(/^inotify /gm)?.length ?? 0
}
