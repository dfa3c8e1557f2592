import {expect} from 'chai'
import {imageOfContainer} from '../../../../src/lib/package/target/image-of-container.js'
import {containerWith, imageWith} from '../details.js'
import {planWith} from '../plan.js'
import type {Project} from '../../../../src/lib/package/target/model.js'

const top = '/srv/work/My Shop'
const compose = {'com.docker.compose.project': 'proj', 'com.docker.compose.service': 'web'}

interface Circumstances {
  readonly labels?: Record<string, string>
  readonly imageLabels?: Record<string, string>
  readonly bind?: string
  readonly synced?: readonly string[]
  readonly origin?: Project['origin']
  readonly hasRepository?: boolean
  readonly tapImage?: string
}

async function named(circumstances: Circumstances): Promise<string> {
  const {
    bind,
    hasRepository = true,
    imageLabels,
    labels,
    origin = 'current folder',
    synced = [],
    tapImage,
  } = circumstances
  const {project} = planWith()
  const {repository} = project
  const container = {
    ...containerWith({Labels: labels ?? {}}),
    Name: '/Db_1',
    Mounts: bind === undefined ? [] : [{Type: 'bind', Source: bind, Destination: '/app', RW: true}],
  }
  return imageOfContainer({
    container,
    base: imageWith({Labels: imageLabels ?? {}}),
    project: {
      ...project,
      origin,
      folder: hasRepository ? `${top}/api` : undefined,
      repository: hasRepository && repository ? {...repository, folder: top} : undefined,
    },
    tapImage,
    syncedFolders: () => Promise.resolve(synced),
  })
}

describe('image of a container', () => {
  const cases: readonly [what: string, circumstances: Circumstances, name: string][] = [
    ["the tap's", {tapImage: 'storefront', labels: compose}, 'storefront'],
    ['the project and service of compose', {labels: compose}, 'proj-web'],
    ['its own, made by compose run', {labels: {...compose, 'com.docker.compose.oneoff': 'True'}}, 'db_1'],
    ['the service where there is no project', {labels: {'com.docker.compose.service': 'web'}}, 'web'],
    ["its own where compose's labels came with its image", {labels: compose, imageLabels: compose}, 'db_1'],
    ["the repository's, of its own folder", {origin: 'container'}, 'my-shop'],
    ["the repository's, with a bind of its top", {bind: top}, 'my-shop'],
    ["the repository's, with a bind of a folder in it", {bind: `${top}/api/src`}, 'my-shop'],
    ["the repository's, with a sync from it", {synced: ['/elsewhere', top]}, 'my-shop'],
    ['its own, with nothing of the folder', {}, 'db_1'],
    ['its own, with a bind of what only begins alike', {bind: `${top} 2`}, 'db_1'],
    ['its own, with a bind of a folder above', {bind: '/srv'}, 'db_1'],
    ['its own, with a sync from elsewhere', {synced: ['/elsewhere']}, 'db_1'],
    ['its own, without a repository', {origin: 'container', hasRepository: false}, 'db_1'],
  ]
  for (const [what, circumstances, name] of cases)
    it(`is ${what}`, async () => expect(await named(circumstances)).to.equal(name))
})
