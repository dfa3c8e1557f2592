import {once} from 'node:events'
import {createServer} from 'node:net'
import {SetupError} from './setup-error.js'

/** @returns {Promise<number>} a free port of the loopback address */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new SetupError('There is no free port.', 1)
  return address.port
}
