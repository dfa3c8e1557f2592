import type {ValuesFile} from './tap-folder.js'

/** Values that say where the tap itself lies, the plainest first. */
const OWN_PLACES = [
  ['KEG_CONTEXT_PATH', 'KEG_CONTAINER_PATH'],
  ['KEG_VALUES_FILE', 'KEG_DOCKER_FILE', 'KEG_MUTAGEN_FILE'],
] as const

/**
 * The names by which a tap's own templates mean its folder: the alias that it gives itself, and the one by which its values say
 * where it lies (`{{ cli.taps.shop.path }}`, once `{{ cli.taps.links.shop }}`).
 * @param values low to high
 */
export function ownNames(alias: string | undefined, values: readonly ValuesFile[]): ReadonlySet<string> {
  const names = new Set(alias === undefined ? [] : [alias])
  for (const places of OWN_PLACES) {
    const found = places.flatMap((place) => values.flatMap((file) => nameIn(file.values.get(place)?.text)))
    // The others may lie in another tap, from which they were taken.
    if (found.length > 0) return new Set([...names, ...found])
  }
  return names
}

function nameIn(text = ''): string[] {
  const name = /^\s*\{\{\s*cli\.taps\.(?:links\.([\w-]+)|([\w-]+)\.path)\s*\}\}/.exec(text)
  return [name?.[1] ?? name?.[2] ?? []].flat()
}
