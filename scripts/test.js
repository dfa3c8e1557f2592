/**
 * `npm test [-- STEP...]`: sets up what is missing, then runs the steps in their order and stops at the first that fails.
 * Nothing need be installed before it. What the tests are given is told in setup/test-bed.js.
 */
import {readFile, rm} from 'node:fs/promises'
import {join} from 'node:path'
import {compile, installDependencies, repository} from './setup/dependencies.js'
import {isolatedEnvironment} from './setup/environment.js'
import {whyNoOwnEngine} from './setup/own-engine.js'
import {inSession} from './setup/session.js'
import {SetupError} from './setup/setup-error.js'
import {imageStoreOf, prepareOwnTestBed, prepareTestBed} from './setup/test-bed.js'
import {once, waiting} from './test/engine-tests.js'

/** @typedef {import('./setup/own-engine.js').EngineKind} EngineKind */

/**
 * @typedef {object} Step
 * @property {string} name as one types it
 * @property {string} [suite] the folder below test/ of the tests that the step is, and another name to type; default: its name
 * @property {string} title
 * @property {string[][]} [programs] scripts for node with their arguments instead of tests
 * @property {EngineKind} [store] runs on an engine that stores images this way: the machine's, or else one of its own
 * @property {boolean} [beside] at the same time as the step before it
 * @property {string[]} [apart] patterns of tests that run in a process of their own, at the same time as the rest of the step
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
    beside: true,
    programs: [
      ['node_modules/eslint/bin/eslint.js', '.'],
      ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
    ],
  },
  {name: 'generated', title: 'Generated files', needs: 'compiled', programs: [['scripts/generate.js', '--check']]},
  {name: 'unit', title: 'Unit tests', needs: 'compiled'},
  {
    name: 'engine-classic',
    suite: 'engine',
    title: 'Engine tests on the classic image store',
    needs: 'engine',
    store: 'classic',
    apart: waiting,
  },
  {
    name: 'engine-containerd',
    suite: 'engine',
    title: 'Engine tests on the containerd image store',
    needs: 'engine',
    store: 'containerd',
    apart: waiting,
    beside: true,
  },
  {name: 'e2e', title: 'End-to-end tests', needs: 'engine'},
]

const counts = {passed: 0, failed: 0}

await inSession(async (session) => {
  const names = process.argv.slice(2)
  const chosen = chooseSteps(names)
  heading('Set-up')
  await installDependencies(session)
  if (chosen.some((step) => step.needs !== 'source')) await compile(session)
  const {environment, stores, untested} = await prepareEnvironments(session, chosen, names)
  const folder = await session.temporaryFolder('keg-test')

  for (const stage of stagesOf(chosen)) {
    const runs = stage.flatMap((step) => {
      const env = step.store === undefined ? environment : stores[step.store]
      return env === undefined ? [] : [{step, env, counts: join(folder, step.name)}]
    })
    // One is seen as it runs, the others when they have ended.
    const ended = runs.map((run, index) => {
      const left = [
        ...(index > 0 ? [...once.first.flatMap(ignored), '--grep', once.tag, '--invert'] : []),
        ...(index < runs.length - 1 ? once.last.flatMap(ignored) : []),
      ]
      return runStep(session, {...run, left}, index === 0 ? 'show' : 'capture')
    })
    const codes = await Promise.all(
      ended.map(async (end, index) => {
        const {code, output} = await end
        if (index === 0) return code
        await ended[0]
        heading(runs[index]?.step.title ?? '')
        process.stdout.write(output)
        return code
      }),
    )
    const failed = codes.findIndex((code) => code !== 0)
    if (failed < 0) continue
    const title = runs[failed]?.step.title ?? ''
    session.tell(`\n${title}: failed (exit ${codes[failed]}); what comes after it was not run.`)
    return codes[failed]
  }
  if (untested !== undefined) session.tell(`\n${untested}`)
  return 0
})
if (process.exitCode !== 0 && counts.failed === 0) counts.failed = 1
console.log(`\n${counts.passed} passed, ${counts.failed} failed`)

/**
 * @param {readonly Step[]} chosen
 * @returns {Step[][]} in their order, those together that run at the same time
 */
function stagesOf(chosen) {
  /** @type {Step[][]} */
  const stages = []
  for (const step of chosen) {
    const stage = stages.at(-1)
    if (step.beside && stage !== undefined) stage.push(step)
    else stages.push([step])
  }
  return stages
}

