/** `skopeo copy` of an image from the engine into a registry. */
import {run} from '../../scripts/setup/process.js'

/** Why there is none here; undefined if there is. */
export function skopeoObstacle(): string | undefined {
  return process.env.KEG_BENCH_SKOPEO === undefined ? 'skopeo is not here' : undefined
}

/** @param folder temporary: skopeo saves the image there before it sends it */
export async function skopeoCopy(image: string, reference: string, folder: string): Promise<void> {
  const {DOCKER_HOST: host = 'unix:///var/run/docker.sock', KEG_BENCH_SKOPEO: program} = process.env
  if (program === undefined) throw new Error(skopeoObstacle())
  const flags = ['--insecure-policy', '--tmpdir', folder]
  const copy = ['copy', '--quiet', '--src-daemon-host', host, '--dest-tls-verify=false']
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: process.env.KEG_BENCH_SKOPEO_LIBRARIES,
    // Otherwise root's cache of what other registries have is in a folder of the machine.
    _CONTAINERS_ROOTLESS_UID: '1',
    HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_RUNTIME_DIR: folder,
  }
  await run(program, [...flags, ...copy, `docker-daemon:${image}`, `docker://${reference}`], {env})
}
