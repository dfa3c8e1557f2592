import {mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {openTap, type OpenTap, type OpenTapOptions} from '../../../src/lib/values/open-tap.js'

/** A test's options for the tap, and its environment. */
export type LinkedTapOptions = Partial<OpenTapOptions> & {readonly environment?: NodeJS.ProcessEnv}

/** A home with a user configuration and the folder of a tap linked as `shop`. Remove it when done. */
export class LinkedTap {
  readonly home = realpathSync(mkdtempSync(join(tmpdir(), 'keg-values-')))
  readonly folder = join(this.home, 'shop')
  /** Contains only this machine's programs. */
  readonly environment: NodeJS.ProcessEnv = {HOME: this.home, PATH: process.env.PATH, GIT_CEILING_DIRECTORIES: tmpdir()}

  constructor() {
    this.configure('')
    this.write('shop/container/Dockerfile', 'FROM scratch\n')
    this.values('{}')
  }

  /** Writes the user configuration. @param settings YAML after the link */
  configure(settings: string, taps = ''): void {
    this.write('.config/keg/config.yml', `version: 1\ntaps:\n  shop:\n    path: ${this.folder}\n${taps}${settings}\n`)
  }

  /** Writes `container/values.yml`. @param env YAML below `env`, each line without indentation */
  values(env: string, file = 'values.yml'): void {
    this.write(`shop/container/${file}`, `env:\n  ${env.trim().replaceAll('\n', '\n  ')}\n`)
  }

  /** Writes the user's override file for the tap. */
  override(env: string): void {
    this.write('.config/keg/taps/shop.yml', `env:\n  ${env.trim().replaceAll('\n', '\n  ')}\n`)
  }

  /** @param path relative to the home */
  write(path: string, content: string): string {
    const file = join(this.home, path)
    mkdirSync(dirname(file), {recursive: true})
    writeFileSync(file, content)
    return file
  }

  open({environment = this.environment, ...options}: LinkedTapOptions = {}): Promise<OpenTap> {
    return openTap({folder: this.home, environment}, {name: 'shop', ...options})
  }

  remove(): void {
    rmSync(this.home, {recursive: true, force: true})
  }
}
