import type {ValueDefinition} from './value-definition.js'

const START = 'keg tap start'

/** Where a tap's files are, on this machine and in the container. */
export const FOLDER_VALUES: readonly ValueDefinition[] = [
  {
    name: 'KEG_CONTEXT_PATH',
    type: 'path here',
    meaning: 'Folder of the tap: the build context, and what is synced. Always set by keg.',
    readBy: [START, 'compose file'],
  },
  {
    name: 'KEG_CONTAINER_PATH',
    type: 'path here',
    meaning: 'The container folder of the tap. Always set by keg.',
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
    meaning: 'File with values; keg itself always reads the one in the container folder.',
    otherwise: 'container/values.yml',
    readBy: ['compose file'],
  },
  {
    name: 'KEG_MUTAGEN_FILE',
    type: 'path here',
    meaning: 'File with the sync settings; a file without any is ignored.',
    otherwise: 'container/mutagen.yml',
    readBy: [START, 'keg tap sync', 'compose file'],
  },
  {
    name: 'DOC_APP_PATH',
    type: 'path in the container',
    meaning: 'Folder of the app in the container, which the folder here is synced with.',
    otherwise: 'the working directory of the container',
    readBy: [START, 'keg tap sync', 'compose file', 'run script'],
  },
  {
    name: 'DOC_BUILD_PATH',
    type: 'path in the container',
    meaning: 'Folder in the container for builds of the app.',
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
    meaning: 'Local folder of the dependency that has a DOC_<DEP>_PATH.',
    otherwise: 'paths.<dep> of the user configuration, or the tap of that name',
    readBy: ['keg tap sync'],
  },
  {
    name: 'KEG_GLOBAL_CONFIG',
    type: 'path here',
    meaning: 'Configuration file of an earlier keg; only read from the environment of the shell.',
    otherwise: '~/.kegConfig/cli.config.json',
    readBy: ['keg config import'],
  },
]

/** What compose gets. */
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
    meaning: 'Compose file that overrides KEG_COMPOSE_DEFAULT.',
    readBy: [START],
  },
  {
    name: 'KEG_COMPOSE_SERVICE',
    type: 'text',
    meaning: 'Service of the compose file that is the app.',
    otherwise: 'the one that is named like the tap, or the first one',
    readBy: [START],
  },
  {
    name: 'KEG_COMPOSE_<ENV>',
    type: 'path here',
    meaning: 'Compose file that overrides KEG_COMPOSE_REPO in that environment.',
    readBy: [START],
  },
  {
    name: 'KEG_COMPOSE_<CTX>',
    type: 'path here',
    meaning: 'Compose file that overrides the others, for the tap of that name.',
    readBy: [START],
  },
  {
    name: 'KEG_COMPOSE_<CTX>_<ENV>',
    type: 'path here',
    meaning: 'Compose file that overrides the others, for that tap in that environment.',
    readBy: [START],
  },
  {
    name: 'KEG_NO_INJECTED_COMPOSE',
    type: 'yes or no',
    meaning: 'Whether to keep the image, build, network and ports of the compose file; keg then only adds its labels.',
    default: 'false',
    readBy: [START],
  },
]
