/** Occupied ports of this machine. */
import {randomInt} from 'node:crypto'
import {once} from 'node:events'
import {createServer, type AddressInfo} from 'node:net'
import {property} from '../../../src/lib/json/json.js'

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

/** Below the ports that Linux gives to outgoing connections and to whoever asks for any port (net.ipv4.ip_local_port_range). */
const [FIRST_PORT, LAST_PORT] = [15_000, 32_000]

/** A port that was free a moment ago, and that nobody else gets by accident meanwhile. */
export async function unusedPort(): Promise<number> {
  for (;;) {
    try {
      const occupied = await occupy(randomInt(FIRST_PORT, LAST_PORT))
      await occupied.close()
      return occupied.port
    } catch (error) {
      if (property(error, 'code') !== 'EADDRINUSE') throw error
    }
  }
}
