import type {ValueDefinition} from './value-definition.js'

const START = 'keg tap start'

/** Where a tap's files are, here and in the container. */
export const FOLDER_VALUES: readonly ValueDefinition[] = [
  {
    name: 'KEG_CONTEXT_PATH',
    type: 'path here',
    meaning: "The tap's folder at hand, whatever a file says: the context of builds, and what is synced.",
    readBy: [START, 'compose file'],
  },
  {
    name: 'KEG_CONTAINER_PATH',
    type: 'path here',
    meaning: 'The container folder at hand, whatever a file says.',
    readBy: [START, 'compose file'],
  },
  {
    name: 'KEG_DOCKER_FILE',
    type: 'path here',
    meaning: 'Dockerfile of the tap.',
    otherwise: 'container/Dockerfile',
    readBy: [`${START} --build`, 'compose file'],
  },
  {
    name: 'KEG_VALUES_FILE',
    type: 'path here',
    meaning: 'File of values; keg itself always reads that of the container folder.',
    otherwise: 'container/values.yml',
    readBy: ['compose file'],
  },
  {
    name: 'KEG_MUTAGEN_FILE',
    type: 'path here',
    meaning: 'File that says how folders are synced; one that says nothing of it counts for nothing.',
    otherwise: 'container/mutagen.yml',
    readBy: [START, 'keg tap sync', 'compose file'],
  },
  {
    name: 'DOC_APP_PATH',
    type: 'path in the container',
    meaning: 'Folder of the app in the container, which the folder here is synced with.',
    otherwise: 'where the container works',
    readBy: [START, 'keg tap sync', 'compose file', 'run script'],
  },
  {
    name: 'DOC_BUILD_PATH',
    type: 'path in the container',
    meaning: 'Folder in the container that builds of the app go to.',
    readBy: ['actions', 'run script'],
  },
  {
    name: 'DOC_<DEP>_PATH',
    type: 'path in the container',
    meaning: 'Folder in the container that the dependency is synced with.',
    readBy: ['keg tap sync'],
  },
  {
    name: '<DEP>_PATH',
    type: 'text',
    meaning: 'Folder here of the dependency that has a DOC_<DEP>_PATH.',
    otherwise: 'paths.<dep> of the user configuration, or the tap of that name',
    readBy: ['keg tap sync'],
  },
  {
    name: 'KEG_GLOBAL_CONFIG',
    type: 'path here',
    meaning: 'Configuration file of an earlier keg; only in the environment of the shell.',
    otherwise: '~/.kegConfig/cli.config.json',
    readBy: ['keg config import'],
  },
]

/** What is given to compose. */
export const COMPOSE_VALUES: readonly ValueDefinition[] = [
  {
    name: 'KEG_COMPOSE_DEFAULT',
    type: 'path here',
    meaning: 'First compose file.',
    otherwise: 'container/docker-compose.yml',
    readBy: [START],
  },
  {
    name: 'KEG_COMPOSE_REPO',
    type: 'path here',
    meaning: 'Compose file above KEG_COMPOSE_DEFAULT.',
    readBy: [START],
  },
  {
    name: 'KEG_COMPOSE_SERVICE',
    type: 'text',
    meaning: 'Service of the compose file that is the app.',
    otherwise: 'the one that is called as the tap is, or the first one',
    readBy: [START],
  },
  {
    name: 'KEG_COMPOSE_<ENV>',
    type: 'path here',
    meaning: 'Compose file above KEG_COMPOSE_REPO in that environment.',
    readBy: [START],
  },
  {
    name: 'KEG_COMPOSE_<CTX>',
    type: 'path here',
    meaning: 'Compose file above those for the tap of that name.',
    readBy: [START],
  },
  {
    name: 'KEG_COMPOSE_<CTX>_<ENV>',
    type: 'path here',
    meaning: 'Compose file above those for that tap in that environment.',
    readBy: [START],
  },
  {
    name: 'KEG_NO_INJECTED_COMPOSE',
    type: 'yes or no',
    meaning:
      "Whether the compose file's own image, build, network and ports stay as they are; keg adds its labels alone.",
    default: 'false',
    readBy: [START],
  },
]
