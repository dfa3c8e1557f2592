import type {ContainerDetails} from '../../engine/types.js'
import {FailedError, MissingError} from '../../error/keg-error.js'
import {nameOf} from '../../target/find-target.js'
import {printable} from '../../terminal/text.js'
import type {ContainerFiles} from './container-files.js'
import type {ContainerUser, UserDatabase} from './container-user.js'

export interface AgentFacts {
  readonly container: ContainerDetails
  readonly user: ContainerUser
  readonly database: UserDatabase
  readonly files: Pick<ContainerFiles, 'follow'>
}

/**
 * What Mutagen says when it cannot connect to a container, as an error that says what is missing (mutagen 0.18,
 * pkg/agent, probe.go and transport/docker/transport.go).
 */
export async function createError(error: unknown, facts: AgentFacts): Promise<unknown> {
  if (!(error instanceof FailedError) || error.code !== 'mutagen-failed') return error
  if (/unable to identify 'docker' command/.test(error.message))
    return new MissingError('Mutagen reaches containers through the docker client, and does not find it.', {
      code: 'docker-client-missing',
      hint: 'Install it (Debian: apt-get install docker-cli). If it is there: the daemon of Mutagen has the PATH of where it was started first; mutagen daemon stop lets it start anew.',
      cause: error,
    })
  if (!UNFIT.test(error.message)) return error
  const name = printable(nameOf(facts.container))
  const hasHome = (await facts.files.follow(facts.user.home)).stat !== undefined
  const {problem, remedy} = whatIsMissing(facts, hasHome, error.message)
  return new MissingError(`Mutagen's agent cannot live in ${name}: ${problem}.`, {
    code: 'sync-agent-unfit',
    hint: remedy,
    data: {said: error.message},
    cause: error,
  })
}

const UNFIT =
  /unable to probe container|unable to probe remote platform|unable to (?:copy|install) agent|unable to copy agent binary|unable to invoke agent installation|unable to handshake with agent process/

function whatIsMissing(
  {container, database, user}: AgentFacts,
  hasHome: boolean,
  said: string,
): {readonly problem: string; readonly remedy: string} {
  const who = user.name === undefined ? `user ${user.uid}` : printable(user.name)
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
  if (!hasHome)
    return {
      problem: `the home folder ${printable(user.home)} of ${who} does not exist`,
      remedy: `Make it (docker exec --user 0 ${printable(nameOf(container))} mkdir -p ${printable(user.home)}) and chown it to ${who}, or add it to the image (useradd -m).`,
    }
  if (/permission denied|read-only file system/i.test(said))
    return {
      problem: `it cannot be written into the home folder ${printable(user.home)} of ${who}`,
      remedy: 'Let the user write there, or set HOME in the container to a folder where that is so.',
    }
  return {
    problem: `it needs the programs env, id, uname and chown, and they do not all run there (${printable(said)})`,
    remedy: 'Add them to the image: coreutils or busybox has all of them.',
  }
}
