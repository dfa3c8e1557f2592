/**
 * `npm test [-- STEP...]`: sets up what is missing, then runs the steps in order and stops at the first failure. It installs
 * what it needs. setup/test-bed.js describes the environment of the tests.
 */
import {readdir, readFile, rm, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {bundle, installDependencies, repository} from './setup/dependencies.js'
import {isolatedEnvironment} from './setup/environment.js'
import {ownEngineObstacle} from './setup/own-engine.js'
import {inSession} from './setup/session.js'
import {SetupError} from './setup/setup-error.js'
import {imageStoreOf, prepareOwnTestBed, prepareTestBed} from './setup/test-bed.js'

/** @typedef {import('./setup/own-engine.js').EngineKind} EngineKind */

/**
 * @typedef {object} Step
 * @property {string} name as typed
 * @property {string} [suite] the folder of its tests below test/, and another name to type; default: its name
 * @property {string} title
 * @property {string[][]} [programs] scripts for node with their arguments instead of tests
 * @property {EngineKind} [store] runs on an engine with this image store: the machine's, or else a separate one
 * @property {number} [jobs] how many processes run its tests; default: 2
 * @property {boolean} [parallel] at the same time as the step before it
 * @property {'source' | 'bundled' | 'engine'} needs how much of the set-up it needs; each includes the ones before
 */

/** @type {Step[]} */
const steps = [
  {name: 'generated', title: 'Generated files', needs: 'bundled', programs: [['scripts/generate.js', '--check']]},
  // They wait for processes and timers more than they compute.
  {name: 'unit', title: 'Unit tests', needs: 'bundled', jobs: 4},
  {
    name: 'types',
    title: 'Types',
    needs: 'source',
    parallel: true,
    // That of package.json is the newest that the generators support; this one takes a fifth of its time.
    programs: [['node_modules/typescript-7/bin/tsc', '-p', 'tsconfig.json']],
  },
  {
    name: 'lint',
    title: 'Lint',
    needs: 'source',
    parallel: true,
    programs: [['node_modules/oxlint/bin/oxlint'], ['node_modules/oxfmt/bin/oxfmt', '--check']],
  },
  {
    name: 'floors',
    title: 'Floors: who imports whom',
    needs: 'source',
    parallel: true,
    programs: [['scripts/floors.js']],
  },
  {
    name: 'engine-classic',
    suite: 'engine',
    title: 'Engine tests on the classic image store',
    needs: 'engine',
    store: 'classic',
  },
  {
    name: 'engine-containerd',
    suite: 'engine',
    title: 'Engine tests on the containerd image store',
    needs: 'engine',
    store: 'containerd',
    parallel: true,
  },
  {name: 'e2e', title: 'End-to-end tests', needs: 'engine', parallel: true},
]

/** @typedef {{title: string, error: string}} Failure of a test */

/** @type {{passed: number, failed: number, failures: Failure[]}} */
const counts = {passed: 0, failed: 0, failures: []}

// For engines and docker's clients, programs in Go that run for milliseconds: each begins with collections of garbage that are
// not worth their time (https://pkg.go.dev/runtime#hdr-Environment_Variables).
process.env.GOGC ??= '400'

await inSession(async (session) => {
  const names = process.argv.slice(2)
  const chosen = chooseSteps(names)
  heading('Set-up')
  await installDependencies(session)
  if (chosen.some((step) => step.needs !== 'source')) await bundle(session)
  const {environment, stores, untested} = await prepareEnvironments(session, chosen, names)
  const folder = await session.temporaryFolder('keg-test')

  for (const stage of stagesOf(chosen)) {
    const runs = stage.flatMap((step) => {
      const env = step.store === undefined ? environment : stores[step.store]
      return env === undefined ? [] : [{step, env, counts: join(folder, step.name)}]
    })
    // One is shown as it runs, the others when they have finished.
    const pendingRuns = runs.map((run, index) => {
      const others = runs.filter((other) => other !== run).flatMap(({step}) => step.store ?? [])
      return runStep(session, {...run, others}, index === 0 ? 'show' : 'capture')
    })
    const codes = await Promise.all(
      pendingRuns.map(async (pending, index) => {
        const {code, output} = await pending
        if (index === 0) return code
        await pendingRuns[0]
        heading(runs[index]?.step.title ?? '')
        process.stdout.write(output)
        return code
      }),
    )
    const failed = codes.findIndex((code) => code !== 0)
    if (failed < 0) continue
    const title = runs[failed]?.step.title ?? ''
    session.log(`\n${title}: failed (exit ${codes[failed]}); what comes after it was not run.`)
    return codes[failed]
  }
  if (untested !== undefined) session.log(`\n${untested}`)
  return 0
})
if (process.exitCode !== 0 && counts.failed === 0) counts.failed = 1
// Again at the end, because a long log is often cut off at its beginning.
if (counts.failures.length > 0) heading('Failed tests')
for (const {title, error} of counts.failures) console.log(`\n${title}\n${error}`)
console.log(`\n${counts.passed} passed, ${counts.failed} failed`)

/**
 * @param {readonly Step[]} chosen
 * @returns {Step[][]} in order, with steps that run at the same time together
 */
function stagesOf(chosen) {
  /** @type {Step[][]} */
  const stages = []
  for (const step of chosen) {
    const stage = stages.at(-1)
    if (step.parallel && stage !== undefined) stage.push(step)
    else stages.push([step])
  }
  return stages
}

/**
 * @param {import('./setup/session.js').Session} session
 * @param {{step: Step, env: NodeJS.ProcessEnv, others: EngineKind[], counts: string}} run `others`: image stores whose step
 * runs
 *   at the same time
 * @param {'show' | 'capture'} output
 * @returns {Promise<{code: number, output: string}>}
 */
async function runStep(session, {step, env, others, counts: countsFile}, output) {
  if (output === 'show') heading(step.title)
  const parts = []
  for (const program of step.programs ?? [await mocha(step, countsFile, others)]) {
    const {code, stderr, stdout} = await session.run(process.execPath, program, {
      cwd: repository,
      env,
      output,
      mayFail: true,
    })
    parts.push(stdout + stderr)
    const counted = await collectCounts(countsFile)
    counts.passed += counted.passed
    counts.failures.push(...counted.failures.map(({title, error}) => ({title: `${step.title}: ${title}`, error})))
    // A failure without a count is one failure: the last line never says 0 when something failed.
    counts.failed += counted.failed === 0 && code !== 0 ? 1 : counted.failed
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
 * The environments of the tests. The engine of one image store is the machine's; that of the other is started beside it.
 *
 * @param {import('./setup/session.js').Session} session
 * @param {readonly Step[]} chosen
 * @param {readonly string[]} names as typed
 * @returns {Promise<{environment: NodeJS.ProcessEnv, stores: Partial<Record<EngineKind, NodeJS.ProcessEnv>>,
 *   untested?: string}>} `environment` leads to the machine's engine; `untested` names an image store that no engine here has
 */
async function prepareEnvironments(session, chosen, names) {
  if (!chosen.some((step) => step.needs === 'engine'))
    return {environment: await isolatedEnvironment(await session.temporaryFolder('keg-home')), stores: {}}
  const environment = await prepareTestBed(session)
  const store = await imageStoreOf(environment)
  const other = store === 'classic' ? 'containerd' : 'classic'
  const step = chosen.find((it) => it.store === other)
  if (step === undefined) return {environment, stores: {[store]: environment}}
  const reason = await ownEngineObstacle(other)
  if (reason === undefined) {
    const own = await prepareOwnTestBed(session, environment, other)
    return {environment, stores: {[store]: environment, [other]: own}}
  }
  // Whoever names the step wants it to run.
  if (names.includes(step.name)) throw new SetupError(reason)
  const untested = `Only the ${store} image store is tested here, not the ${other} one. ${reason}`
  session.log(untested)
  return {environment, stores: {[store]: environment}, untested}
}

/**
 * mocha gives the files to its processes, the largest first, so that the last ones are short.
 *
 * @param {Step} step
 * @param {string} countsFile
 * @param {readonly EngineKind[]} others tests with the tag of one of these in their title (`@classic`) run there
 * @returns {Promise<string[]>} a script for node and its arguments
 */
async function mocha({name, suite = name, jobs = 2}, countsFile, others) {
  const folder = join(repository, 'test', suite)
  const names = (await readdir(folder, {recursive: true})).filter((file) => file.endsWith('.test.ts'))
  const files = await Promise.all(
    names.map(async (file) => ({path: join('test', suite, file), bytes: (await stat(join(folder, file))).size})),
  )
  return [
    'node_modules/mocha/bin/mocha.js',
    ...['--parallel', '--jobs', String(jobs)],
    ...['--reporter', join(import.meta.dirname, 'test/counting-reporter.js')],
    ...['--reporter-option', `counts=${countsFile}`],
    ...(others.length > 0 ? ['--grep', `@(?:${others.join('|')})(?= |$)`, '--invert'] : []),
    ...files.sort((one, other) => other.bytes - one.bytes).map(({path}) => path),
  ]
}

/**
 * @param {string} countsFile
 * @returns {Promise<typeof counts>} zeros when the step counted nothing
 */
async function collectCounts(countsFile) {
  const text = await readFile(countsFile, 'utf8').catch(() => undefined)
  await rm(countsFile, {force: true})
  /** @type {unknown} */
  const counted = text === undefined ? {passed: 0, failed: 0, failures: []} : JSON.parse(text)
  return /** @type {typeof counts} */ (counted)
}

/** @param {string} title */
function heading(title) {
  console.log(`\n=== ${title} ===`)
}
