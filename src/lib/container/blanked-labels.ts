import {toolOf} from '../label/tool-labels.js'

/** Labels that mark a container as keg's. */
const OWNERSHIP = /^com\.keg\.(?:folder|branch|tap(?:\.\w+)?|role|run|protect|build\.key)$/

/**
 * Labels of an image that must not count for its container, set to empty: a container cannot drop them. A boolean of traefik
 * cannot be empty.
 */
export function blankedLabels(imageLabels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(imageLabels)
      .filter(([name, value]) => OWNERSHIP.test(name) || toolOf(name, value) !== undefined)
      .map(([name]) => [name, name === 'traefik.enable' ? 'false' : '']),
  )
}
