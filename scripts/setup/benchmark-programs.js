import {cp, mkdir, realpath} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import {isDebian} from './debian.js'
import {librariesOf, unpackPrograms} from './debian-program.js'
import {SetupError} from './setup-error.js'

/** The programs of PostgreSQL that its image needs. */
const POSTGRES_PROGRAMS = ['postgres', 'initdb', 'pg_ctl', 'pgbench']

/** Modules of the server that a new database needs. */
const POSTGRES_MODULES = ['dict_snowball.so', 'plpgsql.so']

/**
 * Programs that only the benchmarks use, from Debian packages that are unpacked into .cache. What cannot be had is said, and its
 * variables are not set: the benchmarks go on without it.
 *
 * - KEG_BENCH_SKOPEO, and KEG_BENCH_SKOPEO_LIBRARIES: LD_LIBRARY_PATH for it
 * - KEG_BENCH_POSTGRES: a root file system with PostgreSQL's server and pgbench, without a shell
 *
 * @param {import('./session.js').Session} session
 * @returns {Promise<Record<string, string>>}
 */
export async function benchmarkPrograms(session) {
  const programs = {}
  for (const find of [findSkopeo, makePostgresRoot]) {
    try {
      Object.assign(programs, await find(session))
    } catch (error) {
      if (!(error instanceof SetupError) || session.signal.aborted) throw error
      session.log(error.message)
    }
  }
  return programs
}

/** @param {import('./session.js').Session} session */
async function findSkopeo(session) {
  await requireDebian('skopeo')
  const program = 'usr/bin/skopeo'
  const {folder, libraries} = await unpackPrograms(session, 'skopeo', [program])
  return {KEG_BENCH_SKOPEO: join(folder, program), KEG_BENCH_SKOPEO_LIBRARIES: libraries}
}

/** @param {import('./session.js').Session} session */
async function makePostgresRoot(session) {
  await requireDebian('PostgreSQL')
  const {stdout} = await session.run('apt-cache', ['depends', 'postgresql'], {mayFail: true})
  const version = /Depends: postgresql-(\d+)$/m.exec(stdout)?.[1]
  if (version === undefined) throw new SetupError('apt knows no package of PostgreSQL here.')
  const home = `usr/lib/postgresql/${version}`
  const programs = POSTGRES_PROGRAMS.map((name) => join(home, 'bin', name))
  const {folder, libraries} = await unpackPrograms(session, `postgresql-${version}`, programs)

  const root = await session.temporaryFolder('keg-postgres')
  const modules = POSTGRES_MODULES.map((name) => join(home, 'lib', name))
  for (const path of [...programs, ...modules, join('usr/share/postgresql', version)]) {
    await cp(join(folder, path), join(root, path), {recursive: true, dereference: true})
  }
  const files = [...programs, ...modules].map((path) => join(folder, path))
  for (const [name, path] of await librariesOf(session, files, libraries)) {
    if (path === undefined) throw new SetupError(`PostgreSQL needs ${name}, which is in none of its packages.`)
    // The loader's path is in each program; it finds the others by name.
    const target = name.startsWith('/') ? join(root, name) : join(root, 'usr/lib', basename(name))
    await mkdir(dirname(target), {recursive: true})
    await cp(await realpath(path), target)
  }
  return {KEG_BENCH_POSTGRES: root}
}

/** @param {string} program */
async function requireDebian(program) {
  if (!(await isDebian())) throw new SetupError(`${program} is taken from a Debian package, which needs apt.`)
}
