import {expect} from 'chai'
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {examplesOf, pages, repository, type Example} from '../../support/pages.js'

/** The pages for users. Those for people who work on keg are elsewhere. */
const FOR_USERS = /^(?:README\.md|docs\/[\w-]+\.md|src\/commands\/\w+\/README\.md|examples\/.*)$/

/** Examples that other tests run: how they begin, the test, and words in it. */
const ELSEWHERE: readonly (readonly [page: string, beginning: string, file: string, words: string])[] = [
  ['README.md', 'npm run demo', 'scripts/test.js', 'npm test'],
  ['README.md', 'keg tap link ~/code/shop', 'test/engine/docs/taps.test.ts', 'from the link to the first package'],
  ['README.md', 'npm install --global', 'test/e2e/installed-program.test.ts', "['plugins', 'install', '@keg/sync']"],
  [
    'docs/connections.md',
    'keg docker package',
    'test/engine/connection/ssh.test.ts',
    'runs the package through a context',
  ],
  ['docs/connections.md', 'ssh ada@', 'test/engine/connection/ssh.test.ts', "with ssh's message"],
  [
    'docs/json.md',
    '{\n  "container"',
    'test/unit/command/answers.test.ts',
    `['docker:package:run', '{\\n  "container"']`,
  ],
  ['docs/json.md', '{\n  "error"', 'test/unit/command/answers.test.ts', `['error', '{\\n  "error"']`],
  ['docs/commands.md', 'keg doctor', 'test/engine/doctor/doctor.test.ts', "['doctor'"],
  [
    'docs/interruptions.md',
    '$ keg docker package',
    'test/engine/interruption/unfinished-uploads.test.ts',
    'by Ctrl-C goes on where it was',
  ],
  ['docs/performance.md', 'npm run bench', 'test/unit/bench/performance-page.test.ts', "'npm run bench'"],
  ['docs/doctor.md', 'keg doctor --fix', 'test/engine/doctor/fix.test.ts', "'--fix'"],
  ['docs/doctor.md', 'ok ', 'test/unit/doctor/doctor-text.test.ts', 'is one line for each check'],
  ['examples/guestbook/README.md', 'page/', 'test/engine/tap/example.test.ts', 'page/style.css'],
  ['examples/guestbook/README.md', 'keg tap link', 'test/engine/tap/example.test.ts', "['tap', 'link', tap.folder"],
  ['examples/guestbook/README.md', 'docker build', 'scripts/demo.js', "'docker', ['build', '--quiet', ...dockerfile"],
]

/** The string literals of a test: among them a page's path and how its examples begin. */
function literalsIn(file: string): string[] {
  const text = readFileSync(join(repository, file), 'utf8')
  return [...text.matchAll(/(['"`])((?:\\.|(?!\1).)*)\1/g)].map(([, , literal = '']) => literal.replaceAll('\\n', '\n'))
}

describe('the examples of the documentation', () => {
  const examples = pages()
    .filter((page) => FOR_USERS.test(page))
    .flatMap(examplesOf)
  const folder = 'test/engine/docs'
  const tests = readdirSync(join(repository, folder))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => literalsIn(`${folder}/${file}`))
  const isFollowed = ({page, text}: Example): boolean =>
    tests.some(
      (literals) =>
        literals.includes(page) && literals.some((each) => each.length >= 4 && each !== page && text.startsWith(each)),
    )
  const isElsewhere = ({page, text}: Example): boolean =>
    ELSEWHERE.some(([ofPage, beginning]) => page === ofPage && text.startsWith(beginning))

  it('are all run', () => {
    expect(examples.length).to.be.greaterThan(40)
    const untested = examples.filter((example) => !isFollowed(example) && !isElsewhere(example))
    expect(untested.map(({page, text}) => `${page}: ${text.split('\n')[0] ?? ''}`)).to.deep.equal([])
  })

  it('are run by the named test, if not by those of the pages', () => {
    for (const [page, beginning, file, words] of ELSEWHERE) {
      const found = examples.filter((each) => each.page === page && each.text.startsWith(beginning))
      expect(found, `${page}: ${beginning}`).to.have.length(1)
      expect(found.some(isFollowed), `${page}: ${beginning} is run twice`).to.equal(false)
      expect(readFileSync(join(repository, file), 'utf8'), file).to.include(words)
    }
  })
})
