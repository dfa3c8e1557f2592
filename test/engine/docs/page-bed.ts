/** Runs the examples of the documentation as a reader types them: with a home, a folder, an engine and a registry. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {stripVTControlCharacters} from 'node:util'
import {expect} from 'chai'
import {isolatedEnvironment} from '../../../scripts/setup/environment.js'
import {uniqueName} from '../../support/docker.js'
import {commandsOf, exampleOf, repository} from '../../support/pages.js'
import {TapBed} from '../../support/taps.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

export interface FollowOptions {
  /** Where commands are typed; default: the folder of the app. */
  readonly folder?: string
  /** Exit codes other than 0, by the beginning of the command. */
  readonly exits?: Readonly<Record<string, number>>
  /** Commands that run until Ctrl-C, by their beginning, and what they must have printed by then. */
  readonly until?: Readonly<Record<string, RegExp>>
  /** Beginnings of commands that are not run here. */
  readonly without?: readonly string[]
  /** Names on the pages and their replacements here, besides those that the bed knows. */
  readonly instead?: Readonly<Record<string, string>>
}

/** How long a line may run: less than the timeout of a test, which could not say what it printed. */
const MAX_LINE_MILLISECONDS = 100_000

interface Ended {
  readonly code: number | null
  readonly output: string
}

/** Replaces the names on the pages: tests run beside each other, and no example may reach a real registry. */
export class PageBed {
  private constructor(
    readonly taps: TapBed,
    /** Suffix of names here. */
    private readonly ending: string,
    readonly environment: NodeJS.ProcessEnv,
    /** The folder of the app: a repository on the branch feature/search. */
    readonly folder: string,
  ) {}

  /** To be removed with `stop` in `after`. */
  static async start(): Promise<PageBed> {
    const taps = await TapBed.start()
    const ending = uniqueName('').replace('keg-test--', '')
    const home = join(taps.git.folder, 'user')
    const programs = join(home, 'bin')
    await mkdir(programs, {recursive: true})
    const program = `#!/bin/sh\nexec '${process.execPath}' -- '${join(repository, 'bin/dev.js')}' "$@"\n`
    await writeFile(join(programs, 'keg'), program, {mode: 0o755})
    const environment = await isolatedEnvironment(home)
    const PATH = `${programs}:${environment.PATH ?? ''}`
    const folder = taps.git.repository(`shop-${ending}`, 'feature/search')
    // `docker build` on the pages needs no BuildKit; the base image is only in the engine.
    const mine = {...environment, ...taps.mutagen.environment, PATH, DOCKER_BUILDKIT: '0'}
    return new PageBed(taps, ending, mine, folder)
  }

  /** The name for the pages' shop. */
  get shop(): string {
    return this.named('shop')
  }

  /** The registry in place of ghcr.io, with a namespace in place of acme. */
  get registry(): string {
    return `${openRegistry}/acme-${this.ending}`
  }

  /** A text of a page with the names used here. */
  named(text: string, instead: Readonly<Record<string, string>> = {}): string {
    const names = {...instead, 'ghcr.io/acme': instead['ghcr.io/acme'] ?? this.registry}
    let named = text
    for (const [name, other] of Object.entries(names)) named = named.replaceAll(name, other)
    // Names of containers, also of those that keg makes; neither parts of other words nor files.
    return named.replace(/(?<!\w|(?<!keg)-)(?:shop|web|worker)(?!\w|\.\w|-[0-9a-f]{12})/g, `$&-${this.ending}`)
  }

  /** Starts a container of the app from the pages, and returns its id. */
  async container(words: readonly string[] = [], name = this.shop): Promise<string> {
    return this.taps.sandbox.run(['--name', name, ...words, this.taps.baseImage])
  }

  /**
   * Types the commands of an example on a page in turn, and checks that each exits as expected and prints what the page shows.
   * @param beginning beginning of the example
   * @returns what they printed
   */
  async follow(page: string, beginning: string, options: FollowOptions = {}): Promise<string> {
    const outputs: string[] = []
    let folder = options.folder ?? this.folder
    for (const {command, shown} of commandsOf(exampleOf(page, beginning))) {
      const typed = this.named(command, options.instead)
      const begins = ([start]: readonly [string, unknown]): boolean => command.startsWith(start)
      if (options.without?.some((start) => command.startsWith(start)) === true) continue
      const until = Object.entries(options.until ?? {}).find(begins)?.[1]
      const {code, output} = await this.type(typed, {folder, until})
      const exit = Object.entries(options.exits ?? {}).find(begins)?.[1] ?? 0
      if (until === undefined) expect(code, `${typed}\n${output}`).to.equal(exit)
      this.#expectShown(output, shown, options, typed)
      outputs.push(output)
      const [, into] = /^cd (\S+)/.exec(typed) ?? []
      if (into !== undefined) folder = join(folder, into)
    }
    expect(outputs, `${page}: ${beginning}`).not.to.be.empty
    return outputs.join('')
  }

  /** Runs a shell line; with `until`, types Ctrl-C once the output matches. */
  async type(
    line: string,
    {folder = this.folder, until}: {folder?: string; until?: RegExp | undefined} = {},
  ): Promise<Ended> {
    const child = spawn('sh', ['-c', `exec 2>&1; ${line}`], {
      cwd: folder,
      detached: true,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    let isTyped = false
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (until === undefined || isTyped || !until.test(output)) return
      isTyped = true
      process.kill(-(child.pid ?? 0), 'SIGINT')
    })
    const limit = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), MAX_LINE_MILLISECONDS)
    const [code] = (await once(child, 'close')) as [number | null]
    clearTimeout(limit)
    const whole = stripVTControlCharacters(output)
    if (until !== undefined) expect(until.test(whole), `${line}\n${whole}`).to.equal(true)
    return {code, output: whole}
  }

  /** Removes everything that was made, also after a failed example. */
  async stop(): Promise<void> {
    await this.taps.stop()
  }

  /** Checks that the lines on a page are printed in order; numbers and the text behind an ellipsis may differ. */
  #expectShown(output: string, shown: readonly string[], {instead}: FollowOptions, typed: string): void {
    let rest = output.replace(/\s+/g, ' ')
    for (const line of shown.map((each) => this.named(each, instead).trim())) {
      const parts = line.split(/\.\.\.|…/).map((part) => part.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      if (parts.every((part) => part === '')) continue
      const pattern = parts
        .join('.*')
        .replace(/\s+/g, '\\s+')
        .replace(/\d[\d,]*/g, '[\\d,]+')
      const found = new RegExp(pattern).exec(rest)
      expect(found, `${typed}\nshows: ${line}\nprints:\n${output}`).not.to.equal(null)
      rest = rest.slice((found?.index ?? 0) + 1)
    }
  }
}
