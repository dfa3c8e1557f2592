import {expect} from 'chai'
import {advisedLines, documentedLines, loneLines, type ShownLine} from '../../support/advised-lines.js'
import {findTests, readAdviceTests} from '../../support/advice-tests.js'
import {problemOf} from '../../support/line-check.js'

/** How a command line of keg, or of a program that it works with, begins. */
const LINE =
  /\bkeg (?:config|docker|doctor|plugins|sync|tap) [a-z]|\bdocker (?:buildx|compose|context|exec|image|images|info|login|logs|network|ps|push|rename|restart|rm|run|start|stop|system|tag|unpause|version)\b|\bmutagen (?:sync|daemon)\b|\bgit status\b/

/** Sources that mention commands in descriptions and errors, but advise none. */
const SPEAKS_ONLY = [
  /^src\/commands\//,
  /^src\/lib\/config\/schema\//,
  /^src\/lib\/tap\/compose\/compose-support\.ts/,
  /^src\/lib\/tap\/new\/template\//,
  /^src\/lib\/doctor\/(?:advisories|programs)\.ts/,
  /^src\/lib\/reference\//,
]
const SPOKEN_OF =
  /docker compose (?:config\.|created no|… failed)|docker context(?! ls)|docker run[:… ]|service docker start|^\/\/ Made by keg tap link/

const problemsOf = (lines: readonly (ShownLine & {readonly isWhole?: boolean})[]): string[] => {
  const checked = lines.filter(({text}) => /^(?:docker|keg|mutagen) /.test(text))
  return checked.flatMap(({isWhole, place, text}) => {
    const problem = problemOf(text, isWhole)
    return problem === undefined ? [] : [`${place}: ${text}: ${problem}`]
  })
}

describe('every command line shown', function () {
  // All sources are parsed, and docker and mutagen are asked about each of their commands.
  this.timeout(120_000)

  let advised: readonly ShownLine[]

  before(() => {
    advised = advisedLines()
  })

  it('is valid for its program, in advice', () => {
    expect(problemsOf(advised)).to.deep.equal([])
    expect(advised.length).to.be.greaterThan(150)
  })

  it('is valid for its program, in the documentation', () => {
    const documented = documentedLines()
    expect(problemsOf(documented)).to.deep.equal([])
    expect(documented.length).to.be.greaterThan(150)
  })

  it('is made by commandLine, which quotes it and names the engine', () => {
    const others = loneLines(LINE).filter(
      ({place, text}) => !SPEAKS_ONLY.some((file) => file.test(place)) && !SPOKEN_OF.test(text),
    )
    expect(others.map(({place, text}) => `${place}: ${text}`)).to.deep.equal([])
  })

  it('is run by a test', () => {
    const run = readAdviceTests()
    expect(Object.keys(run).sort()).to.deep.equal([...new Set(advised.map(({text}) => text))].sort())
    for (const [line, tests] of Object.entries(run)) {
      expect(tests, line).not.to.have.length(0)
      for (const {file, title} of tests) {
        const test = findTests(file).find((each) => each.title.startsWith(title))
        expect(test, `${line}: ${file} has "${title}"`).not.to.equal(undefined)
        expect(test?.runsAdvice, `${line}: ${file}, "${title}" runs advice`).to.equal(true)
      }
    }
  })

  it('is found to be wrong if it is', () => {
    const wrong = [
      'keg tap stat',
      'keg tap start shop other',
      'keg tap start --frm x',
      'keg sync resolve a --keep both',
      'keg sync status --host a --context b',
      'docker logs',
      'docker rename a',
      'docker rm --forced a',
      'docker imagine ls',
      'mutagen sync status shop',
      'mutagen sync list --lang',
    ]
    for (const line of wrong) expect(problemOf(line), line).to.be.a('string')
  })
})
