/** Labels by which compose, Docker Desktop, keg and a proxy take a container for one of theirs. */
const OWNERSHIP =
  /^(?:com\.docker\.|traefik\.|desktop\.docker\.io\/|com\.keg\.(?:folder|branch|tap(?:\.\w+)?|role|run|protect|build\.key)$)/

/**
 * Labels of an image that must not speak for its container, blanked: a container cannot be without them. What traefik reads as yes or
 * no cannot be empty.
 */
export function blankedLabels(imageLabels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.keys(imageLabels)
      .filter((name) => OWNERSHIP.test(name))
      .map((name) => [name, name === 'traefik.enable' ? 'false' : '']),
  )
}
