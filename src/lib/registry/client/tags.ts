import {parseJson, property} from '../../json/json.js'
import {isTag, type Tag} from '../../reference/reference.js'
import type {ReadAnswer} from './answer-failure.js'
import {nameRequest} from './connection-failure.js'
import {RegistryFailure} from './registry-failure.js'
import type {RegistryRequests} from './registry-requests.js'

/** A registry that names ever more pages is not listed further. */
const MAX_PAGES = 1000

/**
 * Lists the tags of a repository, page by page (distribution-spec, "Content discovery"); none for a repository that does not
 * exist. What is no tag is left out.
 * @param pageSize how many tags to ask for at once; a registry may send fewer
 * @throws RegistryFailure; the reason of the signal
 */
export async function* listTags(requests: RegistryRequests, pageSize?: number): AsyncGenerator<Tag> {
  let path: string | URL | undefined = pageSize === undefined ? 'tags/list' : `tags/list?n=${pageSize}`
  const seen = new Set<string>()
  for (let pages = 0; path !== undefined && pages < MAX_PAGES; pages++) {
    const answer: ReadAnswer = await requests.ask({method: 'GET', path})
    if (answer.status === 404 && pages === 0) return
    if (answer.status !== 200) throw await requests.failure(answer)
    const tags = property(parseJson(answer.body.toString('utf8')), 'tags')
    // Some registries write null for none.
    if (!Array.isArray(tags) && tags !== null)
      throw new RegistryFailure('not-a-registry', nameRequest(answer, 'the answer is no list of tags'))
    for (const tag of (tags ?? []) as readonly unknown[]) if (typeof tag === 'string' && isTag(tag)) yield tag
    path = nextPage(requests, answer)
    if (path instanceof URL && seen.has(path.href)) return
    if (path instanceof URL) seen.add(path.href)
  }
}

/** The address in `Link: <ADDRESS>; rel="next"` (RFC 8288). It must be one of the same registry. */
function nextPage(requests: RegistryRequests, answer: ReadAnswer): URL | undefined {
  const link = String(answer.headers.link ?? '')
  const [, target] = /<([^>]*)>\s*;[^,]*\brel="?next\b/.exec(link) ?? []
  if (target === undefined) return undefined
  const address = requests.resolve(target, answer)
  return address.origin === answer.address.origin ? address : undefined
}
