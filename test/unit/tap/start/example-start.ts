import type {ContainerDetails} from '../../../../src/lib/engine/types.js'
import {parseReference} from '../../../../src/lib/reference/reference.js'
import {NO_LOSSES} from '../../../../src/lib/tap/containers/losses.js'
import type {StartChoices, StartObservation, WantedTap} from '../../../../src/lib/tap/start/model.js'
import {exampleContainer, TAP_LABELS} from '../example-container.js'

/** What should run of the tap shop: its app and a database that it depends on. */
export const wanted: WantedTap = {
  model: {
    name: 'shop-main',
    services: {
      app: {image: 'shop:main', depends_on: {db: {condition: 'service_started'}}},
      db: {image: 'db:1'},
    },
  },
  service: 'app',
  image: {
    reference: parseReference('shop:main'),
    name: 'shop:main',
    source: 'pull',
    image: {Id: 'sha256:1', Architecture: 'amd64', Os: 'linux', Size: 1, RootFS: {Type: 'layers', Layers: []}},
    digest: undefined,
  },
  reach: {networks: [], labels: {}, url: undefined, port: 8080, warning: undefined},
  settings: {app: 'settings-of-app', db: 'settings-of-db'},
  wanted: [{port: 8080, protocol: 'tcp'}],
}

/** The app's container, as started for `wanted`. */
export const app: ContainerDetails = exampleContainer(
  'shop-main',
  {...TAP_LABELS, 'com.keg.tap.settings': 'settings-of-app'},
  {Id: 'a'.repeat(64), Image: 'sha256:1'},
)

/** The database's container. */
export const database: ContainerDetails = exampleContainer(
  'shop-main-db-1',
  {...TAP_LABELS, 'com.docker.compose.service': 'db', 'com.keg.tap.settings': 'settings-of-db'},
  {Id: 'b'.repeat(64)},
)

/** No container exists. */
export const nothing: StartObservation = {
  existing: {main: undefined, services: []},
  lostPorts: [],
  lostNetworks: [],
  command: undefined,
  losses: NO_LOSSES,
  isIdle: false,
  services: [],
  chosenCode: undefined,
  existingCode: undefined,
  placed: {model: wanted.model, moved: []},
}

/** Both containers run unchanged. */
export const running: StartObservation = {
  ...nothing,
  existing: {main: app, services: [database]},
  services: [{container: database, isChanged: false, losses: []}],
}

/** No flag or answer is given. */
export const unsaid: StartChoices = {
  recreate: undefined,
  force: false,
  build: false,
  isChosen: false,
  sync: true,
  answers: {},
}
