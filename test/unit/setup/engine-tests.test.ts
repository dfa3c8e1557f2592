import {readdir, readFile} from 'node:fs/promises'
import {join, relative} from 'node:path'
import {expect} from 'chai'
import {once, runsWithTheLast} from '../../../scripts/test/engine-tests.js'

const repository = join(import.meta.dirname, '../../..')

describe('engine tests that run with one engine', () => {
  let files: string[]
  before(async () => {
    const found = await readdir(join(repository, 'test/engine'), {recursive: true, withFileTypes: true})
    files = found
      .filter((each) => each.isFile() && each.name.endsWith('.test.ts'))
      .map((each) => relative(repository, join(each.parentPath, each.name)))
  })

  it('are there, wherever one is named', () => {
    for (const pattern of [...once.first, ...once.last].filter((each) => !each.includes('!('))) {
      const start = pattern.replace(/\*\*$/, '')
      expect(
        files.some((file) => file.startsWith(start)),
        pattern,
      ).to.equal(true)
    }
  })

  it('bear no tag that would keep them from the one they run with', async () => {
    const ofTheLast = files.filter(runsWithTheLast)
    expect(ofTheLast).to.include('test/engine/tap/side-by-side.test.ts')
    for (const file of ofTheLast) expect(await readFile(join(repository, file), 'utf8'), file).not.to.include(once.tag)
  })
})
