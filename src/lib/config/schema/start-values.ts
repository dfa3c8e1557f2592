import type {ValueDefinition} from './value-definition.js'

const START = 'keg tap start'

/** What starting a tap does. */
export const START_VALUES: readonly ValueDefinition[] = [
  {
    name: 'KEG_ENV',
    type: 'text',
    meaning:
      'Environment: which values-<environment>.yml is used; set by --environment or in the environment of the shell.',
    otherwise: 'KEG_DEFAULT_ENV, the setting environment, local',
    readBy: ['every command of a tap'],
  },
  {
    name: 'KEG_DEFAULT_ENV',
    type: 'text',
    meaning: 'The default of KEG_ENV.',
    otherwise: 'the setting environment, local',
    readBy: ['every command of a tap'],
  },
  {
    name: 'NODE_ENV',
    type: 'text',
    meaning: 'Environment of the programs in the container.',
    otherwise: 'KEG_ENV',
    readBy: ['compose file', 'run script'],
  },
  {
    name: 'KEG_AUTO_SYNC',
    type: 'yes or no',
    meaning: 'Whether to sync the folder with the container.',
    default: 'true',
    readBy: [START],
  },
  {
    name: 'KEG_AUTO_DOCKER_EXEC',
    type: 'yes or no',
    meaning: 'Whether to run the command of an idle container in it.',
    default: 'true',
    readBy: [START],
  },
  {
    name: 'KEG_EXEC_CMD',
    type: 'text',
    meaning: 'What the run script runs, such as a script of package.json; --command overrides it.',
    readBy: [START, 'run script'],
  },
  {
    name: 'KEG_DOCKER_EXEC',
    type: 'text',
    meaning: 'Set by keg only, for what it runs: compose-start or package-run; without it, the run script idles.',
    readBy: ['run script'],
  },
  {
    name: 'KEG_NM_INSTALL',
    type: 'yes or no',
    meaning: 'Whether the run script installs the dependencies first.',
    readBy: ['run script'],
  },
]

/** How to reach a started tap. */
export const PROXY_VALUES: readonly ValueDefinition[] = [
  {
    name: 'KEG_USE_PROXY',
    type: 'yes or no',
    meaning: 'Whether a proxy serves the containers, instead of ports on 127.0.0.1.',
    default: 'false',
    readBy: [START, 'keg docker package run'],
  },
  {
    name: 'KEG_PROXY_HOST',
    type: 'text',
    meaning: 'Domain of the proxy: containers are served at <tap>-<branch>.<domain>.',
    default: 'localhost',
    readBy: [START, 'keg docker package run'],
  },
  {
    name: 'KEG_PROXY_PORT',
    type: 'port',
    meaning: 'Port in the container that the app listens on.',
    otherwise: 'what the compose file or the image exposes',
    readBy: [START, 'Dockerfile'],
  },
  {
    name: 'KEG_PROXY_ENTRY',
    type: 'text',
    meaning: 'Entrypoint of the proxy.',
    otherwise: "the proxy's own default",
    readBy: [START, 'keg docker package run'],
  },
  {
    name: 'KEG_PROXY_DOMAIN',
    type: 'text',
    meaning: 'First part of the host name, in place of <tap>-<branch>.',
    otherwise: 'tap and branch',
    readBy: [START],
  },
  {
    name: 'KEG_DOCKER_NETWORK',
    type: 'text',
    meaning: 'Network that proxy and containers share.',
    default: 'keg-hub-net',
    readBy: [START, 'keg docker package run'],
  },
]
