/** Which engine tests run where: see scripts/test.js. Patterns are those of mocha, from the top of the repository. */

/**
 * They wait for tokens to end, lines that are slow, checks of health, syncs: half of their time no processor is busy with them.
 */
export const waiting = [
  ...['connection', 'registry', 'setup', 'support'].map((folder) => `test/engine/${folder}/**/*.test.ts`),
  'test/engine/sync/!(barrier).test.ts',
  'test/engine/tap/**/*.test.ts',
  ...['healthcheck', 'rootless', 'userns-remap'].map((name) => `test/engine/package/${name}.test.ts`),
]

/**
 * What need not run on both image stores each time, because it has an engine of its own or depends neither on how images are
 * stored nor on what another engine says: it runs with one of the two, so that both take as long. By hand, with DOCKER_HOST,
 * it runs on either.
 */
export const once = {
  /** In the titles of what runs with the first alone, in files of which the rest runs with both; in none of those of the last. */
  tag: '@once',
  first: [
    ...['connection', 'setup'].map((folder) => `test/engine/${folder}/**`),
    ...['rootless', 'target'].map((name) => `test/engine/package/${name}.test.ts`),
    'test/engine/sync/!(barrier).test.ts',
  ],
  last: [
    ...['config', 'doctor', 'maintenance', 'support', 'tap'].map((folder) => `test/engine/${folder}/**`),
    ...['full-disk', 'killed-engine', 'killed-registry', 'storm'].map(
      (name) => `test/engine/interruption/${name}.test.ts`,
    ),
    ...['healthcheck', 'inspect', 'lifecycle', 'lock', 'misbehaving-engine', 'size', 'userns-remap'].map(
      (name) => `test/engine/package/${name}.test.ts`,
    ),
    'test/engine/registry/package-credentials.test.ts',
  ],
}

/**
 * @param {string} file from the top of the repository
 * @returns {boolean} whether it runs with the last engine alone
 */
export function runsWithTheLast(file) {
  return once.last.some((pattern) =>
    pattern.endsWith('/**') ? file.startsWith(pattern.slice(0, -'**'.length)) : file === pattern,
  )
}
