/**
 * Measures the reviewer's side: from the line to a served page, for `keg docker package run` and for `docker run --pull always` of the
 * same package, whose page is asked for until it answers. Once with nothing of the package in the engine, as for the first package
 * of an app, and once with the package before it, from which an edit of one line has made the new one.
 *
 * The registry is on the same machine, so a real line only adds the same to both. `BENCH_ROUNDS=3 npm run bench -- reviewer` for fewer rounds.
 */
import {setTimeout} from 'node:timers/promises'
import {startRegistry} from '../scripts/setup/registry.js'
import {docker, Sandbox, uniqueName} from '../test/support/docker.js'
import {keg} from '../test/support/keg.js'
import {contents, makeContainer, mount} from './support/developer-container.js'
import {load, printTable, ratios, roundCount, spread, spreadText, timed} from './support/measure.js'

const PORT = 8080
const page = 'A page for reviewers.\n'

/** How often a page is asked for, and how long at most. */
const POLL_MILLISECONDS = 20
const PAGE_TIMEOUT_MILLISECONDS = 60_000

interface Method {
  readonly name: string
  /** Starts a package. @returns the container, and the address of its page, which may not answer yet */
  readonly run: (reference: string) => Promise<{readonly container: string; readonly url: string}>
}

const methods: readonly Method[] = [
  {name: 'keg docker package run', run: runByKeg},
  {name: 'docker run --pull always', run: runByDocker},
]

const sandbox = new Sandbox()
const registry = await startRegistry()
try {
  const container = await makeContainer(sandbox, {
    flags: ['--expose', String(PORT)],
    program: ['sh', '-c', `trap exit TERM; httpd -f -p ${PORT} -h ${mount} & wait`],
  })
  const edit = (text: string): Promise<string> =>
    docker(['exec', container, 'sh', '-c', `printf '%s' '${text}' > ${mount}/index.html`])
  const name = `${registry.address}/${uniqueName('bench')}`
  await edit(page)
  await packageAs(container, `${name}:before`)
  await edit(`${page}It was edited.\n`)
  await packageAs(container, `${name}:after`)

  const rounds = roundCount(5)
  console.log(contents)
  console.log(`${rounds} rounds in turns, ${load()}`)
  const [first, next] = [newSeries(), newSeries()]
  for (let round = 0; round < rounds; round++) {
    // Otherwise the first one would always find the engine just cleaned.
    const order = round % 2 === 0 ? methods : methods.toReversed()
    for (const method of order) first.get(method)?.push(await measure(method, `${name}:before`))
    await docker(['pull', '--quiet', `${name}:before`])
    for (const method of order) next.get(method)?.push(await measure(method, `${name}:after`))
    await removeImage(`${name}:before`)
  }
  report('the first package', first)
  report('the next one, after an edit', next)
} finally {
  await sandbox.clean()
  await registry.stop()
}

function newSeries(): ReadonlyMap<Method, number[]> {
  return new Map(methods.map((method) => [method, []]))
}

async function packageAs(container: string, reference: string): Promise<void> {
  const line = ['docker', 'package', container, '--tag', reference, '--via', 'registry', '--yes', '--json']
  const {code, stderr} = await keg(line)
  if (code !== 0) throw new Error(`keg ended with ${code}: ${stderr}`)
}

async function runByKeg(reference: string): ReturnType<Method['run']> {
  const name = uniqueName('reviewer')
  // As a user starts it: the process that the tests reuse would skip keg's own start.
  const run = await keg(['docker', 'package', 'run', reference, '--name', name, '--detach', '--json'], {
    ownProcess: true,
  })
  if (run.code !== 0) throw new Error(`keg ended with ${run.code}: ${run.stderr}`)
  const {container, url} = run.json()
  return {container: sandbox.addContainer(String(container)), url: String(url)}
}

async function runByDocker(reference: string): ReturnType<Method['run']> {
  const flags = ['--detach', '--pull', 'always', '--publish', `127.0.0.1::${PORT}`, '--label', sandbox.label]
  const container = sandbox.addContainer(await docker(['run', '--quiet', ...flags, reference]))
  return {container, url: `http://${await docker(['port', container, String(PORT)])}`}
}

/** @returns milliseconds from the line to its page; nothing of the package is in the engine afterwards but what others have, too */
async function measure({run}: Method, reference: string): Promise<number> {
  let container: string | undefined
  const milliseconds = await timed(async () => {
    const started = await run(reference)
    container = started.container
    await readPage(started.url)
  })
  if (container !== undefined) await docker(['rm', '--force', '--volumes', container])
  await removeImage(reference)
  return milliseconds
}

async function removeImage(reference: string): Promise<void> {
  await docker(['rmi', '--force', await docker(['image', 'inspect', '--format', '{{.Id}}', reference])])
}

/** Asks for the page until it is served. */
async function readPage(url: string): Promise<void> {
  const endsAt = performance.now() + PAGE_TIMEOUT_MILLISECONDS
  for (let last: unknown; ;) {
    try {
      const answer = await fetch(url)
      last = `status ${answer.status}`
      if ((await answer.text()).startsWith(page)) return
    } catch (error) {
      last = error
    }
    if (performance.now() > endsAt) throw new Error(`${url} does not serve the page: ${String(last)}`)
    await setTimeout(POLL_MILLISECONDS)
  }
}

function report(subject: string, series: ReadonlyMap<Method, readonly number[]>): void {
  const [own = []] = series.values()
  printTable([
    [subject, 'seconds', 'keg / this'],
    ...[...series].map(([{name}, milliseconds]) => [
      name,
      spreadText(spread(milliseconds.map((each) => each / 1000))),
      spreadText(ratios(own, milliseconds)),
    ]),
  ])
}
