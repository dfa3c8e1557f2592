import type {ContainerDetails} from '../../engine/types.js'
import {FailedError, MissingError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import type {ContainerFiles} from './container-files.js'
import type {ContainerUser, UserDatabase} from './container-user.js'
import {nameOf, shownName} from '../../container/container-name.js'
import {isWithin} from '../../tar/path.js'

export interface AgentFacts {
  readonly container: ContainerDetails
  readonly user: ContainerUser
  readonly database: UserDatabase
  readonly files: Pick<ContainerFiles, 'follow'>
}

/**
 * Turns Mutagen's error when it cannot connect to a container into an error that names what is missing (mutagen 0.18,
 * pkg/agent, probe.go and transport/docker/transport.go).
 */
export async function createError(error: unknown, facts: AgentFacts): Promise<unknown> {
  if (!(error instanceof FailedError) || error.code !== 'mutagen-failed') return error
  if (/unable to identify 'docker' command/.test(error.message))
    return new MissingError('Mutagen connects to containers with the docker client, and cannot find it.', {
      code: 'docker-client-missing',
      hint: `Install it (Debian: apt-get install docker-cli). If it is installed, the Mutagen daemon has an old PATH. Restart it with: ${commandLine`mutagen daemon stop`}`,
      cause: error,
    })
  if (!UNFIT.test(error.message)) return error
  return agentCannotRun(
    facts.container,
    (await findAgentProblem(facts)) ?? lackFromMessage(facts, error.message),
    error,
  )
}

/** What Mutagen's agent lacks in a container, and what to do. */
export interface AgentProblem {
  readonly problem: string
  readonly remedy: string
}

const UNFIT =
  /unable to probe container|unable to probe remote platform|unable to (?:copy|install) agent|unable to copy agent binary|unable to invoke agent installation|unable to handshake with agent process/

/** What Mutagen's agent would lack in a container, as far as keg can tell in advance. */
export async function findAgentProblem(facts: AgentFacts): Promise<AgentProblem | undefined> {
  const {container, database, files, user} = facts
  const who = nameOfUser(user)
  if (user.name === undefined)
    return {
      problem: `its user ${user.uid} has no line in /etc/passwd`,
      remedy: 'Add the user to the image (useradd, adduser), or start the container with --user of one that it has.',
    }
  if (!database.groups.some(({gid}) => gid === user.gid))
    return {
      problem: `the group ${user.gid} of ${who} has no line in /etc/group`,
      remedy: 'Add the group to the image (groupadd, addgroup).',
    }
  const home = await files.follow(user.home)
  if (home.stat === undefined)
    return {
      problem: `the home folder ${printable(user.home)} of ${who} does not exist`,
      remedy: `Create it with ${commandLine`docker exec --user 0 ${nameOf(container)} mkdir -p ${user.home}`} and ${commandLine`docker exec --user 0 ${nameOf(container)} chown ${user.uid}:${user.gid} ${user.home}`}, or add it to the image (useradd -m).`,
    }
  if (container.HostConfig.ReadonlyRootfs === true && !isMounted(container, home.path))
    return {
      problem: `its root file system is read-only, and the home folder ${printable(user.home)} of ${who} is on no mount`,
      remedy: `Start it with a volume there (--volume ${printable(home.path)}): the agent is installed there.`,
    }
  return undefined
}

function lackFromMessage({user}: AgentFacts, message: string): AgentProblem {
  if (/permission denied|read-only file system/i.test(message))
    return {
      problem: `it cannot write to the home folder ${printable(user.home)} of ${nameOfUser(user)}`,
      remedy: 'Make it writable for the user, or set HOME in the container to a folder that is.',
    }
  return {
    problem: `it needs the programs env, id, uname and chown, and not all of them run there (${printable(message)})`,
    remedy: 'Add them to the image: coreutils or busybox has all of them.',
  }
}

function isMounted({Mounts}: ContainerDetails, path: string): boolean {
  return Mounts.some(({Destination}) => isWithin(path, Destination))
}

function nameOfUser({name, uid}: ContainerUser): string {
  return name === undefined ? `user ${uid}` : printable(name)
}

/** The error for a container where the agent cannot run. */
export function agentCannotRun(
  container: ContainerDetails,
  {problem, remedy}: AgentProblem,
  cause?: FailedError,
): MissingError {
  return new MissingError(`Mutagen's agent cannot run in ${shownName(container)}: ${problem}.`, {
    code: 'sync-agent-unfit',
    hint: remedy,
    ...(cause && {data: {said: cause.message}, cause}),
  })
}
