import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect} from 'chai'
import {placesOf, readKegIgnore} from '../../../../src/lib/package/exclude/keg-ignore.js'

describe('a .kegignore', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-ignore-'))
  })

  afterEach(() => rm(folder, {recursive: true}))

  it('is read line by line, with any line ending', async () => {
    await writeFile(join(folder, '.kegignore'), '\uFEFFbuild/\r\n\n# built\n!keep')
    expect(await readKegIgnore(folder)).to.deep.equal(['build/', '', '# built', '!keep'])
  })

  it('can be missing, or something other than a file', async () => {
    expect(await readKegIgnore(folder)).to.equal(undefined)
    expect(await readKegIgnore(join(folder, 'nowhere'))).to.equal(undefined)
    await mkdir(join(folder, '.kegignore'))
    expect(await readKegIgnore(folder)).to.equal(undefined)
  })

  it('applies if its folder, a subfolder or a parent folder is in the container', () => {
    const places = [
      {folder: '/work/shop', path: '/app'},
      {folder: '/work/shop/src', path: '//code/'},
      {folder: '/work', path: '/all'},
      {folder: '/work/shopping', path: '/no'},
      {folder: '/other', path: '/no'},
    ]
    expect(placesOf('/work/shop/', places)).to.deep.equal([
      {at: '/app', below: ''},
      {at: '/code', below: 'src'},
      {at: '/all/shop', below: ''},
    ])
  })
})
