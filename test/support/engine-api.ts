/** Requests to the engine of the tests, where a docker command for each of many would take longer. */
import {once} from 'node:events'
import {request, type IncomingMessage} from 'node:http'
import {text} from 'node:stream/consumers'

import {findEndpoint} from '../../src/lib/engine/endpoint.js'

/** The engine's answer to a request, whatever its status. */
export async function askEngine(
  method: 'DELETE' | 'GET',
  path: string,
  query: Readonly<Record<string, string>> = {},
): Promise<{status: number; said: string}> {
  const endpoint = await findEndpoint(process.env)
  const engine = endpoint.kind === 'socket' ? {socketPath: endpoint.path} : {host: endpoint.host, port: endpoint.port}
  const asked = request({...engine, agent: false, method, path: `${path}?${new URLSearchParams(query).toString()}`})
  asked.end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return {status: answer.statusCode ?? 0, said: await text(answer)}
}

/** Everything with a label: containers in any state, images except intermediate ones, networks or volumes. */
export async function listLabelled(
  kind: 'containers' | 'images' | 'networks' | 'volumes',
  label: string,
): Promise<string[]> {
  const path = kind === 'networks' || kind === 'volumes' ? `/${kind}` : `/${kind}/json`
  const query = {filters: JSON.stringify({label: [label]}), ...(kind === 'containers' && {all: 'true'})}
  const {said, status} = await askEngine('GET', path, query)
  if (status !== 200) throw new Error(`the engine does not list its ${kind}: ${status} ${said}`)
  const list = JSON.parse(said) as Row[] | {Volumes: Row[] | null}
  const rows = Array.isArray(list) ? list : (list.Volumes ?? [])
  return rows.map(({Id, Name}) => Id ?? Name ?? '')
}

interface Row {
  /** Volumes have none. */
  readonly Id?: string
  readonly Name?: string
}

/** Removes something even if it is in use; ignores a missing one. */
export async function remove(kind: 'containers' | 'images' | 'networks' | 'volumes', name: string): Promise<void> {
  const query = {...(kind !== 'networks' && {force: 'true'}), ...(kind === 'containers' && {v: 'true'})}
  const {said, status} = await askEngine('DELETE', `/${kind}/${name}`, query)
  const isGone = status < 300 || status === 404 || /no such|not found|already in progress/i.test(said)
  if (!isGone) throw new Error(`the engine does not remove ${name} (${kind}): ${status} ${said.trim()}`)
}
