/** A fake Mutagen for failures; everything else is tested with the real one. */
import {chmod, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

/** The identifier of its one session, `shop`. */
export const SESSION = 'sync_exampleexampleexampleexampleexampleexample1'

/** The state of its session, and which commands fail. */
export interface StandInState {
  readonly paused?: boolean
  readonly status?: string
  /** The path of its alpha; default: one that does not exist. */
  readonly folder?: string
  /** The branch in its label. */
  readonly branch?: string
  /** The host of its beta. */
  readonly container?: string
  readonly conflicts?: readonly object[]
  /** Not made by keg. */
  readonly foreign?: boolean
  /** A command that never ends. */
  readonly hang?: string
  /** A command that fails. */
  readonly fail?: string
}

/** Keeps its one session in a file, and logs the commands that change something. */
const STAND_IN = `#!${process.execPath}
const {appendFileSync, readFileSync, writeFileSync} = require('node:fs')
const file = process.env.STAND_IN + '/state.json'
const state = JSON.parse(readFileSync(file, 'utf8'))
const [, verb] = process.argv.slice(2)
const set = (changes) => writeFileSync(file, JSON.stringify({...state, ...changes}))
if (process.argv[2] === 'version') console.log('0.18.1')
else if (verb === 'list') {
  const side = (protocol, host, path) => ({protocol, host, path, connected: !state.paused, scanned: !state.paused})
  const {conflicts, paused, status} = state
  const alpha = side('local', undefined, state.folder ?? '/home/me/shop')
  const beta = side('docker', state.container, '/app')
  const labels = state.foreign ? {} : {'com.keg.sync': '1', 'com.keg.branch': state.branch}
  const session = {identifier: '${SESSION}', name: 'shop', labels, alpha, beta, paused, status, conflicts}
  console.log(JSON.stringify([session]))
} else {
  appendFileSync(process.env.STAND_IN + '/calls', verb + '\\n')
  if (state.fail === verb) process.exit(1)
  if (state.hang === verb) setInterval(() => undefined, 1000)
  else set(verb === 'pause' ? {paused: true} : verb === 'resume' ? {paused: false} : {})
}
`

export class StandInMutagen {
  private constructor(private readonly folder: string) {}

  static async install(): Promise<StandInMutagen> {
    const folder = await mkdtemp(join(tmpdir(), 'keg-test-mutagen-'))
    await mkdir(join(folder, 'data', 'sessions', SESSION), {recursive: true})
    await writeFile(join(folder, 'mutagen'), STAND_IN)
    // Independent of a package that contains the temporary folder.
    await writeFile(join(folder, 'package.json'), '{"type": "commonjs"}')
    await chmod(join(folder, 'mutagen'), 0o755)
    return new StandInMutagen(folder)
  }

  get environment(): Record<string, string> {
    const {folder} = this
    const data = join(folder, 'data')
    return {HOME: folder, PATH: folder, STAND_IN: folder, MUTAGEN_DATA_DIRECTORY: data, XDG_STATE_HOME: folder}
  }

  async set(state: StandInState): Promise<void> {
    await writeFile(join(this.folder, 'state.json'), JSON.stringify({paused: false, status: 'watching', ...state}))
  }

  /** The commands so far that change something. */
  async asked(): Promise<string[]> {
    const text = await readFile(join(this.folder, 'calls'), 'utf8').catch(() => '')
    return text.split('\n').filter((line) => line !== '')
  }

  async forget(): Promise<void> {
    await rm(join(this.folder, 'calls'), {force: true})
  }

  /** Removes it from the PATH; its sessions stay. */
  async uninstall(): Promise<void> {
    await rm(join(this.folder, 'mutagen'))
  }

  async removeSessions(): Promise<void> {
    await rm(join(this.folder, 'data'), {recursive: true})
  }

  async remove(): Promise<void> {
    await rm(this.folder, {recursive: true})
  }
}
