import type {ImageDetails} from '../../engine/types.js'
import {printable} from '../../terminal/text.js'

/** Other architectures that a processor can run. */
const ALSO_RUNS: Readonly<Record<string, readonly string[]>> = {amd64: ['386'], arm64: ['arm']}

/** Go's names, which images use, for the names that engines and kernels use. */
const GO_NAMES: Readonly<Record<string, string>> = {x86_64: 'amd64', aarch64: 'arm64'}

/** A note if an image's platform is not the engine's; undefined if they match. */
export function platformNote(
  image: Pick<ImageDetails, 'Os' | 'Architecture'>,
  engine: {readonly os: string; readonly architecture: string},
): string | undefined {
  const {Os: os, Architecture: architecture} = image
  const enginePlatform = GO_NAMES[engine.architecture] ?? engine.architecture
  // An imported image may not say its platform.
  if (os === '' || architecture === '') return undefined
  if (
    os === engine.os &&
    (architecture === enginePlatform || ALSO_RUNS[enginePlatform]?.includes(architecture) === true)
  )
    return undefined
  return `The image is for ${printable(`${os}/${architecture}`)}, this engine is ${printable(`${engine.os}/${enginePlatform}`)}: it runs only where the engine emulates that, and slowly.`
}
