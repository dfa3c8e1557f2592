import {expect} from 'chai'

import {docker} from '../../support/docker.js'
import {idlingTap} from '../../support/tap-shapes.js'
import {editPage, page, TapBed, type LinkedTap} from '../../support/taps.js'

const branch = 'feature/search'

describe('keg tap start --from an older package @containerd', function () {
  this.timeout(180_000)
  let bed: TapBed
  let shop: LinkedTap
  let linked: string[]
  /** Of the branch, with files that only its container had. */
  let reference: string
  let tag: string
  let commit: string

  before(async () => {
    bed = await TapBed.start()
    shop = await bed.tap(idlingTap)
    linked = await bed.present()
    git('switch', '--quiet', '--create', branch)
    await editPage(shop.folder, 'A shop with a search.\n')
    git('commit', '--quiet', '--all', '--message', 'Search')
    commit = git('rev-parse', 'HEAD')
    const {container} = await bed.startTap(shop)
    await docker(['exec', container, 'sh', '-c', 'echo "only here" >/own'])
    const packaged = (await bed.kegSucceeds(['tap', 'package', shop.name, '--yes', '--json'])).json()
    reference = bed.sandbox.addImage(String(packaged.reference))
    tag = reference.split(':').at(-1) ?? ''
    await bed.kegSucceeds(['tap', 'destroy', shop.name, '--yes'])
  })
  afterEach(async () => {
    await bed.keg(['tap', 'destroy', shop.name, '--yes'])
  })
  after(async () => bed.stop())

  function git(...words: string[]): string {
    return bed.git.git(shop.name, ...words)
  }

  /** The file that only the packaged container had. */
  async function ownFileOf(container: string): Promise<string> {
    return docker(['exec', container, 'cat', '/own'])
  }

  it("(the package is in the tap's registry, with the tag of its branch)", () => {
    expect(reference).to.match(new RegExp(`^${shop.repository}:feature-search-k[0-9a-f]{10}$`))
  })

  it('of another branch is refused with 3, and nothing is created', async () => {
    git('switch', '--quiet', 'main')
    for (const from of [reference, `${shop.name}:${tag}`]) {
      const refused = await bed.keg(['tap', 'start', shop.name, '--from', from, '--detach', '--json'])
      expect(refused.code, refused.stderr).to.equal(3)
      const error = refused.json().error as {code: string; hint: string; message: string}
      expect(error.code).to.equal('branch-guard')
      expect(error.message).to.include(branch).and.to.include('main')
      expect(error.hint).to.include('--force').and.to.include('--no-sync')
      expect(refused.leftovers).to.deep.equal([])
      // What keg remembers of the layers that it pushed stays.
      const present = (await bed.present()).filter((each) => !each.startsWith('file state/keg/layers/'))
      expect(present).to.deep.equal(linked)
    }
  })

  it('of another branch runs unchanged with --no-sync', async () => {
    const {container, url} = await bed.startTap(shop, ['--from', reference, '--no-sync'])
    expect(await page(url)).to.equal('A shop with a search.\n')
    expect(await ownFileOf(container)).to.equal('only here')
    expect(await bed.mutagen.sessions()).to.deep.equal([])
  })

  it("of another branch gets this branch's code with --force, and keeps the rest", async () => {
    const {container, url} = await bed.startTap(shop, ['--from', `${shop.name}:${tag}`, '--force'])
    expect(await page(url)).to.equal('A shop.\n')
    expect(await ownFileOf(container)).to.equal('only here')
  })

  it('of the same branch and an older commit starts with a warning that names both', async () => {
    git('switch', '--quiet', branch)
    await editPage(shop.folder, 'A shop with a better search.\n')
    git('commit', '--quiet', '--all', '--message', 'Better')
    const newer = git('rev-parse', 'HEAD')
    const line = ['tap', 'start', shop.name, '--from', `${shop.name}:${tag}`, '--detach']
    const {stderr} = await bed.kegSucceeds(line)
    expect(stderr).to.match(/^Warning: /m)
    for (const each of [commit, newer]) expect(stderr).to.include(each.slice(0, 12))
    const {container, url} = await bed.startTap(shop, ['--from', `${shop.name}:${tag}`])
    expect(await page(url)).to.equal('A shop with a better search.\n')
    expect(await ownFileOf(container)).to.equal('only here')
  })
})
