/** What is known of the engine that the benchmarks run on. */
import {imageStoreOf} from '../../scripts/setup/test-bed.js'
import {docker} from '../../test/support/docker.js'

export async function engineFacts(): Promise<{readonly engine: string; readonly store: string}> {
  return {
    // Without what a distribution adds to it.
    engine: (await docker(['version', '--format', '{{.Server.Version}}'])).replace(/\+.*$/, ''),
    store: await imageStoreOf(process.env),
  }
}
