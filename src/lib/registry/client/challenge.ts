/** How a server wants to be signed in to (RFC 7235; https://distribution.github.io/distribution/spec/auth/token/). */
export type Challenge =
  | {readonly kind: 'basic'}
  | {
      readonly kind: 'bearer'
      /** The token server, as the registry wrote it. */
      readonly realm: string
      readonly service: string | undefined
      readonly scopes: readonly string[]
      /** Why the token that was sent was not enough. */
      readonly error: string | undefined
    }

/** A scheme that starts a challenge, or one of its parameters. */
const PART = /(?:^|[\s,])([A-Za-z][\w-]*)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|(?=\s|$|,))/g

/** The challenge in a header, which may have several; a token is preferred, as by docker. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const challenges: {scheme: string; parameters: Map<string, string>}[] = []
  for (const [, name = '', quoted, bare] of (header ?? '').matchAll(PART)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? bare
    if (value === undefined) challenges.push({scheme: name.toLowerCase(), parameters: new Map()})
    else challenges.at(-1)?.parameters.set(name.toLowerCase(), value)
  }
  const bearer = challenges.find(({scheme}) => scheme === 'bearer')?.parameters
  const realm = bearer?.get('realm')
  if (realm !== undefined)
    return {
      kind: 'bearer',
      realm,
      service: bearer?.get('service'),
      scopes: (bearer?.get('scope') ?? '').split(' ').filter((scope) => scope !== ''),
      error: bearer?.get('error'),
    }
  return challenges.some(({scheme}) => scheme === 'basic') ? {kind: 'basic'} : undefined
}
