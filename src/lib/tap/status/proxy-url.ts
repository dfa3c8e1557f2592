/** The URL of a container behind a proxy, from traefik's labels. */
export function proxyUrl(labels: Readonly<Record<string, string>> | null | undefined): string | undefined {
  if (labels?.['traefik.enable'] !== 'true') return undefined
  const rule = Object.entries(labels).find(([name]) => /^traefik\.http\.routers\.[^.]+\.rule$/.test(name))?.[1]
  const host = /^Host\(`([a-z0-9.-]+)`\)$/.exec(rule ?? '')?.[1]
  return host === undefined ? undefined : `http://${host}`
}
