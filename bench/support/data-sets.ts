/** The containers that are packaged, by what their mount holds. */
import {repository} from '../../scripts/setup/dependencies.js'
import {docker, type Sandbox} from '../../test/support/docker.js'
import {contents, makeContainer, mount, startContainer, type Place} from './developer-container.js'
import {copyFolder, makeFiles, megabyte, sameFiles} from './files.js'
import {makePostgres, postgresContents, postgresData, postgresObstacle} from './postgres.js'

export interface DataSet {
  readonly name: string
  /** What is in the container, in words. */
  readonly contents: string
  readonly mount: string
  /** Why it cannot be made on this machine; undefined if it can. */
  readonly obstacle?: () => string | undefined
  /** A running container with it. */
  readonly make: (sandbox: Sandbox, place: Place) => Promise<string>
  /** Whether keg also packages it through the engine; left out where it takes long. */
  readonly isThroughEngine: boolean
  /** A file below the mount to which a line is added before the second package; without one, its program has changed it. */
  readonly edited?: string
}

export const dataSets: readonly DataSet[] = [
  {
    name: 'small',
    contents,
    mount,
    make: (sandbox, place) => makeContainer(sandbox, {place}),
    isThroughEngine: true,
    edited: 'modules/1/100.js',
  },
  {
    name: 'node_modules',
    contents: 'The node_modules of keg’s own repository in a volume, 10 MB in the container’s own layer.',
    mount,
    async make(sandbox, place) {
      const container = await startContainer(sandbox, {place})
      await copyFolder(repository, 'node_modules', container, mount)
      return withOwnFile(container)
    },
    isThroughEngine: true,
    edited: 'node_modules/mocha/index.js',
  },
  {
    name: 'postgres',
    contents: postgresContents,
    mount: postgresData,
    obstacle: postgresObstacle,
    make: makePostgres,
    isThroughEngine: true,
  },
  {
    name: 'large',
    contents: '1 GB in a volume: 2 files of 150 MB, 30 of 10 MB, 300 of 1 MB, 2,000 of 50 kB; 10 MB in the own layer.',
    mount,
    async make(sandbox, place) {
      const container = await startContainer(sandbox, {place})
      await makeFiles(container, mount, [
        ...sameFiles('archives', 2, 150 * megabyte),
        ...sameFiles('media', 30, 10 * megabyte),
        ...sameFiles('pictures', 300, megabyte),
        ...sameFiles('documents', 2000, 50_000),
      ])
      return withOwnFile(container)
    },
    isThroughEngine: false,
    edited: 'documents/100.bin',
  },
]

/** Those with these names, separated by commas; all without names. Throws if there is no such data set. */
export function chooseDataSets(names: string | undefined): readonly DataSet[] {
  if (names === undefined || names === '') return dataSets
  return names.split(',').map((name) => {
    const found = dataSets.find((each) => each.name === name)
    if (found !== undefined) return found
    throw new Error(`BENCH_DATA: there is no "${name}", but ${dataSets.map((each) => each.name).join(', ')}.`)
  })
}

/** Adds a line to the file that a data set names. */
export async function editLine({edited, mount: folder}: DataSet, container: string, line: string): Promise<void> {
  if (edited !== undefined) await docker(['exec', container, 'sh', '-c', `echo '${line}' >> ${folder}/${edited}`])
}

async function withOwnFile(container: string): Promise<string> {
  await makeFiles(container, '/cache', [{path: 'packages.bin', bytes: 10 * megabyte}])
  return container
}
