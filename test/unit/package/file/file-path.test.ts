import {expect} from 'chai'
import fc from 'fast-check'
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {asFilePath, filePathIn} from '../../../../src/lib/package/file/file-path.js'
import {ownTemporaryFolder} from '../temporary-folder.js'

describe('path of a package file', () => {
  const folder = ownTemporaryFolder()
  const isFile = async (text: string): Promise<boolean> => (await filePathIn({folder: folder.path}, text)) !== undefined

  beforeEach(() => {
    mkdirSync(join(folder.path, 'acme'))
    mkdirSync(join(folder.path, 'folder.tar'))
    for (const name of ['shop', 'shop.tar', 'acme/shop', 'shop:one']) writeFileSync(join(folder.path, name), '')
  })

  it('is the path of a file with a slash or .tar; a bare name is a reference, even beside a file of that name', async () => {
    for (const text of ['shop.tar', './shop', './shop.tar', 'acme/shop', join(folder.path, 'shop'), './shop:one'])
      expect(await isFile(text), text).to.equal(true)
    for (const text of [
      'shop',
      'shop:one',
      'other.tar',
      'folder.tar',
      'acme/other',
      'acme',
      'ghcr.io/acme/shop.tar',
      '',
    ])
      expect(await isFile(text), text).to.equal(false)
  })

  it('is a path that cannot be a reference, even if there is no file', async () => {
    for (const text of ['./none', '../none', '/none']) expect(await isFile(text), text).to.equal(true)
    for (const text of ['.../none', '.hidden', 'https://ghcr.io/acme/shop', 'docker pull acme/shop', 'a/\0'])
      expect(await isFile(text), text).to.equal(false)
    expect(await filePathIn({folder: folder.path}, undefined)).to.equal(undefined)
  })

  it('is shown so that it is taken for one again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[-\w.:]{1,20}$/), async (name) => {
        fc.pre(name !== '.' && name !== '..' && name !== 'acme' && name !== 'folder.tar')
        writeFileSync(join(folder.path, name), '')
        const shown = asFilePath(name)
        expect(shown.startsWith('-')).to.equal(false)
        expect(await isFile(shown), shown).to.equal(true)
      }),
      {numRuns: 50},
    )
    expect(asFilePath('acme/shop')).to.equal('acme/shop')
    expect(asFilePath('shop.tar')).to.equal('shop.tar')
  })
})