/**
 * @param {import('./setup/session.js').Session} session
 * @param {{step: Step, env: NodeJS.ProcessEnv, left: string[], counts: string}} run `left` to another run: options of mocha
 * @param {'show' | 'capture'} output
 * @returns {Promise<{code: number, output: string}>}
 */
async function runStep(session, {step, env, left, counts: countsFile}, output) {
  if (output === 'show') heading(step.title)
  const parts = []
  // Those in a list run at the same time.
  for (const programs of step.programs?.map((program) => [program]) ?? [mocha(step, countsFile, left)]) {
    const ended = await Promise.all(
      programs.map((program, index) =>
        session.run(process.execPath, program, {
          cwd: repository,
          env,
          output: index === 0 ? output : 'capture',
          mayFail: true,
        }),
      ),
    )
    const said = ended.map(({stderr, stdout}) => stdout + stderr).join('')
    if (output === 'show') process.stdout.write(said)
    parts.push(said)
    for (const [index, {code}] of ended.entries()) {
      const counted = await takeCounts(`${countsFile}-${index}`)
      counts.passed += counted.passed
      // What fails without a count is one failure: the last line never says 0 where something went wrong.
      counts.failed += counted.failed === 0 && code !== 0 ? 1 : counted.failed
    }
    const code = ended.find((each) => each.code !== 0)?.code ?? 0
    if (code !== 0) return {code, output: parts.join('')}
  }
  return {code: 0, output: parts.join('')}
}

/**
 * @param {readonly string[]} names none: all
 * @returns {Step[]} in the order in which they run
 */
function chooseSteps(names) {
  const namesOf = (/** @type {Step} */ {name, suite = name}) => [suite, name]
  const known = [...new Set(steps.flatMap(namesOf))]
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    const list = known.join(', ')
    throw new SetupError(`There is no step ${unknown.join(', ')}: name some of ${list}, or none to run all.`, 2)
  }
  return steps.filter((step) => names.length === 0 || namesOf(step).some((name) => names.includes(name)))
}

/**
 * What the steps run with. The engine of one image store is the machine's; that of the other is brought up beside it.
 *
 * @param {import('./setup/session.js').Session} session
 * @param {readonly Step[]} chosen
 * @param {readonly string[]} names as they were typed
 * @returns {Promise<{environment: NodeJS.ProcessEnv, stores: Partial<Record<EngineKind, NodeJS.ProcessEnv>>,
 *   untested?: string}>} `environment` leads to the machine's engine; `untested` tells of an image store that no engine here has
 */
async function prepareEnvironments(session, chosen, names) {
  if (!chosen.some((step) => step.needs === 'engine'))
    return {environment: await isolatedEnvironment(await session.temporaryFolder('keg-home')), stores: {}}
  const environment = await prepareTestBed(session)
  const store = await imageStoreOf(environment)
  const other = store === 'classic' ? 'containerd' : 'classic'
  const step = chosen.find((it) => it.store === other)
  if (step === undefined) return {environment, stores: {[store]: environment}}
  const reason = await whyNoOwnEngine(other)
  if (reason === undefined) {
    const own = await prepareOwnTestBed(session, environment, other)
    return {environment, stores: {[store]: environment, [other]: own}}
  }
  // Who names the step wants to see it run.
  if (names.includes(step.name)) throw new SetupError(reason)
  const untested = `Only the ${store} image store is tested here, not the ${other} one. ${reason}`
  session.tell(untested)
  return {environment, stores: {[store]: environment}, untested}
}

/**
 * @param {Step} step
 * @param {string} countsFile
 * @param {readonly string[]} left options of mocha for what does not run
 * @returns {string[][]} each counts into a file of its own
 */
function mocha({name, suite = name, apart = []}, countsFile, left) {
  const rest = [...apart.flatMap(ignored), `test/${suite}/**/*.test.ts`]
  return [rest, ...(apart.length > 0 ? [apart] : [])].map((tests, index) => [
    'node_modules/mocha/bin/mocha.js',
    ...['--reporter', join(import.meta.dirname, 'test/counting-reporter.js')],
    ...['--reporter-option', `counts=${countsFile}-${index}`],
    ...[...left, ...tests],
  ])
}

/** @param {string} pattern of files */
function ignored(pattern) {
  return ['--ignore', pattern]
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
