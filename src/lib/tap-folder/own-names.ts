import type {ValuesFile} from './model.js'

/** Values that contain the tap's own folder, the most obvious first. */
const OWN_PLACES = [
  ['KEG_CONTEXT_PATH', 'KEG_CONTAINER_PATH'],
  ['KEG_VALUES_FILE', 'KEG_DOCKER_FILE', 'KEG_MUTAGEN_FILE'],
] as const

/**
 * The names that mean a tap's own folder in its templates: its alias, and the name in values for its own folder
 * (`{{ cli.taps.shop.path }}`, formerly `{{ cli.taps.links.shop }}`).
 * @param values low to high
 */
export function ownNames(alias: string | undefined, values: readonly ValuesFile[]): ReadonlySet<string> {
  const names = new Set(alias === undefined ? [] : [alias])
  for (const places of OWN_PLACES) {
    const found = places.flatMap((place) => values.flatMap((file) => nameIn(file.values.get(place)?.text)))
    // The others can be in another tap, from which they were copied.
    if (found.length > 0) return new Set([...names, ...found])
  }
  return names
}

function nameIn(text = ''): string[] {
  const name = /^\s*\{\{\s*cli\.taps\.(?:links\.([\w-]+)|([\w-]+)\.path)\s*\}\}/.exec(text)
  return [name?.[1] ?? name?.[2] ?? []].flat()
}
