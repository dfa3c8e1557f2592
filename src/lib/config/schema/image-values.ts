import type {ValueDefinition} from './value-definition.js'

const START = 'keg tap start'
const PACKAGE = 'keg docker package'

/** Which images a tap runs, and their registry. */
export const IMAGE_VALUES: readonly ValueDefinition[] = [
  {
    name: 'KEG_IMAGE_FROM',
    type: 'image',
    meaning: 'Image that is pulled and run.',
    otherwise: 'what the compose file says',
    readBy: [START, 'compose file'],
  },
  {
    name: 'KEG_IMAGE_TAG',
    type: 'text',
    meaning: 'Tag of KEG_IMAGE_FROM and of short names in --from, if they have none.',
    otherwise: 'the setting defaultTag',
    readBy: [START],
  },
  {
    name: 'KEG_IMAGE_PULL_POLICY',
    type: 'choice',
    meaning: 'When the image is pulled.',
    default: 'always',
    choices: {always: 'always', missing: 'missing', IfNotPresent: 'missing', never: 'never'},
    readBy: [START],
  },
  {
    name: 'KEG_REGISTRY',
    type: 'text',
    meaning: 'Registry to push packages to, and of short image names: HOST[:PORT][/NAMESPACE].',
    otherwise: 'the setting registry; for a tap that of KEG_IMAGE_FROM',
    readBy: [PACKAGE, 'keg tap package', START],
  },
  {
    name: 'KEG_TAG',
    type: 'text',
    meaning: 'Tag of a package.',
    otherwise: "the branch's",
    readBy: [PACKAGE, 'keg tap package'],
  },
  {
    name: 'KEG_BRANCH',
    type: 'text',
    meaning: 'Branch to tag a package with.',
    otherwise: 'from the variables of the CI service, or git',
    readBy: [PACKAGE, 'keg tap package'],
  },
  {
    name: 'KEG_VIA',
    type: 'choice',
    meaning: 'Who pushes a package: the engine, or keg itself, straight into the registry.',
    otherwise: 'registry, if the engine is on this machine and keg can reach the registry',
    choices: {engine: 'engine', registry: 'registry'},
    readBy: [PACKAGE, 'keg tap package'],
  },
  {
    name: 'KEG_PAUSE',
    type: 'choice',
    meaning:
      'How long a container is paused: until its mounts are recorded, or, without temporary files, until all is sent.',
    otherwise: 'short',
    choices: {short: 'short', stream: 'stream'},
    readBy: [PACKAGE, 'keg tap package'],
  },
]

/** How a tap's image is built. */
export const BUILD_VALUES: readonly ValueDefinition[] = [
  {
    name: 'KEG_BASE_IMAGE',
    type: 'image',
    meaning: 'Base image of the Dockerfile, as its build argument.',
    otherwise: 'what the Dockerfile says',
    readBy: [`${START} --build`, 'Dockerfile'],
  },
  {
    name: 'KEG_FROM_BASE',
    type: 'yes or no',
    meaning: 'Whether a build uses the local base image, without pulling it.',
    default: 'false',
    readBy: [`${START} --build`],
  },
  {
    name: 'KEG_BUILD_TYPE',
    type: 'text',
    meaning: 'Kind of build, as a build argument.',
    readBy: [`${START} --build`, 'Dockerfile'],
  },
  {
    name: 'KEG_COPY_LOCAL',
    type: 'yes or no',
    meaning: 'Whether the build copies this folder into the image, instead of cloning GIT_APP_URL.',
    default: 'true',
    readBy: [`${START} --build`, 'Dockerfile'],
  },
  {
    name: 'KEG_BUILD_PLATFORMS',
    type: 'list',
    meaning: 'Platforms to build for, separated by commas, such as linux/amd64,linux/arm64.',
    otherwise: "the engine's own",
    readBy: [`${START} --build`],
  },
  {
    name: 'KEG_DOC_BUILDX',
    type: 'yes or no',
    meaning: 'Whether to build images with BuildKit.',
    default: 'true',
    readBy: [`${START} --build`],
  },
]
