import type {ValueDefinition} from './value-definition.js'

const CLONING = ['Dockerfile', 'compose file']

/** Values only from YAML files, because other programs use variables with these names. */
export const OTHER_VALUES: readonly ValueDefinition[] = [
  {
    name: 'IMAGE',
    type: 'text',
    meaning: "Name of the tap's image, without registry and tag.",
    otherwise: 'the last part of KEG_IMAGE_FROM, or the name of the tap',
    readBy: ['keg tap start', 'keg tap package', 'keg docker package'],
  },
  {
    name: 'CONTAINER_NAME',
    type: 'text',
    meaning: "Name of the app's service, and of its sync in mutagen.yml; the container is named <tap>-<branch>.",
    otherwise: 'the name of the tap',
    readBy: ['keg tap start', 'keg tap sync', 'compose file'],
  },
  {name: 'VERSION', type: 'text', meaning: 'Version of the app.', readBy: ['compose file', 'actions']},
  {
    name: 'GIT_APP_URL',
    type: 'text',
    meaning: 'Repository that a build clones where KEG_COPY_LOCAL is off.',
    readBy: CLONING,
  },
  {name: 'GIT_APP_BRANCH', type: 'text', meaning: 'Branch of GIT_APP_URL.', readBy: CLONING},
  {name: 'GIT_TAP_URL', type: 'text', meaning: 'The same as GIT_APP_URL, in older taps.', readBy: CLONING},
  {name: 'GIT_TAP_BRANCH', type: 'text', meaning: 'Branch of GIT_TAP_URL.', readBy: CLONING},
  {
    name: 'GIT_KEY',
    type: 'text',
    meaning: 'Token for private repositories; keg passes it to nothing by itself.',
    isSecret: true,
    readBy: ['compose file', 'actions'],
  },
  {
    name: 'PUBLIC_GIT_KEY',
    type: 'text',
    meaning: 'Token for public repositories; keg passes it to nothing by itself.',
    isSecret: true,
    readBy: ['compose file', 'actions'],
  },
]

/** Values of earlier kegs that are no longer read. */
export const RETIRED_VALUES: readonly ValueDefinition[] = [
  {
    name: 'COMPOSE_PROJECT_NAME',
    type: 'text',
    meaning: 'No longer used: each folder and branch has a compose project of its own, <tap>-<branch>.',
    readBy: [],
  },
  {
    name: 'KEG_CLI_PATH',
    type: 'text',
    meaning: 'No longer used: keg is installed by npm.',
    readBy: [],
  },
  {
    name: 'KEG_DOCKER_MACHINE',
    type: 'text',
    meaning: 'No longer used: name the engine by --host, --context or the variables of docker.',
    readBy: [],
  },
]
