import {access, constants, readFile} from 'node:fs/promises'
import {delimiter, join} from 'node:path'

/** The operating system, as far as installing depends on it. */
export interface System {
  readonly kind: 'debian' | 'ubuntu' | 'mac' | 'other'
  /** `12` for Debian 12; infinite if there is no number yet (testing). */
  readonly release: number
  /** Whether the user can install without sudo. */
  readonly isRoot: boolean
}

/** What doctor knows how to install. */
export type Installable = 'engine' | 'docker' | 'compose' | 'buildx' | 'git' | 'mutagen' | 'ssh'

/** Reads the operating system (https://www.freedesktop.org/software/systemd/man/latest/os-release.html). */
export async function readSystem(): Promise<System> {
  const text = process.platform === 'linux' ? await readFile('/etc/os-release', 'utf8').catch(() => '') : ''
  return systemOf(process.platform, text, process.getuid?.() === 0)
}

export function systemOf(platform: NodeJS.Platform, osRelease: string, isRoot: boolean): System {
  const value = (name: string): string => new RegExp(`^${name}=["']?([^"'\n]*)`, 'm').exec(osRelease)?.[1] ?? ''
  const names = [value('ID'), ...value('ID_LIKE').split(' ')]
  const release = Number.parseFloat(value('VERSION_ID'))
  const common = {release: Number.isNaN(release) ? Number.POSITIVE_INFINITY : release, isRoot}
  if (platform === 'darwin') return {kind: 'mac', ...common}
  if (names.includes('ubuntu')) return {kind: 'ubuntu', ...common}
  if (names.includes('debian')) return {kind: 'debian', ...common}
  return {kind: 'other', ...common}
}

/** For a system without a package, and without better advice. */
const PAGES: Readonly<Record<Installable, string>> = {
  engine: 'https://docs.docker.com/engine/install/',
  docker: 'https://docs.docker.com/engine/install/',
  compose: 'https://docs.docker.com/compose/install/',
  buildx: 'https://github.com/docker/buildx#installing',
  git: 'https://git-scm.com/downloads',
  mutagen: 'https://github.com/mutagen-io/mutagen/releases',
  ssh: 'https://www.openssh.com/portable.html',
}

const BREW: Partial<Readonly<Record<Installable, string>>> = {
  engine: 'brew install colima docker && colima start',
  docker: 'brew install docker',
  compose: 'brew install docker-compose',
  buildx: 'brew install docker-buildx',
  git: 'brew install git',
  mutagen: 'brew install mutagen-io/mutagen/mutagen',
  ssh: 'brew install openssh',
}

/** Debian has compose v2, buildx and a separate client since 13; before, docker.io includes the client. */
function aptPackage(what: Installable, {kind, release}: System): string | undefined {
  const isNewDebian = kind === 'debian' && release >= 13
  switch (what) {
    case 'engine':
      return 'docker.io'
    case 'docker':
      return isNewDebian ? 'docker-cli' : 'docker.io'
    case 'compose':
      return kind === 'ubuntu' ? 'docker-compose-v2' : isNewDebian ? 'docker-compose' : undefined
    case 'buildx':
      return kind === 'ubuntu' || isNewDebian ? 'docker-buildx' : undefined
    case 'git':
      return 'git'
    case 'ssh':
      return 'openssh-client'
    case 'mutagen':
      return undefined
  }
}

/** One line that installs something on this system: a command if there is one, otherwise a page. */
export function installLine(what: Installable, system: System): string {
  if (system.kind === 'mac') return BREW[what] ?? PAGES[what]
  const name = system.kind === 'other' ? undefined : aptPackage(what, system)
  return name === undefined ? PAGES[what] : `${system.isRoot ? '' : 'sudo '}apt-get install ${name}`
}

/** One line that starts an installed engine; undefined if there is none. */
export async function startLine(environment: NodeJS.ProcessEnv, {isRoot, kind}: System): Promise<string | undefined> {
  if (kind === 'mac') return (await isInstalled('docker', environment)) ? 'open -a Docker, or: colima start' : undefined
  if (!(await isInstalled('dockerd', environment))) return undefined
  const hasSystemd = await access('/run/systemd/system').then(
    () => true,
    () => false,
  )
  return `${isRoot ? '' : 'sudo '}${hasSystemd ? 'systemctl start docker' : 'service docker start'}`
}

/** An ordinary user's PATH lacks the folders of system programs. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin']

async function isInstalled(program: string, {PATH = ''}: NodeJS.ProcessEnv): Promise<boolean> {
  const folders = [...PATH.split(delimiter).filter((folder) => folder !== ''), ...SYSTEM_FOLDERS]
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(folder, program), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  )
  return found.includes(true)
}
