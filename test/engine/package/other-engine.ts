/** Engines that tests start beside the usual one, and a container's own view of its files, independent of remapped ids. */
import {docker, dockerStream, baseImage} from '../../support/docker.js'

/** What tests need of an engine that they start. */
export interface StartedEngine {
  readonly host: string
  readonly stop: () => Promise<void>
}

/** An engine with the base image, which everything that the tests start uses until it is stopped. */
export class OtherEngine {
  readonly #hostBefore = process.env.DOCKER_HOST

  private constructor(readonly engine: StartedEngine) {}

  static async start(start: () => Promise<StartedEngine>): Promise<OtherEngine> {
    const base: Buffer[] = []
    for await (const chunk of dockerStream(['save', baseImage])) base.push(chunk)
    const other = new OtherEngine(await start())
    process.env.DOCKER_HOST = other.engine.host
    try {
      await docker(['load'], {input: Buffer.concat(base)})
      return other
    } catch (error) {
      await other.stop()
      throw error
    }
  }

  /** Environment for a single command on the usual engine. */
  get usual(): {environment: Record<string, string>} {
    return {environment: {DOCKER_HOST: this.#hostBefore ?? ''}}
  }

  async stop(): Promise<void> {
    if (this.#hostBefore === undefined) delete process.env.DOCKER_HOST
    else process.env.DOCKER_HOST = this.#hostBefore
    await this.engine.stop()
  }
}

/**
 * Lists everything below the folders given as arguments: type, mode, owner, links, time and content; folders without their
 * times.
 */
const listing = `
  find "$@" ! -type d -exec stat -c '%n: %F %a %u:%g %h links, %Y' {} +
  find "$@" -type d -exec stat -c '%n: %F %a %u:%g' {} +
  find "$@" -type l -exec sh -c 'for link; do echo "$link -> $(readlink "$link")"; done' sh {} +
  find "$@" -type f -exec sha256sum {} +`

/** What a running container sees below some folders, a line for each property of a file. */
export async function seenInside(
  container: string,
  folders: readonly string[],
  options: {environment?: Record<string, string>} = {},
): Promise<string[]> {
  const line = ['exec', '--user', '0', container, 'sh', '-c', listing, 'sh', ...folders]
  return (await docker(line, options)).split('\n').sort()
}
