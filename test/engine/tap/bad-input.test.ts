import {expect} from 'chai'
import {rename} from 'node:fs/promises'
import {join} from 'node:path'

import {idlingTap, servingTap} from '../../support/tap-shapes.js'
import {page, TapBed, type LinkedTap} from '../../support/taps.js'
import {writeFiles} from '../../support/tree.js'

describe('keg tap start with bad input @containerd', function () {
  this.timeout(180_000)
  let bed: TapBed
  let shop: LinkedTap
  let linked: string[]

  before(async () => {
    bed = await TapBed.start()
    shop = await bed.tap(idlingTap)
    linked = await bed.present()
  })
  after(async () => bed.stop())

  interface Refusal {
    /** The code of the error. */
    readonly code: string
    readonly exit: number
    /** What the message and the hint must name. */
    readonly names: readonly (RegExp | string)[]
  }

  /** keg says what is wrong and what to do, shows no internals, and creates nothing. */
  async function expectRefused(
    words: readonly string[],
    {code, exit, names}: Refusal,
    env: Record<string, string> = {},
  ): Promise<void> {
    const result = await bed.keg([...words, '--json'], {env})
    expect(result.code, result.stdout + result.stderr).to.equal(exit)
    const error = result.json().error as {code: string; hint?: string; message: string}
    expect(error.code, result.stdout).to.equal(code)
    const said = `${error.message}\n${error.hint ?? ''}`
    for (const name of names)
      if (typeof name === 'string') expect(said).to.include(name)
      else expect(said).to.match(name)
    expect(error.hint, 'what to do').to.match(/\w.*[.\n]?/)
    expect(said).not.to.match(/^ +at |node:internal|\bE[A-Z]{4,}\b|undefined|\[object/m)
    expect(result.leftovers).to.deep.equal([])
  }

  /** Replaces files of the tap during an action. */
  async function withFiles(files: Readonly<Record<string, string>>, action: () => Promise<void>): Promise<void> {
    await writeFiles(shop.folder, files)
    try {
      await action()
    } finally {
      bed.git.git(shop.name, 'checkout', '--quiet', '.')
      expect(await bed.present()).to.deep.equal(linked)
    }
  }

  for (const [what, files, refusal] of [
    [
      'a values file that is no YAML',
      {'container/values.yml': 'env:\n  KEG_IMAGE_FROM: "not closed\n'},
      {code: 'tap-invalid', exit: 1, names: [/container\/values\.yml:\d+:\d+/]},
    ],
    [
      'a template that goes in a circle',
      {
        'container/values.yml':
          'env:\n  KEG_IMAGE_FROM: "{{ envs.DOC_ONE }}"\n  DOC_ONE: "{{ envs.KEG_IMAGE_FROM }}"\n',
      },
      {code: 'value-template', exit: 2, names: ['KEG_IMAGE_FROM', 'DOC_ONE', 'values.yml']},
    ],
    [
      'a compose file without services',
      {'container/docker-compose.yml': 'version: "3.8"\nservices: {}\n'},
      {code: 'tap-invalid', exit: 1, names: ['container/docker-compose.yml', /service/]},
    ],
  ] as const)
    it(`refuses ${what}`, async () => {
      await withFiles(files, async () => expectRefused(['tap', 'start', shop.name, '--detach'], refusal))
    })

  it('refuses a link to a folder that is gone, and still removes the link', async () => {
    const gone = await bed.tap(servingTap)
    await rename(gone.folder, `${gone.folder}-gone`)
    await expectRefused(['tap', 'start', gone.name], {
      code: 'tap-folder-missing',
      exit: 1,
      names: [gone.name, gone.folder, 'keg tap unlink'],
    })
    await bed.kegSucceeds(['tap', 'unlink', gone.name, '--yes'])
    expect(await bed.present()).to.deep.equal(linked)
  })

  it('refuses a name with a slash, and one that is a command', async () => {
    for (const [name, code] of [
      ['acme/shop', 'tap-name-invalid'],
      ['docker', 'tap-name-reserved'],
      ['start', 'tap-name-reserved'],
    ] as const)
      await expectRefused(['tap', 'link', shop.folder, '--name', name], {code, exit: 2, names: [name]})
    expect(await bed.present()).to.deep.equal(linked)
  })

  it('refuses to link in a home that cannot be written', async () => {
    // Root can write everywhere but where the kernel allows nobody to.
    const home = '/sys/kernel'
    await expectRefused(
      ['tap', 'link', shop.folder, '--name', 'shop'],
      {code: 'configuration-unwritable', exit: 1, names: [home, 'XDG_CONFIG_HOME']},
      {XDG_CONFIG_HOME: home},
    )
  })

  it('refuses the configuration of a newer keg, and does not change it', async () => {
    const folder = join(bed.git.folder, 'newer')
    const content = 'version: 99\nholograms: {on: true}\n'
    await writeFiles(folder, {'keg/config.yml': content})
    const refusal = {code: 'configuration-newer', exit: 1, names: ['99', join(folder, 'keg/config.yml')]}
    await expectRefused(['tap', 'start', shop.name], refusal, {XDG_CONFIG_HOME: folder})
    await expectRefused(['tap', 'link', shop.folder, '--name', 'shop'], refusal, {XDG_CONFIG_HOME: folder})
  })

  it('starts a tap in a folder whose name has spaces and quotes', async () => {
    const odd = await bed.tap(servingTap, {folder: `Zoë’s "first" news, $HOME`})
    const {url} = await bed.startTap(odd)
    expect(await page(url)).to.equal('The news.\n')
    expect(await bed.sessionsOf(odd.folder)).to.have.length(1)
    await bed.kegSucceeds(['tap', 'destroy', odd.name, '--yes'])
    await bed.kegSucceeds(['tap', 'unlink', odd.name, '--yes'])
    expect(await bed.present()).to.deep.equal(linked)
  })
})
