import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {KegError} from '../error/keg-error.js'
import {parseSettingsFile} from '../config/file/settings-file.js'
import type {Left, Offer} from './old-settings.js'

/** An old configuration's values for single taps. */
export interface OldOverrides {
  readonly offers: readonly Offer[]
  readonly left: readonly Left[]
}

/**
 * Reads an old configuration's values for single taps, from files beside it: `<tap>.yml`, `values-<tap>.yml`,
 * `values_<tap>.yml` and, overriding them, `<tap>.env`. Lists other files with values as not imported.
 * @param taps names
 */
export async function readOldOverrides(folder: string, taps: readonly string[]): Promise<OldOverrides> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /\.(?:ya?ml|env)$/.test(name)).sort()
  const offers = new Map<string, Offer>()
  const left: Left[] = []
  const known = new Set<string>()
  for (const tap of taps) {
    const files = [`${tap}.yml`, `${tap}.yaml`, `values-${tap}.yml`, `values_${tap}.yml`, `${tap}.env`]
    for (const name of files.filter((each) => names.includes(each))) {
      known.add(name)
      const read = await readValues(join(folder, name))
      left.push(...read.left)
      for (const offer of read.offers) offers.set(`${tap} ${offer.name}`, {...offer, tap})
    }
  }
  const others = names.filter((name) => !known.has(name))
  const reason =
    'It belongs to no tap that is imported. Values of an environment belong in values-<environment>.yml of a tap.'
  return {
    offers: [...offers.values()],
    left: [...left, ...others.map((name) => ({from: join(folder, name), reason}))],
  }
}

async function readValues(file: string): Promise<OldOverrides> {
  try {
    const text = await readFile(file, 'utf8')
    if (!file.endsWith('.env')) return await readYaml(text, file)
    const {parse} = await import('dotenv')
    return {offers: Object.entries(parse(text)).map(([name, value]) => offerOf(name, value, file)), left: []}
  } catch (error) {
    return {offers: [], left: [{from: file, reason: error instanceof KegError ? error.message : 'It cannot be read.'}]}
  }
}

async function readYaml(text: string, file: string): Promise<OldOverrides> {
  const {entries} = await parseSettingsFile(text, file, ['env'])
  const values = entries.filter(({name}) => name === 'env').flatMap((entry) => entry.entries())
  const others = entries.filter(({name}) => name !== 'env')
  return {
    offers: values.map((entry) => offerOf(entry.name, entry.scalar(), file)),
    left: others.map(({name}) => ({from: `${file} ${name}`, reason: 'Only the values under env are imported.'})),
  }
}

function offerOf(name: string, value: string, file: string): Offer {
  return {from: `${file} ${name}`, name: `env.${name}`, value}
}
