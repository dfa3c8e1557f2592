/** `[user@]host:path`, git's short form of ssh. `host::address` is not: it names a remote helper. */
const shortForm = /^(?:[^/:@\s]+@)?([^/:@\s[\]\\]{2,}):(?!:|\/\/|[^/]*@)([^\\\s]+)$/

const protocols = new Set(['git:', 'git+ssh:', 'http:', 'https:', 'ssh:', 'ssh+git:'])

/**
 * The web address of a repository, from a remote's URL (the forms of giturls in git's manual):
 * `git@host:owner/repository.git`, `ssh://git@host:2222/owner/repository` and `https://host/owner/repository.git` all give
 * `https://host/owner/repository`. Leaves out user name, password, query and ssh port; plain http stays http. `undefined`
 * for local folders and anything else without a web address.
 */
export function remoteAddress(url: string): string | undefined {
  const [, host, path] = shortForm.exec(url) ?? []
  const address = parsed(host === undefined || path === undefined ? url : `ssh://${host}/${path.replace(/^\/+/, '')}`)
  if (address === undefined || !protocols.has(address.protocol) || address.hostname === '') return undefined
  const isWeb = address.protocol === 'http:' || address.protocol === 'https:'
  const place = address.pathname.replace(/\/+$/, '').replace(/\.git$/, '')
  if (place === '' || place.startsWith('/~')) return undefined
  return `${isWeb ? address.protocol : 'https:'}//${isWeb ? address.host : address.hostname}${place}`
}

function parsed(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined
}
