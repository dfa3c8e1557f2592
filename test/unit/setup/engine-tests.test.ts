import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect} from 'chai'

const folder = join(import.meta.dirname, '../../engine')

/** The image stores that a title can name: scripts/test.js runs such a test only there. */
const ONE_STORE = ['@classic', '@containerd']

/** A title in the source, and its indentation. */
const TITLE = /^( *)(?:describe|it)\(\s*(['"`])(.*?)\2, /gm

describe('image stores of an engine test', () => {
  let files: Map<string, {depth: number; tags: string[]; title: string}[]>
  before(async () => {
    const names = (await readdir(folder, {recursive: true})).filter((name) => name.endsWith('.test.ts'))
    files = new Map(
      await Promise.all(
        names.sort().map(async (name) => {
          const titles = [...(await readFile(join(folder, name), 'utf8')).matchAll(TITLE)]
          const tagged = titles.map(([, spaces = '', , title = '']) => ({
            depth: spaces.length,
            // `@keg/docker` in a title is not a tag.
            tags: title.match(/(?<= )@[a-z-]+(?=$| )/g) ?? [],
            title,
          }))
          return [name, tagged] as const
        }),
      ),
    )
  })

  it('are tagged at the top of each file', () => {
    expect(files.size).to.be.greaterThan(50)
    for (const [name, titles] of files) {
      const top = titles.filter(({depth}) => depth === 0)
      expect(top, name).to.not.be.empty
      for (const {tags, title} of top)
        expect([...ONE_STORE, '@each-store'], `${name}: ${title}`).to.include(tags.join(' '))
    }
  })

  it('are tagged below only for single tests in a file for each store', () => {
    for (const [name, titles] of files) {
      let isOnEach = false
      for (const {depth, tags, title} of titles) {
        if (depth === 0) isOnEach = tags.includes('@each-store')
        else if (tags.length > 0) {
          expect(isOnEach, `${name}: ${title}`).to.equal(true)
          expect(ONE_STORE, `${name}: ${title}`).to.include(tags.join(' '))
        }
      }
    }
  })
})
