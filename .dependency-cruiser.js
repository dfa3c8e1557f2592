/**
 * The fence around the floors of src/lib: who may import whom. Imports of types and dynamic ones count. `npm test -- floors` runs
 * it, and looks for circles between rooms as well (scripts/floors.js); docs/architecture.md tells what it holds.
 */
import {FLOORS, roomsOn} from './scripts/floors/house.js'

/** @typedef {import('dependency-cruiser').IForbiddenRuleType} Rule */

const services = FLOORS.filter(({name}) => name === 'services').flatMap(roomsOn)

/** What starts a command later where it is loaded with it. */
const HEAVY = [
  'docker-modem',
  'dockerode',
  'simple-git',
  'execa',
  'inquirer',
  'yaml',
  'dotenv',
  '@parcel/watcher',
  'fastest-levenshtein',
  'hpagent',
]

/**
 * Doors to the outside: what goes through them, by what alone may use it.
 *
 * @type {readonly {name: string, library: string, users: string}[]}
 */
const DOORS = [
  {name: 'engine', library: '(dockerode|docker-modem)', users: 'engine/'},
  {name: 'git', library: 'simple-git', users: 'git/'},
  {name: 'process', library: 'execa', users: 'process/'},
  {name: 'prompt', library: 'inquirer', users: 'terminal/prompt\\.ts$'},
  {name: 'proxy', library: 'hpagent', users: 'registry/'},
  {name: 'oclif', library: '@oclif/[^/]+', users: 'command/'},
]

/** @type {Rule[]} */
const floors = FLOORS.slice(1).map((floor, index) => ({
  name: `floor-${floor.name}`,
  comment: 'A room imports from its own floor and those below it. Move what is shared to where both want it.',
  severity: 'error',
  from: {path: rooms(roomsOn(floor))},
  to: {path: rooms(FLOORS.slice(0, index + 1).flatMap(roomsOn))},
}))

/** @type {Rule[]} */
const doors = DOORS.map(({library, name, users}) => ({
  name: `door-${name}`,
  comment: `Only src/lib/${users.replaceAll('\\', '').replace('$', '')} uses this library: call what it offers.`,
  severity: 'error',
  from: {path: '^src/lib/', pathNot: `^src/lib/${users}`},
  to: {path: `node_modules/(@types/)?${library}/`},
}))

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'circle-of-files',
      comment:
        'No file imports itself through others: shapes that both sides want belong in the model.ts of their folder.',
      severity: 'error',
      from: {},
      to: {circular: true},
    },
    ...floors,
    {
      name: 'services-apart',
      comment: 'Services use each other through domain rooms; tap alone may use the others.',
      severity: 'error',
      from: {path: `^src/lib/(${services.filter((room) => room !== 'tap').join('|')})/`},
      to: {path: rooms(services), pathNot: '^src/lib/$1/'},
    },
    {
      name: 'library-below-commands',
      comment: 'The library knows nothing of the commands and hooks that call it.',
      severity: 'error',
      from: {path: '^src/lib/'},
      to: {path: '^src/', pathNot: '^src/lib/'},
    },
    {
      name: 'commands-apart',
      comment: 'A command or hook imports no other one: what two share is a service or a base class.',
      severity: 'error',
      from: {path: '^src/(commands|hooks)/'},
      to: {path: '^src/(commands|hooks)/'},
    },
    {
      name: 'source-by-itself',
      comment: 'What is published needs nothing of the tests and scripts.',
      severity: 'error',
      from: {path: '^src/'},
      to: {path: '^(bench|bin|scripts|test)/'},
    },
    ...doors,
    {
      name: 'door-process-by-hand',
      comment:
        'Child processes are started in src/lib/process alone, by execa: with a list of arguments, never by a shell.',
      severity: 'error',
      from: {path: '^src/'},
      to: {path: '^(node:)?child_process$'},
    },
    {
      name: 'heavy-when-used',
      comment:
        'Heavy libraries are imported where and when they are used: const {x} = await import(...). Their types are free.',
      severity: 'error',
      from: {path: '^src/'},
      to: {path: `node_modules/(${HEAVY.join('|')})/`, dynamic: false, dependencyTypesNot: ['type-only']},
    },
    {
      name: 'room-unknown',
      comment: 'Every file of the library is in a room, and scripts/floors/house.js says on which floor that is.',
      severity: 'error',
      from: {},
      to: {path: '^src/lib/', pathNot: rooms(FLOORS.flatMap(roomsOn))},
    },
    {
      name: 'two-folders-deep',
      comment: 'A room has at most two levels of folders.',
      severity: 'error',
      from: {},
      to: {path: '^src/lib/[^/]+/[^/]+/[^/]+/[^/]+/'},
    },
    {
      name: 'dead-file',
      comment: 'Nothing that is published imports this file.',
      severity: 'error',
      from: {},
      module: {path: '^src/lib/', numberOfDependentsLessThan: 1},
    },
  ],
  options: {
    doNotFollow: {path: 'node_modules'},
    exclude: {path: '^src/commands/[^/]+/(dist|node_modules)/'},
    // Imports that only types need are gone once it is compiled.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types']},
  },
}

/**
 * @param {readonly string[]} names
 * @returns {string} a pattern of all that is in one of the rooms
 */
function rooms(names) {
  return `^src/lib/(${names.join('|')})/`
}
