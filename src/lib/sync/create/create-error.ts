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
  return unfit(facts, (await findLack(facts)) ?? lackBySaying(facts, error.message), error)
}

/**
 * Whether Mutagen's agent can live in a container, as far as that can be seen beforehand.
 * @throws MissingError `sync-agent-unfit`
 */
export async function checkAgent(facts: AgentFacts): Promise<void> {
  const lack = await findLack(facts)
  if (lack !== undefined) throw unfit(facts, lack)
}

/** What the agent lacks, and what to do. */
interface Lack {
  readonly problem: string
  readonly remedy: string
}

const UNFIT =
  /unable to probe container|unable to probe remote platform|unable to (?:copy|install) agent|unable to copy agent binary|unable to invoke agent installation|unable to handshake with agent process/

async function findLack(facts: AgentFacts): Promise<Lack | undefined> {
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
      remedy: `Make it (docker exec --user 0 ${printable(nameOf(container))} mkdir -p ${printable(user.home)}) and chown it to ${who}, or add it to the image (useradd -m).`,
    }
  if (container.HostConfig.ReadonlyRootfs === true && !isMounted(container, home.path))
    return {
      problem: `its root file system is read-only, and the home folder ${printable(user.home)} of ${who} is on no mount`,
      remedy: `Start it with a volume there (--volume ${printable(home.path)}): that is where the agent is put.`,
    }
  return undefined
}

function lackBySaying({user}: AgentFacts, said: string): Lack {
  if (/permission denied|read-only file system/i.test(said))
    return {
      problem: `it cannot be written into the home folder ${printable(user.home)} of ${nameOfUser(user)}`,
      remedy: 'Let the user write there, or set HOME in the container to a folder where that is so.',
    }
  return {
    problem: `it needs the programs env, id, uname and chown, and they do not all run there (${printable(said)})`,
    remedy: 'Add them to the image: coreutils or busybox has all of them.',
  }
}

function isMounted({Mounts}: ContainerDetails, path: string): boolean {
  return Mounts.some(({Destination}) => `${path}/`.startsWith(`${Destination.replace(/\/$/, '')}/`))
}

function nameOfUser({name, uid}: ContainerUser): string {
  return name === undefined ? `user ${uid}` : printable(name)
}

function unfit({container}: AgentFacts, {problem, remedy}: Lack, cause?: FailedError): MissingError {
  return new MissingError(`Mutagen's agent cannot live in ${printable(nameOf(container))}: ${problem}.`, {
    code: 'sync-agent-unfit',
    hint: remedy,
    ...(cause && {data: {said: cause.message}, cause}),
  })
}
