/** A container with a PostgreSQL that writes all the time. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readdir} from 'node:fs/promises'
import {setTimeout} from 'node:timers/promises'
import {baseImage, docker, uniqueName, type Sandbox} from '../../test/support/docker.js'
import {writeTar} from '../../test/support/tar.js'
import {copyFolder} from './files.js'
import type {Place} from './developer-container.js'

/** Where Debian's and the official image's PostgreSQL have their data. */
export const postgresData = '/var/lib/postgresql/data'

/** Of pgbench: 100,000 accounts, about 15 MB, each. */
const SCALE = 10
const TRANSACTIONS_PER_SECOND = 100
const WAL_MEGABYTES = 128

/** What is in it, in words. */
export const postgresContents = `The data folder of a PostgreSQL: pgbench with scale ${SCALE}, ${WAL_MEGABYTES} MB of WAL, and ${TRANSACTIONS_PER_SECOND} transactions a second while it is packaged.`

const user = '999:999'
const ready = '/tmp/ready'
const READY_TIMEOUT_MILLISECONDS = 180_000

/** Why it cannot be made here; undefined if it can. */
export function postgresObstacle(): string | undefined {
  return process.env.KEG_BENCH_POSTGRES === undefined ? 'PostgreSQL is not here' : undefined
}

/** Starts one, and waits until it has its data and writes. */
export async function makePostgres(sandbox: Sandbox, place: Place): Promise<string> {
  const image = await makeImage(sandbox)
  const volume = place === 'volume' ? ['--volume', `${await sandbox.volume('postgres')}:${postgresData}`] : []
  const container = await sandbox.run([...volume, '--user', user, image, 'sh', '-c', program])
  const endsAt = performance.now() + READY_TIMEOUT_MILLISECONDS
  while ((await docker(['exec', container, 'sh', '-c', `test -e ${ready} && echo yes || echo no`])) !== 'yes') {
    if (performance.now() > endsAt) throw new Error(`PostgreSQL has no data yet: ${await docker(['logs', container])}`)
    await setTimeout(500)
  }
  return container
}

const program = `set -e
bin=$(echo /usr/lib/postgresql/*/bin)
$bin/initdb --pgdata ${postgresData} --username postgres --auth trust --locale C --encoding UTF8 >/dev/null
cat >> ${postgresData}/postgresql.conf <<'END'
listen_addresses = ''
unix_socket_directories = '/tmp'
min_wal_size = ${WAL_MEGABYTES}MB
max_wal_size = ${WAL_MEGABYTES}MB
END
$bin/pg_ctl --pgdata ${postgresData} --wait --log /tmp/log start
export PGHOST=/tmp PGUSER=postgres
$bin/pgbench --initialize --scale ${SCALE} --quiet postgres
touch ${ready}
while true; do $bin/pgbench --client 2 --rate ${TRANSACTIONS_PER_SECOND} --time 600 postgres >/dev/null || sleep 1; done`

/** The tests' base image, the programs, and a folder for the data that their user may write to. */
async function makeImage(sandbox: Sandbox): Promise<string> {
  const root = process.env.KEG_BENCH_POSTGRES
  if (root === undefined) throw new Error(postgresObstacle())
  const image = sandbox.addImage(uniqueName('postgres'))
  const container = await sandbox.run([baseImage, 'sleep', '1000'])
  try {
    for (const name of await readdir(root)) await copyFolder(root, name, container, '/')
    const owned = {type: 'directory', uid: 999, gid: 999, mode: 0o700} as const
    const entries = [
      {path: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\npostgres:x:999:999::/tmp:/bin/sh\n'},
      {path: 'var/lib', type: 'directory'} as const,
      {path: 'var/lib/postgresql', ...owned},
      {path: postgresData.slice(1), ...owned},
    ]
    await docker(['cp', '-', `${container}:/`], {input: writeTar(entries)})
    await exportAsImage(container, image)
  } finally {
    await docker(['rm', '--force', container])
  }
  return image
}

/** One layer of all files: nothing of it is a change of the containers that are made of it. */
async function exportAsImage(container: string, image: string): Promise<void> {
  const whole = spawn('docker', ['export', container], {stdio: ['ignore', 'pipe', 'inherit']})
  const load = spawn('docker', ['import', '-', image], {stdio: [whole.stdout, 'ignore', 'inherit']})
  whole.stdout.destroy()
  const codes = await Promise.all([whole, load].map(async (child) => (await once(child, 'close')) as [number | null]))
  if (codes.some(([code]) => code !== 0)) throw new Error('the image of PostgreSQL could not be made')
}
