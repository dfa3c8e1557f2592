/**
 * The plan of src/lib: its floors, from the top, and the purpose of each room. The rules (.dependency-cruiser.js) and the page
 * docs/architecture.md are generated from it.
 *
 * @typedef {object} Floor
 * @property {string} name
 * @property {Readonly<Record<string, string>>} rooms purpose of each, by its folder's name
 */

/** @type {readonly Floor[]} */
export const FLOORS = [
  {
    name: 'face',
    rooms: {
      command: 'The base classes of commands: flags that several have, prompts, JSON, errors and exit codes.',
    },
  },
  {
    name: 'services',
    rooms: {
      tap: 'The life of a tap: new, validate, start, exec, logs, status, stop, destroy, and its package.',
      package:
        'A container becomes an image: resolve, plan, capture, compose, deliver. Verify, inspect, push and run one.',
      sync: 'Create, watch, flush, pause, resolve and terminate syncs.',
      doctor: 'Check what keg needs on this machine, and fix what can be fixed.',
      import: 'Import settings from the configuration of the old keg.',
    },
  },
  {
    name: 'domain',
    rooms: {
      container: 'Find the container that is meant, execute in it, its changes, ports, syncs, helpers and leftovers.',
      values: 'KEG_* values: their sources, which one is used, templates, defaults of flags.',
      'tap-folder': 'The files of a tap, read and checked; which folders are linked, and the commands they bring.',
      image:
        'The image model: layers, labels, entry lists, the settings a package runs with; where images come from and go.',
      branch: 'The current branch, its tag and host name, and the guard of what belongs to another branch.',
      proxy: 'The network and the labels of a proxy that leads to a container.',
    },
  },
  {
    name: 'adapters',
    rooms: {
      engine: 'The Docker engine, through dockerode: connection, containers, images, exec, errors.',
      registry: 'Registries and their credentials.',
      mutagen: 'Mutagen, its sessions and their health.',
      compose: 'docker compose: run it, read its model.',
      git: 'git, through simple-git: repositories, what they ignore.',
    },
  },
  {
    name: 'ground',
    rooms: {
      work: 'Work: the one context that the base command gives to every service.',
      config: 'The user configuration and the schema of values.',
      reference: 'The grammar of image references, names and tags.',
      label: 'The table of com.keg.* labels.',
      process: 'Start programs, the environment and the folders that keg uses.',
      terminal: 'Text for people: tables, progress, prompts, suggestions.',
      tar: 'Read and write tar.',
      lock: 'Locks of files, and which process holds them.',
      async: 'Cleanup, and what runs one at a time.',
      json: 'Read JSON that is not checked yet.',
      error: 'The few classes of errors.',
    },
  },
]

/**
 * @param {Floor} floor
 * @returns {string[]} the names of its rooms
 */
export function roomsOn({rooms}) {
  return Object.keys(rooms)
}

/**
 * @param {string} path from the top of the repository
 * @returns {string | undefined} the room it is in
 */
export function roomOf(path) {
  return /^src\/lib\/([^/]+)\//.exec(path)?.[1]
}
