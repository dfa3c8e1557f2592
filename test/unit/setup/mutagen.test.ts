import {expect} from 'chai'
import {mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {isUsable} from '../../../scripts/setup/mutagen.js'

describe('isUsable', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-mutagen-test-'))
  })
  afterEach(() => rm(folder, {recursive: true, force: true}))

  /** A fake Mutagen in that folder. */
  async function mutagen(version: string, place = '.'): Promise<string> {
    const path = join(folder, place, 'mutagen')
    await mkdir(join(folder, place), {recursive: true})
    await writeFile(path, `#!/bin/sh\n[ "$1" = version ] && echo ${version}\n`, {mode: 0o755})
    return path
  }

  it('accepts Mutagen 0.18 or later with its agents beside it, also through a symlink', async () => {
    const link = join(folder, 'link')
    await symlink(await mutagen('0.18.1'), link)
    await writeFile(join(folder, 'mutagen-agents.tar.gz'), '')
    expect(await isUsable(link)).to.equal(true)
    expect(await isUsable(await mutagen('1.2.0-beta1'))).to.equal(true)
  })

  it('finds the agents where Homebrew installs them', async () => {
    const path = await mutagen('0.18.1', 'bin')
    expect(await isUsable(path)).to.equal(false)
    await mkdir(join(folder, 'libexec'))
    await writeFile(join(folder, 'libexec/mutagen-agents.tar.gz'), '')
    expect(await isUsable(path)).to.equal(true)
  })

  it('refuses one that is too old, does not run, or has no agents', async () => {
    expect(await isUsable(await mutagen('0.18.1'))).to.equal(false)
    await writeFile(join(folder, 'mutagen-agents.tar.gz'), '')
    expect(await isUsable(await mutagen('0.17.6'))).to.equal(false)
    expect(await isUsable(await mutagen('0.18.1; exit 1'))).to.equal(false)
    expect(await isUsable(join(folder, 'nothing'))).to.equal(false)
  })
})
