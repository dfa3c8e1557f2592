import {expect} from 'chai'
import {mkdtemp, mkdir, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {ContainerRow} from '../../../../src/lib/engine/types.js'
import {suggestTarget} from '../../../../src/lib/container/target/suggest-target.js'

describe('the container that was meant', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-target-'))
    await mkdir(join(folder, 'keg'))
    await writeFile(join(folder, 'keg/config.yml'), 'version: 1\ntaps:\n  storefront:\n    path: /srv/storefront\n')
  })
  after(() => rm(folder, {force: true, recursive: true}))

  const row = (name: string, labels: Record<string, string> = {}): ContainerRow => ({
    Id: name,
    Names: [`/${name}`],
    Image: 'x',
    ImageID: 'x',
    Created: 0,
    State: 'exited',
    Labels: labels,
  })
  const service = (name: string, project: string): Record<string, string> => ({
    'com.docker.compose.service': name,
    'com.docker.compose.project.working_dir': project,
  })

  const table: readonly [written: string, question: string][] = [
    ['shop-dv', 'Did you mean shop-dev? '],
    ['storefrnot', 'Did you mean storefront? '],
    ['worekr', 'Did you mean worker? '],
    ['elsewehre', ''],
    ['nothing', ''],
  ]
  for (const [written, question] of table)
    it(`is ${question === '' ? 'none' : question.slice(13, -2)} for ${written}`, async () => {
      const rows = [
        row('shop-dev'),
        row('p-1', service('worker', '/home/me/shop')),
        row('q-1', service('elsewhere', '/srv')),
      ]
      const suggested = suggestTarget(written, {
        environment: {XDG_CONFIG_HOME: folder},
        folders: ['/home/me/shop'],
        rows,
      })
      expect(await suggested).to.equal(question)
    })
})
