/** Occupied ports of this machine. */
import {once} from 'node:events'
import {createServer, type AddressInfo} from 'node:net'

/** A server that only occupies its port. */
export async function occupy(port = 0, host = '127.0.0.1'): Promise<{readonly port: number; close(): Promise<void>}> {
  const server = createServer((socket) => socket.destroy()).listen({port, host})
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close()
      await once(server, 'close')
    },
  }
}

/** A port that was free a moment ago. */
export async function unusedPort(): Promise<number> {
  const occupied = await occupy()
  await occupied.close()
  return occupied.port
}
