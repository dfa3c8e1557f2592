import {Agent} from 'node:http'
import {Agent as TlsAgent, type AgentOptions as TlsAgentOptions} from 'node:https'
import {Socket} from 'node:net'
import type {Endpoint} from './endpoint.js'
import type {TlsMaterial} from './tls-material.js'

/** Makes the connections to an engine, and keeps them alive. */
export interface EngineAgent {
  readonly agent: Agent
  /** Ends all connections. @returns once all have ended. */
  close(): Promise<void>
}

/** How long connecting may take, as in the docker client. */
const CONNECT_MILLISECONDS = 30_000

/**
 * How long a connection that nobody uses is kept. Engines wait forever, but what stands before them may not, and a request
 * that meets the end of its connection fails: it cannot be known whether it was heard. Servers of Node wait five seconds.
 */
const IDLE_MILLISECONDS = 2000

/** @param environment for ssh */
export async function engineAgent(
  endpoint: Endpoint,
  environment: NodeJS.ProcessEnv,
  {connectMilliseconds = CONNECT_MILLISECONDS, idleMilliseconds = IDLE_MILLISECONDS} = {},
): Promise<EngineAgent> {
  if (endpoint.kind === 'ssh') {
    const {SshConnections} = await import('./ssh-connection.js')
    const agent = new SshConnections(endpoint, environment)
    return {agent, close: () => agent.close()}
  }
  // An agent's `timeout` ends connections that are not in use, and no others.
  const kept = {keepAlive: true, timeout: idleMilliseconds}
  const agent =
    endpoint.kind === 'tcp' && endpoint.tls ? new TlsAgent({...kept, ...tlsOptions(endpoint.tls)}) : new Agent(kept)
  if (endpoint.kind === 'tcp') limitConnecting(agent, connectMilliseconds)
  return {
    agent,
    close: () => {
      agent.destroy()
      return Promise.resolve()
    },
  }
}

function tlsOptions({skipVerify, ca, cert, key}: TlsMaterial): TlsAgentOptions {
  return {minVersion: 'TLSv1.2', rejectUnauthorized: !skipVerify, ca, cert, key}
}

/** Node would wait as long as the system does: for minutes, or forever if TLS gets no answer. */
function limitConnecting(agent: Agent, milliseconds: number): void {
  const create = agent.createConnection.bind(agent)
  agent.createConnection = (options, callback) => {
    const socket = create(options, callback)
    if (!(socket instanceof Socket)) return socket
    const giveUp = (): unknown => socket.destroy(Object.assign(new Error('no answer'), {code: 'ETIMEDOUT'}))
    const timer = setTimeout(giveUp, milliseconds)
    const connected = agent instanceof TlsAgent ? 'secureConnect' : 'connect'
    for (const event of [connected, 'close']) socket.once(event, () => clearTimeout(timer))
    return socket
  }
}
