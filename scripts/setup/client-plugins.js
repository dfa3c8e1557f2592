import {join} from 'node:path'
import {DebianPackages, isDebian} from './debian.js'
import {run} from './process.js'

/**
 * Makes compose and buildx available to docker's client, if possible.
 *
 * @param {import('./session.js').Session} session
 * @param {NodeJS.ProcessEnv} environment of docker's client, without the user's configuration
 * @returns {Promise<string | undefined>} a folder for `cli-plugins` that has them; undefined if the client finds them itself,
 * or if
 *   they are not available
 */
export async function requireClientPlugins(session, environment) {
  const versions = [
    ['compose', 'version'],
    ['buildx', 'version'],
  ].map((line) => run('docker', line, {env: environment, mayFail: true}))
  const found = await Promise.all(versions)
  if (found.every(({code}) => code === 0) || !(await isDebian({itself: true}))) return undefined
  const unpacked = await new DebianPackages(session).unpackFrom('trixie', ['docker-compose', 'docker-buildx'])
  return join(unpacked, 'usr/libexec/docker/cli-plugins')
}
