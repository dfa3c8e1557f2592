import {mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {openTap, type OpenTap, type OpenTapOptions} from '../../../src/lib/tap/open-tap.js'

/** A home with a user configuration, and in it the folder of a tap that is linked as `shop`. Remove it when done. */
export class LinkedTap {
  readonly home = realpathSync(mkdtempSync(join(tmpdir(), 'keg-values-')))
  readonly folder = join(this.home, 'shop')
  /** Nothing of this machine's but its programs. */
  readonly environment: NodeJS.ProcessEnv = {HOME: this.home, PATH: process.env.PATH, GIT_CEILING_DIRECTORIES: tmpdir()}

  constructor() {
    this.configure('')
    this.write('shop/container/Dockerfile', 'FROM scratch\n')
    this.values('{}')
  }

  /** Writes the user configuration. @param settings YAML below the link */
  configure(settings: string, taps = ''): void {
    this.write('.config/keg/config.yml', `version: 1\ntaps:\n  shop:\n    path: ${this.folder}\n${taps}${settings}\n`)
  }

  /** Writes `container/values.yml`. @param env YAML of what stands under `env`, each line without indentation */
  values(env: string, file = 'values.yml'): void {
    this.write(`shop/container/${file}`, `env:\n  ${env.trim().replaceAll('\n', '\n  ')}\n`)
  }

  /** Writes the user's own file for the tap. */
  override(env: string): void {
    this.write('.config/keg/taps/shop.yml', `env:\n  ${env.trim().replaceAll('\n', '\n  ')}\n`)
  }

  /** @param path below the home */
  write(path: string, content: string): string {
    const file = join(this.home, path)
    mkdirSync(dirname(file), {recursive: true})
    writeFileSync(file, content)
    return file
  }

  open(options: Partial<OpenTapOptions> = {}): Promise<OpenTap> {
    return openTap({name: 'shop', folder: this.home, environment: this.environment, ...options})
  }

  remove(): void {
    rmSync(this.home, {recursive: true, force: true})
  }
}
