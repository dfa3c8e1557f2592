import {expect} from 'chai'
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {dirname, join, normalize} from 'node:path'
import {pages, readPage, repository} from '../../support/pages.js'

interface Link {
  readonly page: string
  /** The page or file it points to, from the top of the repository. */
  readonly target: string
  readonly anchor: string | undefined
}

/** The links of a page to another file of the repository, or to a heading. */
function linksOf(page: string): Link[] {
  const text = readFileSync(join(repository, page), 'utf8').replace(/^```.*?^```$/gms, '')
  return [...text.matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].map(([, path = '', anchor]) => ({
    page,
    target: path === '' ? page : normalize(join(dirname(page), path)),
    anchor,
  }))
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const headings = readFileSync(join(repository, page), 'utf8').matchAll(/^#+ (.+)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe('links between pages', () => {
  const links = pages().flatMap(linksOf)

  it('point to an existing file', () => {
    expect(links.length).to.be.greaterThan(100)
    const broken = links.filter(({target}) => !existsSync(join(repository, target)))
    expect(broken.map(({page, target}) => `${page}: ${target}`)).to.deep.equal([])
  })

  it('point to an existing heading', () => {
    const broken = links.filter(
      ({anchor, target}) => anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor),
    )
    expect(broken.map(({anchor, page, target}) => `${page}: ${target}#${anchor ?? ''}`)).to.deep.equal([])
  })

  it('and file paths in backticks point to existing files', () => {
    const named = pages().flatMap((page) =>
      [
        ...readPage(page).matchAll(
          /`((?:bench|bin|docs|examples|scripts|src\/(?:commands|hooks|lib)|test)\/[\w./-]*\w)`/g,
        ),
      ].map(([, path = '']) => ({
        page,
        path,
      })),
    )
    expect(named.length).to.be.greaterThan(20)
    const missing = named.filter(({path}) => !existsSync(join(repository, path)))
    expect(missing.map(({page, path}) => `${page}: ${path}`)).to.deep.equal([])
  })

  it('point from the README to each page of docs/, and from the list of decisions to each decision', () => {
    const linked = (page: string): string[] => links.filter((link) => link.page === page).map(({target}) => target)
    const inFolder = (folder: string): string[] =>
      readdirSync(join(repository, folder))
        .filter((file) => file.endsWith('.md') && file !== 'README.md')
        .map((file) => `${folder}/${file}`)
    expect(linked('README.md')).to.include.members(inFolder('docs'))
    expect(linked('docs/decisions/README.md')).to.have.members(inFolder('docs/decisions'))
  })
})
