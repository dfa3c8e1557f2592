import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {expect} from 'chai'

import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import type {SavedImage} from '../../support/layers.js'
import {imageLayers} from '../../support/layers.js'
import {
  expectSameContainer,
  expectSameFiles,
  inContainer,
  labelsOf,
  packageOf,
  pathsBelow,
  waitingContainer,
} from './packaging.js'

function diffIds({layers}: SavedImage): string[] {
  return layers.map(({diffId}) => diffId)
}

/** How many layers have an entry below a folder. */
function layersWith({layers}: SavedImage, folder: string): number {
  return layers.filter(({entries}) => entries.some(({path}) => path.startsWith(`${folder}/`))).length
}

describe('keg docker package: a package packaged again @each-store', function () {
  this.timeout(120_000)
  let sandbox: Sandbox

  beforeEach(() => {
    sandbox = new Sandbox()
  })

  afterEach(() => sandbox.clean())

  it('has the layer of a mount once, generation after generation', async () => {
    const image = await sandbox.imageFromFiles(
      uniqueName('generations'),
      [
        {path: '/srv', type: 'directory', mode: 0o711, uid: 8},
        {path: '/srv/data/of the image', content: 'of the image'},
      ],
      {from: baseImage, instructions: ['VOLUME /srv/data']},
    )
    const base = await imageLayers(image)
    const random = 'head -c 3000000 /dev/urandom >'
    const first = await waitingContainer(
      sandbox,
      [image],
      `cd /srv/data; rm 'of the image'; echo 1 > first; ln first linked; ${random} random; echo 1 > /own-1`,
    )
    const one = await packageOf(sandbox, first)
    await expectSameFiles(first, one.reference)

    const second = await waitingContainer(
      sandbox,
      [one.reference],
      `cd /srv/data; test -e first; test ! -e 'of the image'; rm first; echo 2 > second; ${random} random; echo 2 > /own-2`,
    )
    const two = await packageOf(sandbox, second)
    await expectSameFiles(second, two.reference)

    const third = await waitingContainer(
      sandbox,
      [two.reference],
      `cd /srv/data; rm linked; mkdir third; echo 3 > third/file; ${random} random`,
    )
    const three = await packageOf(sandbox, third)
    const files = await expectSameFiles(third, three.reference)
    await expectSameContainer(third, three.reference)
    expect(pathsBelow(files, '/srv/data')).to.deep.equal(
      ['random', 'second', 'third', 'third/file'].map((name) => `/srv/data/${name}`),
    )

    const saved = await Promise.all([one, two, three].map(({reference}) => imageLayers(reference)))
    // The image's own files are below the mount too: one layer of the image, and one of keg.
    expect(saved.map((each) => layersWith(each, '/srv/data'))).to.deep.equal([2, 2, 2])
    // The third has no changes in its writable layer.
    const expected = [base.layers.length + 2, base.layers.length + 3, base.layers.length + 3]
    expect(saved.map(({layers}) => layers.length)).to.deep.equal(expected)
    expect([one, two, three].map(({layers}) => layers)).to.deep.equal(expected)
    for (const each of saved)
      expect(diffIds(each).slice(0, base.layers.length), 'the layers of the image').to.deep.equal(diffIds(base))
  })

  it('has mounts whose places change, each with its last content @containerd', async () => {
    const [inner, outer] = [await sandbox.volume('inner'), await sandbox.volume('outer')]
    const first = await waitingContainer(
      sandbox,
      ['-v', `${inner}:/srv/app/data`, '-v', '/other', baseImage],
      'echo 1 > /srv/app/data/first; echo 1 > /other/first',
    )
    const one = await packageOf(sandbox, first)
    // A volume over the place of the first and more, and one at a place that had none before.
    const second = await waitingContainer(
      sandbox,
      ['--mount', `type=volume,source=${outer},target=/srv/app,volume-nocopy`, '-v', '/third', one.reference],
      'echo 2 > /srv/app/second; echo 2 > /third/second; echo 2 >> /other/first',
    )
    const two = await packageOf(sandbox, second)
    const files = await expectSameFiles(second, two.reference)
    expect(pathsBelow(files, '/srv/app')).to.deep.equal(['/srv/app/second'])
    expect(pathsBelow(files, '/other')).to.deep.equal(['/other/first'])
    const saved = await imageLayers(two.reference)
    expect(layersWith(saved, '/srv/app/data'), 'layers of the mount that is hidden now').to.equal(0)
  })

  it('keeps the content of a bind that is no longer mounted @classic', async () => {
    const folder = await sandbox.temporaryFolder()
    await mkdir(join(folder, 'sub'))
    for (const name of ['changed', 'deleted', 'kept', 'sub/kept']) await writeFile(join(folder, name), `bound ${name}`)
    const first = await sandbox.run(['-v', `${folder}:/work`, baseImage, 'sleep', '3600'])
    const one = await packageOf(sandbox, first)
    const second = await waitingContainer(
      sandbox,
      [one.reference],
      'echo 2 > /work/changed; rm /work/deleted; echo 2 > /work/sub/new',
    )
    const two = await packageOf(sandbox, second)
    const files = await expectSameFiles(second, two.reference)
    expect(pathsBelow(files, '/work')).to.deep.equal([
      ...['/work/changed', '/work/kept', '/work/sub', '/work/sub/kept', '/work/sub/new'],
    ])
    const [before, after] = [await imageLayers(one.reference), await imageLayers(two.reference)]
    expect(diffIds(after).slice(0, -1), 'the layers of the first package').to.deep.equal(diffIds(before))
  })

  it("loses no layer of the image to a label that calls it a mount's", async () => {
    const lower = [
      {path: '/data/of the image', content: 'of the image'},
      {path: '/precious/of the image', content: 'of the image'},
    ]
    const plain = await sandbox.imageFromFiles(uniqueName('plain'), lower, {from: baseImage})
    const layers = diffIds(await imageLayers(plain))
    const mounts = layers.flatMap((layer) =>
      ['/data', '/data/', '//data', '/./data', '/data/sub', '/precious', '//', '/.'].map((path) => ({
        path,
        type: 'volume',
        layer,
      })),
    )
    const labels = {
      'com.keg.role': 'package',
      'com.keg.package.schema': '1',
      'com.keg.package.mounts': JSON.stringify(mounts),
    }
    const hostile = await sandbox.imageFromFiles(uniqueName('hostile'), [{path: '/upper', content: 'upper'}], {
      from: plain,
      instructions: Object.entries(labels).map(([name, value]) => `LABEL ${name}='${value}'`),
    })
    expect((await labelsOf(hostile))['com.keg.package.mounts']).to.equal(labels['com.keg.package.mounts'])
    const container = await waitingContainer(sandbox, ['-v', '/data', hostile], 'echo new > /data/new')
    const {reference} = await packageOf(sandbox, container)
    const files = await expectSameFiles(container, reference)
    expect([...files.keys()]).to.include.members(['/precious/of the image', '/upper', '/bin/busybox', '/data/new'])
    expect(diffIds(await imageLayers(reference)).slice(0, layers.length)).to.deep.equal(layers)
  })

  it('ignores labels that are no list of mounts @classic', async () => {
    for (const value of ['{', '[null, {"path":"/data"}]']) {
      const image = uniqueName('nonsense')
      await sandbox.imageFromFiles(image, [{path: '/data/file', content: value}], {
        from: baseImage,
        instructions: ['LABEL com.keg.package.schema=1', `LABEL com.keg.package.mounts='${value}'`],
      })
      const container = await sandbox.create(['-v', '/data', image, 'sh'])
      await expectSameFiles(container, (await packageOf(sandbox, container)).reference)
    }
  })

  it('has labels of its own run only @classic', async () => {
    const first = await waitingContainer(sandbox, ['-v', '/data', baseImage], 'echo 1 > /data/first')
    const one = await packageOf(sandbox, first, ['-m', 'The first', '-a', 'Ada', '--branch', 'one'])
    const second = await sandbox.run([one.reference, 'sleep', '3600'])
    await inContainer(second, 'rm /data/first')
    const two = await packageOf(sandbox, second)
    const labels = await labelsOf(two.reference)
    expect(labels['com.keg.package.message']).to.equal(undefined)
    expect(labels['com.keg.package.branch']).to.equal(undefined)
    expect(labels['com.keg.run']).to.not.equal((await labelsOf(one.reference))['com.keg.run'])
    expect(labels['org.opencontainers.image.base.name']).to.equal(one.reference)
    expect(await docker(['image', 'inspect', '--format', '{{.Config.Volumes}}', two.reference])).to.equal('map[]')
  })
})
