import {hubRegistry} from '../reference/reference.js'

/** The name under which docker stores the credentials of Docker Hub, in config.json and in credential helpers. */
export const HUB_SERVER = 'https://index.docker.io/v1/'

/** The host names of Docker Hub. */
export const HUB_HOSTS: readonly string[] = [hubRegistry, 'index.docker.io', 'registry-1.docker.io']

/** docker's name for a registry in its stored credentials. */
export function serverName(registry: string): string {
  return HUB_HOSTS.includes(registry) ? HUB_SERVER : registry
}
