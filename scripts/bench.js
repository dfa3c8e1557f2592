/**
 * `npm run bench [-- NAME...]`: sets up what is missing, then runs the benchmarks of bench/ in turn. setup/test-bed.js
 * describes their environment.
 */
import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {benchmarkPrograms} from './setup/benchmark-programs.js'
import {bundle, installDependencies, repository} from './setup/dependencies.js'
import {inSession} from './setup/session.js'
import {SetupError} from './setup/setup-error.js'
import {prepareTestBed} from './setup/test-bed.js'

const suffix = '.bench.ts'

await inSession(async (session) => {
  const folder = join(repository, 'bench')
  const names = (await readdir(folder).catch(() => []))
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length))
    .sort()
  const chosen = process.argv.length > 2 ? process.argv.slice(2) : names
  const unknown = chosen.filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    throw new SetupError(`There is no benchmark ${unknown.join(', ')}: there are ${names.join(', ') || 'none'}.`, 2)
  }

  await installDependencies(session)
  await bundle(session)
  const environment = await prepareTestBed(session)
  if (chosen.includes('registry')) Object.assign(environment, await benchmarkPrograms(session))
  for (const name of chosen) {
    console.log(`\n=== ${name} ===`)
    const program = ['--import', 'tsx', join(folder, name + suffix)]
    const {code} = await session.run(process.execPath, program, {
      cwd: repository,
      env: environment,
      output: 'show',
      mayFail: true,
    })
    if (code !== 0) return code
  }
  return 0
})
