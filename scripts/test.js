/**
 * `npm test [-- STEP...]`: sets up what is missing, then runs the steps in their order and stops at the first that fails.
 * Nothing need be installed before it. What the tests are given is told in setup/test-bed.js.
 */
import {readFile, rm} from 'node:fs/promises'
import {join} from 'node:path'
import {compile, installDependencies, repository} from './setup/dependencies.js'
import {isolatedEnvironment} from './setup/environment.js'
import {inSession} from './setup/session.js'
import {SetupError} from './setup/setup-error.js'
import {prepareTestBed} from './setup/test-bed.js'

/**
 * @typedef {object} Step
 * @property {string} name as one types it
 * @property {string} title
 * @property {string[][]} [programs] scripts for node with their arguments; without them the step is the tests in test/NAME
 * @property {'source' | 'compiled' | 'engine'} needs how much of the set-up it needs; each includes the ones before
 */

/** @type {Step[]} */
const steps = [
  {
    name: 'types',
    title: 'Types',
    needs: 'source',
    programs: [['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']],
  },
  {
    name: 'lint',
    title: 'Lint',
    needs: 'source',
    programs: [
      ['node_modules/eslint/bin/eslint.js', '.'],
      ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
    ],
  },
  {name: 'generated', title: 'Generated files', needs: 'compiled', programs: [['scripts/generate.js', '--check']]},
  {name: 'unit', title: 'Unit tests', needs: 'compiled'},
  {name: 'engine', title: 'Engine tests', needs: 'engine'},
  {name: 'e2e', title: 'End-to-end tests', needs: 'engine'},
]

const counts = {passed: 0, failed: 0}

await inSession(async (session) => {
  const chosen = chooseSteps(process.argv.slice(2))
  heading('Set-up')
  await installDependencies(session)
  if (chosen.some((step) => step.needs !== 'source')) await compile(session)
  const environment = chosen.some((step) => step.needs === 'engine')
    ? await prepareTestBed(session)
    : await isolatedEnvironment(await session.temporaryFolder('keg-home'))
  const countsFile = join(await session.temporaryFolder('keg-test'), 'counts.json')

  for (const step of chosen) {
    heading(step.title)
    for (const program of step.programs ?? [mocha(step.name, countsFile)]) {
      const options = {cwd: repository, env: environment, output: /** @type {const} */ ('show'), mayFail: true}
      const {code} = await session.run(process.execPath, program, options)
      const counted = await takeCounts(countsFile)
      counts.passed += counted.passed
      // What fails without a count is one failure: the last line never says 0 where something went wrong.
      counts.failed += counted.failed === 0 && code !== 0 ? 1 : counted.failed
      if (code === 0) continue
      session.tell(`\n${step.title}: failed (exit ${code}); what comes after it was not run.`)
      return code
    }
  }
  return 0
})
if (process.exitCode !== 0 && counts.failed === 0) counts.failed = 1
console.log(`\n${counts.passed} passed, ${counts.failed} failed`)

/**
 * @param {readonly string[]} names none: all
 * @returns {Step[]} in the order in which they run
 */
function chooseSteps(names) {
  const unknown = names.filter((name) => !steps.some((step) => step.name === name))
  if (unknown.length > 0) {
    const known = steps.map((step) => step.name).join(', ')
    throw new SetupError(`There is no step ${unknown.join(', ')}: name some of ${known}, or none to run all.`, 2)
  }
  return steps.filter((step) => names.length === 0 || names.includes(step.name))
}

/**
 * @param {string} suite folder below test/
 * @param {string} countsFile
 * @returns {string[]}
 */
function mocha(suite, countsFile) {
  const reporter = join(import.meta.dirname, 'test/counting-reporter.js')
  const program = 'node_modules/mocha/bin/mocha.js'
  return [program, '--reporter', reporter, '--reporter-option', `counts=${countsFile}`, `test/${suite}/**/*.test.ts`]
}

/**
 * @param {string} countsFile
 * @returns {Promise<{passed: number, failed: number}>} zeros when the step counted nothing
 */
async function takeCounts(countsFile) {
  const text = await readFile(countsFile, 'utf8').catch(() => undefined)
  await rm(countsFile, {force: true})
  /** @type {unknown} */
  const counted = text === undefined ? {passed: 0, failed: 0} : JSON.parse(text)
  return /** @type {{passed: number, failed: number}} */ (counted)
}

/** @param {string} title */
function heading(title) {
  console.log(`\n=== ${title} ===`)
}
